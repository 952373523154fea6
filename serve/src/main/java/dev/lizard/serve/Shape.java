package dev.lizard.serve;

import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.TokenScore;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** How an answer is written: as a completion or as a message of a chat. Choices are numbered over all prompts. */
interface Shape {
    /** The {@code object} of a whole answer, or of a part of a stream. */
    String object(boolean part);

    /** Begins the id of an answer. */
    String prefix();

    /** What is put before choice {@code index} of prompt {@code work}: a first part of a stream, or null for none. */
    @Nullable
    ObjectNode opening(int work, int index, List<TokenScore> prompt);

    /** The choices of the parts of a stream that tell a piece of choice {@code index}. */
    List<ObjectNode> parts(int index, Event.Piece piece);

    /** The choices of the last parts of a stream, the last of which says why. */
    List<ObjectNode> endings(int choice, String reason);

    /** A whole choice. */
    ObjectNode whole(int work, List<TokenScore> prompt, String text, List<TokenScore> tokens, String reason);

    /** The field that says why a choice has ended. */
    String REASON = "finish_reason";
}
