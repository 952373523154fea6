package dev.lizard.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A completion script for bash. */
@SuppressWarnings("InlineFormatString") // a script is easier to read in one piece
final class BashCompletion {
    private static final String HEAD = """
        # Completion of lizard for bash: source <(lizard completion bash)
        _lizard() {
          local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
          local at="" word options="" commands="" valued="" files="" arguments=""
          for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
            case "${at:+$at }$word" in
              %s) at=${at:+$at }$word ;;
            esac
          done
          case $at in
        """;

    private static final String TAIL = """
          esac
          COMPREPLY=()
          if [[ $cur == = ]]; then
            cur=""
          elif [[ $prev == = ]]; then
            prev=${COMP_WORDS[COMP_CWORD - 2]}
          fi
          case $prev in
        %s  esac
          if [[ " $files " == *" $prev "* ]]; then
            compopt -o default 2>/dev/null
          elif [[ " $valued " == *" $prev "* ]]; then
            :
          elif [[ $cur == -* ]]; then
            COMPREPLY=($(compgen -W "$options" -- "$cur"))
          elif [[ -n $commands ]]; then
            COMPREPLY=($(compgen -W "$commands" -- "$cur"))
          elif [[ -n $arguments ]]; then
            COMPREPLY=($(compgen -W "$arguments" -- "$cur"))
          else
            compopt -o default 2>/dev/null
          fi
        }
        complete -F _lizard lizard
        """;

    private BashCompletion() {}

    static String script(List<CompletionNode> nodes) {
        String paths = nodes.stream()
                .map(CompletionNode::path)
                .filter(path -> !path.isEmpty())
                .map(path -> "\"" + path + "\"")
                .collect(Collectors.joining(" | "));
        StringBuilder text = new StringBuilder(HEAD.formatted(paths));
        Map<String, String> values = new LinkedHashMap<>();
        for (CompletionNode node : nodes) {
            text.append("    \"%s\")%n".formatted(node.path()));
            variable(text, "options", CompletionNode.names(node.options()));
            variable(
                    text,
                    "commands",
                    node.commands().stream().map(CompletionNode.Word::name).toList());
            variable(text, "arguments", node.values());
            variable(text, "valued", names(node, false));
            variable(text, "files", names(node, true));
            text.append("      ;;%n".formatted());
            for (CompletionNode.Choice option : node.options()) {
                if (!option.values().isEmpty()) {
                    values.put(String.join(" | ", option.names()), String.join(" ", option.values()));
                }
            }
        }
        StringBuilder listed = new StringBuilder();
        values.forEach((names, words) -> listed.append("""
                %s)
                  COMPREPLY=($(compgen -W "%s" -- "$cur"))
                  return
                  ;;
            """.formatted(names, words)));
        return text.append(TAIL.formatted(listed)).toString().replace("\r\n", "\n");
    }

    private static List<String> names(CompletionNode node, boolean files) {
        return CompletionNode.names(node.options().stream()
                .filter(option -> option.valued() && option.files() == files)
                .toList());
    }

    private static void variable(StringBuilder text, String name, List<String> words) {
        if (!words.isEmpty()) {
            text.append("      %s=\"%s\"%n".formatted(name, String.join(" ", words)));
        }
    }
}
