package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One sequence being read and continued: a decoder, its state, and the scores of the next token. With constant-state
 * mixers nothing here grows, however many tokens pass; a teacher's key/value cache does.
 *
 * <p>The decoder is shared: several sessions may take turns on it, from one thread at a time. A session owns its
 * state and is closed by whoever made it. Gradients are off inside.
 */
public final class Session implements AutoCloseable {
    /** Tokens read at once on a CPU. */
    public static final int CHUNK = 512;

    /** Tokens read at once on a CUDA device, where a piece costs the host about the same at any length. */
    private static final int CUDA_CHUNK = 8192;

    private final Decoder decoder;
    private final Rows rows; // one
    private History history;

    /** A session that has read nothing. */
    public Session(Decoder decoder) {
        this(decoder, decoder.newState(1), new History());
    }

    Session(Decoder decoder, DecoderState state, History history) {
        this.decoder = decoder;
        this.history = history;
        rows = new Rows(decoder, state);
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** Tokens that are read at once on {@code device} by default. */
    public static int chunk(Device device) {
        return device.isCuda() ? CUDA_CHUNK : CHUNK;
    }

    /** Tokens that are best read at once. */
    public int chunk() {
        return chunk(decoder.device());
    }

    /** Reads {@code ids} in pieces of {@link #chunk}. */
    public void prefill(int[] ids) {
        prefill(ids, chunk(), Progress.NONE, () -> false);
    }

    /**
     * Reads {@code ids} in pieces.
     *
     * @param chunk tokens a piece: peak memory grows with it, speed too up to a point
     * @param progress told after each piece how many of {@code ids} were read
     * @param stop asked between pieces
     * @return how many were read; all, unless stopped
     * @throws LizardException INPUT for an id outside the vocabulary
     */
    public int prefill(int[] ids, int chunk, Progress progress, BooleanSupplier stop) {
        for (int id : ids) {
            check(id, decoder.vocabulary());
        }
        int read = 0;
        while (read < ids.length && !(read > 0 && stop.getAsBoolean())) {
            int end = Math.min(ids.length, read + chunk);
            advance(Arrays.copyOfRange(ids, read, end));
            read = end;
            progress.update(read, "");
        }
        return read;
    }

    /**
     * Reads {@code ids} in one piece and tells the scores after each.
     *
     * @throws LizardException INPUT for an id outside the vocabulary
     */
    public void prefill(int[] ids, TokenScores scores) {
        for (int id : ids) {
            check(id, decoder.vocabulary());
        }
        rows.read(ids, scores);
        append(ids);
    }

    /**
     * Reads one token and returns the scores of the next, as {@link #logits} does.
     *
     * @throws LizardException INPUT for an id outside the vocabulary
     */
    public float[] step(int id) {
        read(id);
        return logits();
    }

    /** Reads one token; its scores stay where they are until they are asked for. Else as {@link #step}. */
    public void read(int id) {
        check(id, decoder.vocabulary());
        advance(new int[] {id});
    }

    static void check(int id, int vocabulary) {
        if (id < 0 || id >= vocabulary) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "token id out of range",
                    "the ids to read",
                    "0 to " + (vocabulary - 1),
                    id,
                    "use the tokenizer that belongs to this model");
        }
    }

    private void advance(int[] ids) {
        rows.read(ids);
        append(ids);
    }

    private void append(int[] ids) {
        for (int id : ids) {
            history.append(id);
        }
    }

    /**
     * The next token by {@code sampler}, which is not read yet. Where the model's steps are recorded on a card, the token
     * is drawn there; it is the one that the sampler would draw from {@link #logits}, but for rounding.
     *
     * @throws IllegalStateException before anything was read
     * @throws LizardException FAILED where a logit is NaN or none is finite
     */
    public int draw(Sampler sampler) {
        return rows.draw(0, sampler, history.seen(), null);
    }

    /** How often a step was recorded. */
    int recordings() {
        return rows.recordings();
    }

    // ---- looking ---------------------------------------------------------------------------------------------------

    /**
     * Scores of the next token [V] in float32. The array is the session's own: the next step overwrites it.
     *
     * @throws IllegalStateException before anything was read
     */
    public float[] logits() {
        return rows.scores(0);
    }

    /** Whether something was read, so that there are {@link #logits}. */
    public boolean hasLogits() {
        return rows.isReady(0);
    }

    void requireScores() {
        if (!hasLogits()) {
            throw LizardException.usage("nothing to continue: the prompt is empty; give --prompt or --prompt-file");
        }
    }

    /** Number of tokens read. */
    public long tokens() {
        return history.count();
    }

    /** Bytes of the state: constant for constant-state mixers, the capacity held for a key/value cache. */
    public long stateBytes() {
        return state().bytes();
    }

    /** The ids that were read at least once. Not to be changed. */
    public BitSet seen() {
        return history.seen();
    }

    /** The last ids read, oldest first; all that a session keeps of them. */
    public int[] tail() {
        return history.tail();
    }

    /**
     * Whether what was read is exactly the beginning of {@code ids} (by a hash of 64 bits), so that only the rest is
     * new.
     */
    public boolean hasReadBeginningOf(int[] ids) {
        return history.begins(ids);
    }

    public Decoder decoder() {
        return decoder;
    }

    // ---- copying ---------------------------------------------------------------------------------------------------

    /** Remembers this place. The caller closes it. */
    public Snapshot snapshot() {
        return new Snapshot(state().fork(), history.copy(), hasLogits() ? logits().clone() : null);
    }

    /** An independent session that stands where this one does. The caller closes it. */
    public Session fork() {
        Session copy = new Session(decoder, state().fork(), history.copy());
        copy.takeLogits(hasLogits() ? logits() : null);
        return copy;
    }

    /** Goes back to a place, of this session or of another of the same decoder; {@code place} stays as it is. */
    public void rewind(Snapshot place) {
        rows.put(0, place.state(), 0, place.logits());
        history = place.history().copy();
    }

    /** Forgets everything. */
    public void reset() {
        rows.clear(0);
        history = new History();
    }

    void takeLogits(float @Nullable [] row) {
        rows.takeScores(0, row);
    }

    // ---- files -----------------------------------------------------------------------------------------------------

    DecoderState state() {
        return rows.state();
    }

    Rows rows() {
        return rows;
    }

    History history() {
        return history;
    }

    /**
     * Writes the state to a file, whole or not at all.
     *
     * @param notes texts to keep beside it, such as the state of a sampler
     * @throws LizardException ENVIRONMENT where the file cannot be written
     */
    public void save(Path file, Map<String, String> notes) {
        try (Scope work = Scope.open()) {
            String model = ModelFingerprint.of(decoder);
            SessionFile.store(state(), history, hasLogits() ? logits() : null, model, notes)
                    .write(file);
        }
    }

    /** What {@link #load} found: a session, which the caller closes, and the notes saved with it. */
    public record Loaded(Session session, Map<String, String> notes) {}

    /**
     * Reads what {@link #save} wrote.
     *
     * @throws LizardException INPUT where the file is missing, torn, or of another model
     */
    public static Loaded load(Decoder decoder, Path file) {
        SessionFile.Loaded loaded = SessionFile.read(decoder, ModelFingerprint.of(decoder), file);
        Session session = new Session(
                decoder, loaded.snapshot().state(), loaded.snapshot().history());
        session.takeLogits(loaded.snapshot().logits());
        return new Loaded(session, loaded.notes());
    }

    @Override
    public void close() {
        rows.close();
    }
}
