package dev.lizard.serve.schedule;

import dev.lizard.generate.FinishReason;
import dev.lizard.generate.StoredSession;
import java.util.List;

/** What becomes of a {@link Work}, in order: it is read, its choices come in pieces, each of them ends. */
public sealed interface Event {
    /**
     * The prompt was read.
     *
     * @param cached tokens of it whose state was known
     * @param scores of its tokens but the first, if they were asked for
     */
    record Read(int cached, List<TokenScore> scores) implements Event {}

    /**
     * The next part of a choice.
     *
     * @param text whole characters; empty at the end of a choice whose last tokens have no text
     * @param tokens the tokens it came of, if scores were asked for
     */
    record Piece(int choice, String text, List<TokenScore> tokens) implements Event {}

    /**
     * A choice is complete.
     *
     * @param tokens that were drawn for it, one that ends a text included
     * @param ids that were read after the prompt
     * @param text of them, without a stop text
     */
    record Ended(int choice, FinishReason reason, int tokens, List<Integer> ids, String text) implements Event {
        public Ended {
            ids = List.copyOf(ids);
        }
    }

    /** The state after the prompt, to be written to a file. */
    record Stored(StoredSession state) implements Event {}

    /** Nothing more will come. */
    record Failed(Cause cause, String message) implements Event {}

    /** Why a work failed. */
    enum Cause {
        /** A file that was to be loaded. */
        FILE,
        /** It took longer than it may. */
        TIME,
        /** The server stops. */
        CLOSING,
        /** The model's output or the machine. */
        FAULT
    }
}
