package dev.lizard.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A completion script for zsh. */
@SuppressWarnings("InlineFormatString") // a script is easier to read in one piece
final class ZshCompletion {
    private static final String HEAD = """
        #compdef lizard
        # Completion of lizard for zsh: lizard completion zsh > a folder of $fpath/_lizard, or source it after compinit
        _lizard() {
          local at="" prev=${words[CURRENT-1]} word
          local -a options commands files valued arguments
          for word in "${(@)words[2,CURRENT-1]}"; do
            case "${at:+$at }$word" in
              (%s) at="${at:+$at }$word" ;;
            esac
          done
          case $at in
        """;

    private static final String TAIL = """
          esac
          if [[ $PREFIX == --*=* ]]; then
            prev=${PREFIX%%=*}
            compset -P 1 '*='
          fi
          case $prev in
        @  esac
          if (( ${files[(Ie)$prev]} )); then
            _files
          elif (( ${valued[(Ie)$prev]} )); then
            _message value
          elif [[ $PREFIX == -* ]]; then
            _describe -o option options
          elif (( $#commands )); then
            _describe command commands
          elif (( $#arguments )); then
            compadd -a arguments
          else
            _files
          fi
        }
        if [[ ${funcstack[1]} == _lizard ]]; then
          _lizard "$@"
        else
          compdef _lizard lizard
        fi
        """;

    private ZshCompletion() {}

    static String script(List<CompletionNode> nodes) {
        String paths = nodes.stream()
                .map(CompletionNode::path)
                .filter(path -> !path.isEmpty())
                .map(path -> "\"" + path + "\"")
                .collect(Collectors.joining("|"));
        StringBuilder text = new StringBuilder(HEAD.formatted(paths));
        Map<String, String> values = new LinkedHashMap<>();
        for (CompletionNode node : nodes) {
            text.append("    (\"%s\")\n".formatted(node.path()));
            array(
                    text,
                    "options",
                    node.options().stream()
                            .flatMap(option -> option.names().stream().map(name -> described(name, option.meaning())))
                            .toList());
            array(
                    text,
                    "commands",
                    node.commands().stream()
                            .map(word -> described(word.name(), word.meaning()))
                            .toList());
            array(text, "arguments", node.values());
            array(text, "valued", names(node, false));
            array(text, "files", names(node, true));
            text.append("      ;;\n");
            for (CompletionNode.Choice option : node.options()) {
                if (!option.values().isEmpty()) {
                    values.put(String.join("|", option.names()), String.join(" ", option.values()));
                }
            }
        }
        StringBuilder listed = new StringBuilder();
        values.forEach((names, words) -> listed.append("    (%s) compadd %s; return ;;\n".formatted(names, words)));
        return text + TAIL.replace("@", listed);
    }

    private static List<String> names(CompletionNode node, boolean files) {
        return CompletionNode.names(node.options().stream()
                .filter(option -> option.valued() && option.files() == files)
                .toList());
    }

    private static String described(String name, String meaning) {
        return "'%s:%s'"
                .formatted(
                        name, meaning.replace("\\", "\\\\").replace(":", "\\:").replace("'", "'\\''"));
    }

    private static void array(StringBuilder text, String name, List<String> words) {
        if (!words.isEmpty()) {
            text.append("      %s=(%s)\n".formatted(name, String.join(" ", words)));
        }
    }
}
