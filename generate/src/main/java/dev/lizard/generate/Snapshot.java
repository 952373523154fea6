package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.Scope;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
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

    /**
     * A copy on the host, to be written to a file as {@link Session#save} does.
     *
     * @param arena whose memory it takes
     * @param model {@link ModelFingerprint} of its decoder
     * @param notes texts to keep beside it
     */
    public StoredSession stored(Arena arena, String model, Map<String, String> notes) {
        try (Scope work = Scope.open()) {
            return SessionFile.store(state, history, logits, model, notes).copied(arena);
        }
    }

    /**
     * Reads the state of a file. The caller closes it.
     *
     * @param model {@link ModelFingerprint} of the decoder
     * @throws LizardException INPUT where the file is missing, torn, or of another model
     */
    public static Snapshot load(Decoder decoder, String model, Path file) {
        return SessionFile.read(decoder, model, file).snapshot();
    }

    /**
     * The notes of a file, whose state is not looked at.
     *
     * @throws LizardException INPUT where the file is missing or is none of a session
     */
    public static Map<String, String> notes(Path file) {
        return SessionFile.notes(file);
    }

    /** Whether what was read is exactly {@code ids} (by a hash of 64 bits). */
    public boolean hasRead(int[] ids) {
        return history.count() == ids.length && history.begins(ids);
    }

    @Override
    public void close() {
        state.close();
    }
}
