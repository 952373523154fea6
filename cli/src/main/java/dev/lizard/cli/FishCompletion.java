package dev.lizard.cli;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** A completion script for fish. */
@SuppressWarnings("InlineFormatString") // a script is easier to read in one piece
final class FishCompletion {
    private static final String HEAD = """
        # Completion of lizard for fish: lizard completion fish > ~/.config/fish/completions/lizard.fish
        function __lizard_at
            set -l at ''
            for word in (commandline -opc)
                switch (string trim "$at $word")
                    case %s
                        set at (string trim "$at $word")
                end
            end
            test "$at" = "$argv[1]"
        end
        complete -c lizard -e
        """;

    private FishCompletion() {}

    static String script(List<CompletionNode> nodes) {
        String paths = nodes.stream()
                .map(CompletionNode::path)
                .filter(path -> !path.isEmpty())
                .map(FishCompletion::quoted)
                .collect(Collectors.joining(" "));
        StringBuilder text = new StringBuilder(HEAD.formatted(paths));
        Set<CompletionNode.Choice> common = new LinkedHashSet<>(nodes.getFirst().options());
        nodes.stream().skip(1).forEach(node -> common.retainAll(node.options()));
        common.forEach(option -> option(text, "", option));
        for (CompletionNode node : nodes) {
            String here = " -n \"__lizard_at '%s'\"".formatted(node.path());
            for (CompletionNode.Word command : node.commands()) {
                line(text, here + " -f -a " + command.name(), command.meaning());
            }
            if (!node.values().isEmpty()) {
                line(text, here + " -f -a " + quoted(String.join(" ", node.values())), "");
            }
            node.options().stream()
                    .filter(option -> !common.contains(option))
                    .forEach(option -> option(text, here, option));
        }
        return text.toString();
    }

    private static void option(StringBuilder text, String condition, CompletionNode.Choice option) {
        StringBuilder line = new StringBuilder(condition);
        for (String name : option.names()) {
            line.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
        }
        if (option.files()) {
            line.append(" -r -F");
        } else if (option.valued()) {
            line.append(" -x");
        }
        if (!option.values().isEmpty()) {
            line.append(" -a ").append(quoted(String.join(" ", option.values())));
        }
        line(text, line.toString(), option.meaning());
    }

    private static void line(StringBuilder text, String rest, String meaning) {
        text.append("complete -c lizard").append(rest);
        if (!meaning.isEmpty()) {
            text.append(" -d ").append(quoted(meaning));
        }
        text.append('\n');
    }

    private static String quoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
