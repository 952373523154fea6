package dev.lizard.generate;

import dev.lizard.model.DecoderState;
import org.jspecify.annotations.Nullable;

/**
 * Where a {@link Session} stood: an independent copy of its state, which never changes. Any number of sessions of the
 * same decoder can be taken back to it. Owns memory like a session and is closed by its owner.
 */
public final class Snapshot implements AutoCloseable {
    private final DecoderState state;
    private final History history;
    private final float @Nullable [] logits;

    Snapshot(DecoderState state, History history, float @Nullable [] logits) {
        this.state = state;
        this.history = history;
        this.logits = logits;
    }

    DecoderState state() {
        return state;
    }

    History history() {
        return history;
    }

    /** Scores of the next token, or null before the first. */
    float @Nullable [] logits() {
        return logits;
    }

    /** Tokens read when it was taken. */
    public long tokens() {
        return history.count();
    }

    /** Bytes of state held. */
    public long stateBytes() {
        return state.bytes();
    }

    /** Bytes held in all, the scores of the next token included. */
    public long bytes() {
        return stateBytes() + (logits == null ? 0 : (long) Float.BYTES * logits.length);
    }

    @Override
    public void close() {
        state.close();
    }
}
