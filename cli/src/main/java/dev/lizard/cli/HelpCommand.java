package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code lizard help [COMMAND...]}. */
@Command(name = "help", description = "Shows how a command is used.")
final class HelpCommand implements Action {
    @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "The command; none: all of them.")
    List<String> path = List.of();

    @Spec
    CommandSpec spec;

    @Override
    public int run(Context context) {
        CommandLine at = spec.root().commandLine();
        for (String name : path) {
            CommandLine next = at.getSubcommands().get(name);
            if (next == null) {
                throw LizardException.usage("unknown command '%s'; %s"
                        .formatted(
                                name, Nearest.hintOr(name, at.getSubcommands().keySet(), "see 'lizard --help'")));
            }
            at = next;
        }
        String text = at.getUsageMessage(CommandLine.Help.Ansi.OFF).stripTrailing();
        context.console().result(Json.object().put("help", text), text);
        return 0;
    }
}
