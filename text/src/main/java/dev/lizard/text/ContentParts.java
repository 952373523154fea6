package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Content in parts, {@code [{"type": "text", "text": ...}]}. Templates that know of parts get them as they stand; the
 * others would print the list as Python does, or nothing, and get one text. Which it is shows a trial for each role.
 */
final class ContentParts {
    private static final String NEEDLE = "needle7f3a";
    private static final String OTHER = "thread7f3a";

    private final ChatTemplate template;
    private final Map<String, Boolean> roles = new ConcurrentHashMap<>();

    ContentParts(ChatTemplate template) {
        this.template = template;
    }

    /** The messages as the template wants them. */
    List<Message> suited(List<Message> messages) {
        if (messages.stream().noneMatch(Message::inParts)) {
            return messages;
        }
        List<Message> suited = new ArrayList<>();
        for (Message message : messages) {
            boolean flat = message.inParts() && !roles.computeIfAbsent(message.role(), this::knows);
            suited.add(flat ? message.flat() : message);
        }
        return suited;
    }

    /** Whether parts of {@code role} are written as their text. */
    private boolean knows(String role) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", List.of(Map.of("type", "text", "text", NEEDLE)));
        Message parts = new Message(fields);
        List<Message> trial = switch (role) {
            case "user" -> List.of(parts);
            case "system", "developer" -> List.of(parts, new Message("user", OTHER));
            case "assistant" -> List.of(new Message("user", OTHER), parts);
            default -> List.of(new Message("user", OTHER), new Message("assistant", OTHER), parts);
        };
        try {
            String text = template.write(trial, false).text();
            boolean printed = text.contains("'text'") || text.contains("\"text\"");
            return text.contains(NEEDLE) && !printed;
        } catch (LizardException refused) {
            return false;
        }
    }
}
