package dev.lizard.serve;

import dev.lizard.base.LizardException;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.Message;
import dev.lizard.text.Messages;
import dev.lizard.text.Rendering;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.grammar.Grammar;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** How models write that they call a function. */
enum ToolForm {
    /** Hermes and Qwen. */
    TAGS("<tool_call>\n{\"name\": \"%s\", \"arguments\": ", "}\n</tool_call>"),
    /** Mistral, behind the control token {@code [TOOL_CALLS]}. */
    LIST("[{\"name\": \"%s\", \"arguments\": ", "}]"),
    /** Llama 3.1. */
    PLAIN("{\"name\": \"%s\", \"parameters\": ", "}");

    static final String TAG = "<tool_call>";
    static final String END_TAG = "</tool_call>";
    static final String MISTRAL = "[TOOL_CALLS]";
    static final String MISTRAL_ARGUMENTS = "[ARGS]";
    static final String PYTHON = "<|python_tag|>";

    private final String begin;
    private final String end;

    ToolForm(String begin, String end) {
        this.begin = begin;
        this.end = end;
    }

    /** A call of {@code name} and nothing else. */
    Grammar call(String name, Grammar arguments) {
        return arguments.between(begin.formatted(name), end);
    }

    /** The form in which a template writes calls of earlier turns. */
    static ToolForm of(ChatFormat chat) {
        String text = probe(chat).text();
        return text.contains(TAG) ? TAGS : text.contains(MISTRAL) ? LIST : PLAIN;
    }

    /** A conversation with a call in it; without one where the template refuses that. */
    static Rendering probe(ChatFormat chat) {
        Message question = new Message("user", "q");
        Map<String, Object> call =
                Map.of("type", "function", "id", "callabcde", "function", Map.of("name", "f", "arguments", Map.of()));
        Message answer = new Message(Map.of("role", "assistant", "content", "", "tool_calls", List.of(call)));
        try {
            return chat.render(List.of(question, answer), false);
        } catch (LizardException e) {
            return chat.render(List.of(question), true);
        }
    }

    /** The message with the arguments of its calls as objects, which templates expect; clients write texts. */
    static Message withObjects(Message message) {
        if (!(message.fields().get("tool_calls") instanceof List<?> calls)) {
            return message;
        }
        Map<String, @Nullable Object> fields = new LinkedHashMap<>(message.fields());
        fields.put("tool_calls", calls.stream().map(ToolForm::withObject).toList());
        return new Message(fields);
    }

    private static @Nullable Object withObject(@Nullable Object call) {
        if (!(call instanceof Map<?, ?> whole)
                || !(whole.get("function") instanceof Map<?, ?> function)
                || !(function.get("arguments") instanceof String text)) {
            return call;
        }
        JsonNode arguments = ToolCallReader.parsed(text);
        if (arguments == null || !arguments.isObject()) {
            return call; // a template may still take the text
        }
        Map<Object, @Nullable Object> changed = new LinkedHashMap<>(function);
        changed.put("arguments", Messages.plain(arguments));
        Map<Object, @Nullable Object> copy = new LinkedHashMap<>(whole);
        copy.put("function", changed);
        return copy;
    }

    /** The control tokens that show where a call is. */
    static Set<Integer> shown(Tokenizer tokenizer) {
        return Stream.of(TAG, END_TAG, MISTRAL, MISTRAL_ARGUMENTS, PYTHON)
                .map(tokenizer::id)
                .filter(id -> id.isPresent() && tokenizer.isSpecial(id.getAsInt()))
                .map(id -> id.getAsInt())
                .collect(Collectors.toSet());
    }
}
