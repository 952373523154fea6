package dev.lizard.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One turn of a conversation, as chat templates see it: {@code role} and {@code content}, and whatever else it has,
 * such as {@code tool_calls}, {@code tool_call_id}, {@code name} or {@code reasoning_content}.
 *
 * @param fields strings, numbers, booleans, lists and maps; null is none
 */
public record Message(Map<String, @Nullable Object> fields) {
    private static final String ROLE = "role";
    private static final String CONTENT = "content";

    public Message {
        fields = Collections.unmodifiableMap(new LinkedHashMap<>(fields));
    }

    /**
     * @param role {@code system}, {@code user}, {@code assistant} or what else the chat template knows
     * @param content what was said
     */
    public Message(String role, String content) {
        this(fields(role, content));
    }

    private static Map<String, @Nullable Object> fields(String role, String content) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put(ROLE, role);
        fields.put(CONTENT, content);
        return fields;
    }

    public String role() {
        return fields.get(ROLE) instanceof String role ? role : "";
    }

    /** What was said: the text parts one below the other where it is in parts, empty where there is none. */
    public String content() {
        Object content = fields.get(CONTENT);
        if (content instanceof List<?> parts) {
            return String.join("\n", texts(parts));
        }
        return content instanceof String text ? text : "";
    }

    /** Whether the content is a list of parts, {@code [{"type": "text", "text": ...}]}. */
    public boolean inParts() {
        return fields.get(CONTENT) instanceof List<?>;
    }

    /** The same with its parts as one text. */
    public Message flat() {
        Map<String, @Nullable Object> flat = new LinkedHashMap<>(fields);
        flat.put(CONTENT, content());
        return new Message(flat);
    }

    private static List<String> texts(List<?> parts) {
        List<String> texts = new ArrayList<>();
        for (Object part : parts) {
            if (part instanceof String text) {
                texts.add(text);
            } else if (part instanceof Map<?, ?> map && map.get("text") instanceof String text) {
                texts.add(text);
            }
        }
        return texts;
    }
}
