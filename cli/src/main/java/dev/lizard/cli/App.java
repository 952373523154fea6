package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.cuda.KernelPaths;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.ParseResult;

/** One run of the program from its arguments to its exit code; nothing in it ends the process. */
final class App {
    private static final int HELP_WIDTH = 110;

    private final Streams streams;
    private final Map<String, String> environment;
    private final SilenceWatch.Starter watch;

    App(Streams streams, Map<String, String> environment, SilenceWatch.Starter watch) {
        this.streams = streams;
        this.environment = environment;
        this.watch = watch;
    }

    int run(String... args) {
        Arguments arguments = Arguments.scan(args);
        Root root = new Root();
        CommandLine command = commandLine(root);
        ConfigLayers layers = null;
        try {
            layers = ConfigLayers.of(command, arguments, environment);
            command.setDefaultValueProvider(layers);
            ParseResult parsed = command.parseArgs(args);
            Integer helped = CommandLine.executeHelpRequest(parsed);
            int code = helped != null ? helped : act(root, deepest(parsed), layers.with(parsed), List.of(args));
            streams.out().check();
            return code;
        } catch (Throwable thrown) { // whatever it is, the user gets one line and the code of the contract
            return report(thrown, layers, arguments.debug() || root.debug);
        }
    }

    /** The whole command line, for running and for tests of its help texts. */
    CommandLine commandLine(Root root) {
        CommandLine command = new CommandLine(root)
                .setExpandAtFiles(false) // a prompt may begin with '@'
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(HELP_WIDTH)
                .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
                .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8));
        HelpLayout.install(command);
        return command;
    }

    private int act(Root root, CommandLine chosen, ConfigLayers all, List<String> args) throws Exception {
        if (!(chosen.getCommandSpec().userObject() instanceof Action action)) {
            chosen.usage(streams.err(), Ansi.OFF);
            return LizardException.Kind.USAGE.exitCode();
        }
        ConfigLayers layers = all.forCommand(chosen.getCommandSpec(), action.configKeys());
        layers.refuseUnknown(action.configKeys());
        if (action.onlyFloat32()) {
            layers.refuseOtherThanFloat32(chosen.getCommandName());
        }
        Settings settings = Settings.of(root, environment);
        if (settings.debug()) {
            System.setProperty("lizard.log", "DEBUG");
        }
        System.setProperty("lizard.cache", settings.cache().toString());
        if (root.cache != null) {
            System.setProperty(
                    "org.bytedeco.javacpp.cachedir",
                    settings.cache().resolve("javacpp").toString());
            System.setProperty("DJL_CACHE_DIR", settings.cache().resolve("djl").toString());
        }
        Console console = new Console(streams, settings.json(), settings.quiet(), System::nanoTime);
        KernelPaths.here().listen(console::note, settings.debug());
        if (root.threads > settings.threads()) {
            console.note("--threads %d: more than the cores of this machine; working with %d"
                    .formatted(root.threads, settings.threads()));
        }
        try (SilenceWatch.Watched _ = watch.start(console)) {
            return action.run(new Context(settings, console, layers, environment, args));
        }
    }

    private int report(Throwable thrown, @Nullable ConfigLayers layers, boolean debug) {
        Failure failure = Failure.of(thrown, layers);
        streams.out().flush();
        if (!failure.line().isEmpty()) {
            streams.err().println("lizard: " + failure.line());
        }
        if (debug) {
            thrown.printStackTrace(streams.err());
        }
        return failure.code();
    }

    private static CommandLine deepest(ParseResult parsed) {
        List<CommandLine> chain = parsed.asCommandLineList();
        return chain.getLast();
    }
}
