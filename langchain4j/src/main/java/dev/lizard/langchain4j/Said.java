package dev.lizard.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.lizard.text.Message;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Messages of langchain4j as chat templates see them. */
final class Said {
    private Said() {}

    static Message of(ChatMessage message) {
        return switch (message) {
            case SystemMessage system -> new Message("system", system.text());
            case UserMessage user -> new Message(fields("user", text(user), "name", user.name()));
            case AiMessage answer -> {
                Asked.refuse(answer.hasToolExecutionRequests(), "a message with tool calls");
                Asked.refuse(!answer.images().isEmpty(), "a message with images");
                String text = answer.text() == null ? "" : answer.text();
                yield new Message(fields("assistant", text, "reasoning_content", answer.thinking()));
            }
            default -> {
                Asked.refuse(true, "a message of type " + message.type());
                throw new AssertionError("refused");
            }
        };
    }

    private static Map<String, @Nullable Object> fields(
            String role, String content, String key, @Nullable String value) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("role", role);
        fields.put("content", content);
        if (value != null) {
            fields.put(key, value);
        }
        return fields;
    }

    /** Its texts, one below the other. */
    private static String text(UserMessage user) {
        List<String> texts = new ArrayList<>();
        for (Content content : user.contents()) {
            if (content instanceof TextContent text) {
                texts.add(text.text());
            } else {
                Asked.refuse(true, "content of type " + content.type().name().toLowerCase(Locale.ROOT));
            }
        }
        return String.join("\n", texts);
    }
}
