package dev.lizard.generate;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.text.Message;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;

/**
 * What a session's file keeps of a conversation beside the state.
 *
 * @param messages what was said
 * @param read how that was written when the state was made
 */
public record SavedChat(List<Message> messages, ReadText read) {
    /** The name of the note. */
    public static final String NOTE = "chat";

    public SavedChat {
        messages = List.copyOf(messages);
    }

    private record Written(List<Map<String, @Nullable Object>> messages, String prompt, String said) {
        boolean whole() {
            return messages != null && messages.stream().allMatch(Objects::nonNull) && prompt != null && said != null;
        }
    }

    /** The note's text. */
    public String text() {
        return Json.line(new Written(messages.stream().map(Message::fields).toList(), read.prompt(), read.said()));
    }

    /**
     * The conversation of a file's notes.
     *
     * @throws LizardException INPUT where there is none
     */
    public static SavedChat of(Map<String, String> notes, Path file) {
        String note = notes.get(NOTE);
        if (note == null) {
            throw missing(file, "a state without one");
        }
        try {
            Written saved = Json.MAPPER.readValue(note, Written.class);
            if (saved == null || !saved.whole()) {
                throw missing(file, "a part of one");
            }
            return new SavedChat(
                    saved.messages.stream().map(Message::new).toList(), new ReadText(saved.prompt, saved.said));
        } catch (JacksonException e) {
            throw missing(file, "unreadable JSON: " + Json.problem(e));
        }
    }

    private static LizardException missing(Path file, String found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "no conversation",
                file,
                "a file written by /save in `lizard chat`",
                found,
                "use `lizard generate --load-state` for states of plain texts");
    }
}
