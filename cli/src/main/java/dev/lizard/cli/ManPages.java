package dev.lizard.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The manual, a page a command, out of the same texts as {@code --help}; the build of a release runs this. */
public final class ManPages {
    private ManPages() {}

    /**
     * Writes all pages.
     *
     * @param args the folder for them
     */
    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        CommandLine root = new App(silent(), Map.of(), SilenceWatch.Starter.NONE).commandLine(new Root());
        for (Map.Entry<String, String> page : of(root).entrySet()) {
            Files.writeString(folder.resolve(page.getKey()), page.getValue());
        }
    }

    private static Streams silent() {
        ResultStream nowhere = new ResultStream(OutputStream.nullOutputStream());
        return new Streams(nowhere, nowhere, false, false);
    }

    /** Pages by the names of their files, such as {@code lizard-bench-train.1}. */
    static SortedMap<String, String> of(CommandLine root) {
        SortedMap<String, String> pages = new TreeMap<>();
        collect(root, pages);
        return pages;
    }

    private static void collect(CommandLine command, Map<String, String> pages) {
        pages.put(name(command) + ".1", page(command));
        command.getSubcommands().values().forEach(sub -> collect(sub, pages));
    }

    private static String name(CommandLine command) {
        return command.getCommandSpec().qualifiedName("-");
    }

    private static String page(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        UsageMessageSpec usage = spec.usageMessage();
        String name = name(command);
        String what = String.join(" ", usage.description());
        StringBuilder text = new StringBuilder(".TH %s 1 \"\" \"lizard %s\" \"Lizard\"%n"
                .formatted(escaped(name.toUpperCase(Locale.ROOT)), escaped(Version.current())));
        section(text, "NAME", escaped(name) + " \\- " + escaped(what));
        section(
                text,
                "SYNOPSIS",
                "\\fB" + escaped(HelpLayout.synopsis(command.getHelp()).strip()) + "\\fR");
        section(text, "DESCRIPTION", paragraph(usage.description(), usage.footer()));
        arguments(text, "ARGUMENTS", spec.positionalParameters());
        arguments(text, "OPTIONS", own(spec));
        if (!command.getSubcommands().isEmpty()) {
            section(
                    text,
                    "COMMANDS",
                    command.getSubcommands().values().stream()
                            .map(sub -> entry(
                                    "\\fB" + escaped(name(sub)) + "\\fR(1)",
                                    sub.getCommandSpec().usageMessage().description()))
                            .collect(Collectors.joining("\n")));
        }
        if (spec.parent() != null) {
            section(text, "SEE ALSO", "\\fBlizard\\fR(1) has the options that all commands share and the exit codes.");
        }
        return text.toString().replace("\r\n", "\n");
    }

    private static List<OptionSpec> own(CommandSpec spec) {
        return spec.options().stream()
                .filter(option -> !option.inherited() && !option.hidden())
                .toList();
    }

    private static void arguments(StringBuilder text, String title, List<? extends ArgSpec> arguments) {
        if (!arguments.isEmpty()) {
            section(
                    text,
                    title,
                    arguments.stream()
                            .map(argument -> entry(label(argument), argument.description()))
                            .collect(Collectors.joining("\n")));
        }
    }

    private static String label(ArgSpec argument) {
        if (!(argument instanceof OptionSpec option)) {
            return "\\fI" + escaped(argument.paramLabel()) + "\\fR";
        }
        String names = List.of(option.names()).stream()
                .map(name -> "\\fB" + escaped(name) + "\\fR")
                .collect(Collectors.joining(", "));
        return option.arity().max() == 0 ? names : names + "=\\fI" + escaped(option.paramLabel()) + "\\fR";
    }

    private static String entry(String label, String[] text) {
        return ".TP\n" + label + "\n" + escaped(String.join(" ", text).replace("%n", " "));
    }

    private static String paragraph(String[]... parts) {
        List<String> lines = new ArrayList<>();
        for (String[] part : parts) {
            for (String line : part) {
                lines.add(line.isEmpty() ? ".PP" : (line.contains("  ") ? ".br\n" : "") + escaped(line));
            }
        }
        return String.join("\n", lines);
    }

    private static void section(StringBuilder text, String title, String body) {
        text.append(".SH ").append(title).append('\n').append(body).append('\n');
    }

    /** What roff would take for its own: backslashes, hyphens to be copied, a dot or quote that begins a line. */
    private static String escaped(String text) {
        String plain = text.replace("\\", "\\e").replace("-", "\\-");
        return plain.startsWith(".") || plain.startsWith("'") ? "\\&" + plain : plain;
    }
}
