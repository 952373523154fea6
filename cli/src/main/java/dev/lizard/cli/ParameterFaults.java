package dev.lizard.cli;

import dev.lizard.base.Nearest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** picocli's faults in the one-line form of all others. */
final class ParameterFaults {
    private ParameterFaults() {}

    static String describe(ParameterException fault, @Nullable ConfigLayers layers) {
        CommandLine command = fault.getCommandLine();
        String help = "see '" + command.getCommandSpec().qualifiedName() + " --help'";
        return switch (fault) {
            case UnmatchedArgumentException e -> unmatched(e, command, help);
            case MissingParameterException e ->
                "missing %s for '%s'; %s".formatted(missing(e.getMissing()), command.getCommandName(), help);
            case OverwrittenOptionException e ->
                "%s was given more than once; give it once".formatted(name(e.getOverwritten()));
            default -> other(fault, layers, help);
        };
    }

    private static String unmatched(UnmatchedArgumentException fault, CommandLine command, String help) {
        String found = fault.getUnmatched().getFirst();
        if (fault.isUnknownOption()) {
            String name = found.contains("=") ? found.substring(0, found.indexOf('=')) : found;
            Set<String> options = command.getCommandSpec().options().stream()
                    .map(OptionSpec::longestName)
                    .collect(Collectors.toCollection(TreeSet::new));
            return "unknown option '%s' for '%s'; %s"
                    .formatted(name, command.getCommandName(), Nearest.hintOr(name, options, help));
        }
        Set<String> commands = command.getSubcommands().keySet();
        if (!commands.isEmpty()) {
            return "unknown command '%s'; %s".formatted(found, Nearest.hintOr(found, commands, help));
        }
        return "unexpected argument '%s' for '%s'; %s".formatted(found, command.getCommandName(), help);
    }

    private static String missing(List<ArgSpec> arguments) {
        return arguments.stream().map(ParameterFaults::name).collect(Collectors.joining(" and "));
    }

    private static String other(ParameterException fault, @Nullable ConfigLayers layers, String help) {
        ArgSpec argument = fault.getArgSpec();
        String value = fault.getValue();
        if (argument == null || value == null) {
            String message = fault.getMessage();
            return (message == null
                            ? "bad arguments"
                            : message.lines().findFirst().orElse("")) + "; " + help;
        }
        return "bad value in %s: expected %s but found '%s'; %s"
                .formatted(place(argument, value, layers), expected(argument.type(), value), value, help);
    }

    /** The flag, unless the value came from a layer below it. */
    private static String place(ArgSpec argument, String value, @Nullable ConfigLayers layers) {
        if (layers != null && argument instanceof OptionSpec option) {
            String key = ConfigLayers.key(option);
            if (value.equals(layers.defaultValue(option))) {
                return layers.tree().origin(key).place(key);
            }
        }
        return name(argument);
    }

    private static String expected(Class<?> type, String value) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(c -> c.toString().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", ", "one of ", ""));
        }
        return switch (type.getSimpleName()) {
            case "int", "long", "Integer", "Long" ->
                value.matches("[+-]?\\d+") ? "a whole number of fewer digits" : "a whole number";
            case "double", "float", "Double", "Float" -> "a number";
            case "boolean", "Boolean" -> "true or false";
            default -> "a " + type.getSimpleName().toLowerCase(Locale.ROOT);
        };
    }

    private static String name(ArgSpec argument) {
        return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
    }
}
