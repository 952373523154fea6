package dev.lizard.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What can be typed after a command, as completion scripts need it.
 *
 * @param path the words that lead to it, such as {@code bench kernels}; empty for lizard itself
 * @param values words that may follow as arguments; files where there are none
 */
record CompletionNode(String path, List<Word> commands, List<Choice> options, List<String> values) {
    /** A word and what it means. */
    record Word(String name, String meaning) {}

    /**
     * An option.
     *
     * @param values what may follow it; empty where that cannot be listed
     * @param files whether a file may follow it
     */
    record Choice(List<String> names, String meaning, boolean valued, List<String> values, boolean files) {}

    private static final Set<String> FILE_LABELS = Set.of("MODEL", "NAME_OR_FILE", "DATA");
    private static final int MEANING = 70;

    /** The node of a command and of all below it, outer ones first. */
    static List<CompletionNode> of(CommandLine command) {
        List<CompletionNode> nodes = new ArrayList<>();
        collect(command, "", nodes);
        return nodes;
    }

    private static void collect(CommandLine command, String path, List<CompletionNode> nodes) {
        CommandSpec spec = command.getCommandSpec();
        List<Word> commands = command.getSubcommands().entrySet().stream()
                .map(sub -> new Word(
                        sub.getKey(),
                        meaning(sub.getValue().getCommandSpec().usageMessage().description())))
                .toList();
        List<Choice> options = spec.options().stream()
                .filter(option -> !option.hidden())
                .map(CompletionNode::choice)
                .toList();
        List<String> values = spec.positionalParameters().stream()
                .flatMap(CompletionNode::candidates)
                .toList();
        nodes.add(new CompletionNode(path, commands, options, values));
        command.getSubcommands().forEach((name, sub) -> collect(sub, path.isEmpty() ? name : path + " " + name, nodes));
    }

    private static Choice choice(OptionSpec option) {
        boolean valued = option.arity().max() > 0;
        Class<?> type = option.auxiliaryTypes().length > 0 ? option.auxiliaryTypes()[0] : option.type();
        boolean file = type == Path.class || option.type() == Path.class || FILE_LABELS.contains(option.paramLabel());
        return new Choice(
                List.of(option.names()),
                meaning(option.description()),
                valued,
                valued ? candidates(option).toList() : List.of(),
                file);
    }

    private static Stream<String> candidates(ArgSpec argument) {
        if (argument.paramLabel().equals("COMMAND")) {
            return argument.command().root().subcommands().keySet().stream();
        }
        if (argument.typeInfo().isBoolean() || argument.completionCandidates() == null) {
            return Stream.empty();
        }
        return StreamSupport.stream(argument.completionCandidates().spliterator(), false)
                .map(value -> value.toLowerCase(Locale.ROOT));
    }

    /** The first sentence, short enough for a line beside a word. */
    private static String meaning(String[] description) {
        String text = Stream.of(description).collect(Collectors.joining(" ")).replace("%n", " ");
        int end = Stream.of(text.indexOf("; "), text.indexOf(". "), text.indexOf(" ("))
                .filter(at -> at > 0)
                .min(Integer::compare)
                .orElse(text.length());
        String first = text.substring(0, end);
        String whole = first.endsWith(".") ? first.substring(0, first.length() - 1) : first;
        return whole.length() <= MEANING ? whole : whole.substring(0, MEANING - 3) + "...";
    }

    /** All names of options, in order. */
    static List<String> names(List<Choice> options) {
        return options.stream().flatMap(option -> option.names().stream()).toList();
    }
}
