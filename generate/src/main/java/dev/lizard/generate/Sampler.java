package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.kernel.DrawRow;
import java.util.BitSet;
import java.util.Map;

/**
 * Draws next tokens. One uniform number is drawn a token, none by a greedy sampler; the same settings, logits and seed
 * give the same tokens on every machine, and on a card but for rounding ({@link #row}, {@link #follow}). Not thread-safe;
 * one a stream of tokens.
 */
public final class Sampler {
    private static final String NOTE = "sampler";

    private final SamplerSettings settings;
    private final Candidates candidates;
    private final int[] drawn;
    private RandomStream random;

    /** Starts at the seed; {@code vocabulary} is the length of the rows of logits. */
    public Sampler(SamplerSettings settings, int vocabulary) {
        this.settings = settings;
        candidates = new Candidates(vocabulary);
        drawn = new int[settings.countsDraws() ? vocabulary : 0];
        random = RandomStream.named(settings.seed(), "sampler");
    }

    public SamplerSettings settings() {
        return settings;
    }

    /** The state of the random stream, all that a sampler remembers. */
    public long state() {
        return random.state();
    }

    /** Goes on as the sampler did that had this {@link #state}. */
    public void restore(long state) {
        random = RandomStream.resume(state);
    }

    /** The state as a note for {@link Session#save}. */
    public Map<String, String> notes() {
        return Map.of(NOTE, Long.toHexString(state()));
    }

    /** Takes the state from the notes of {@link Session#load}; without one there the sampler stays as it is. */
    public void restore(Map<String, String> notes) {
        String state = notes.get(NOTE);
        if (state != null) {
            try {
                restore(Long.parseUnsignedLong(state, 16));
            } catch (NumberFormatException e) {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "bad sampler state",
                        "the session's notes",
                        "a hexadecimal number",
                        "'" + state + "'",
                        "save the session again",
                        e);
            }
        }
    }

    /** How a card goes on drawing in this sampler's place; it then must {@link #follow}. */
    public DrawRow row() {
        return new DrawRow(
                state(),
                settings.repetitionPenalty(),
                settings.presencePenalty(),
                settings.frequencyPenalty(),
                settings.temperature(),
                settings.topK(),
                settings.topP(),
                settings.minP());
    }

    /** What a card must know for {@link #row}'s penalties: for each token [V] twice how often it was drawn, plus 1 if seen. */
    public int[] history(BitSet seen) {
        int[] history = new int[candidates.logits().length];
        for (int id = 0; id < history.length; id++) {
            history[id] = (drawn.length > 0 ? 2 * drawn[id] : 0) + (seen.get(id) ? 1 : 0);
        }
        return history;
    }

    /** Takes note of a token that a card drew in this sampler's place. */
    public void follow(int id) {
        if (!settings.isGreedy()) {
            random.nextLong();
        }
        count(id);
    }

    private int count(int id) {
        if (drawn.length > 0) {
            drawn[id]++;
        }
        return id;
    }

    /**
     * The next token.
     *
     * @param logits [V], not changed
     * @param seen ids that the repetition penalty is for
     * @throws dev.lizard.base.LizardException FAILED where a logit is NaN or none is finite
     */
    public int next(float[] logits, BitSet seen) {
        if (settings.isGreedy()) {
            return count(Candidates.argmax(settings.penalises() ? load(logits, seen) : logits));
        }
        filter(logits, seen);
        return count(candidates.at(random.nextDouble()));
    }

    /** The probabilities [V] from which {@link #next} would draw. */
    public double[] probabilities(float[] logits, BitSet seen) {
        double[] probabilities = new double[logits.length];
        if (settings.isGreedy()) {
            probabilities[Candidates.argmax(load(logits, seen))] = 1;
            return probabilities;
        }
        filter(logits, seen);
        double total = candidates.total();
        for (int i = 0; i < candidates.count(); i++) {
            probabilities[candidates.id(i)] = candidates.weight(i) / total;
        }
        return probabilities;
    }

    private void filter(float[] logits, BitSet seen) {
        load(logits, seen);
        candidates.begin(settings.temperature());
        if (settings.topK() > 0) {
            candidates.keepLargest(settings.topK());
        }
        if (settings.topP() < 1) {
            candidates.keepShare(settings.topP());
        }
        if (settings.minP() > 0) {
            candidates.keepWeight(settings.minP());
        }
    }

    /** Copies the logits with the penalties applied. */
    private float[] load(float[] logits, BitSet seen) {
        float[] row = candidates.logits();
        if (logits.length != row.length) {
            throw new IllegalArgumentException("%d logits for a vocabulary of %d".formatted(logits.length, row.length));
        }
        System.arraycopy(logits, 0, row, 0, row.length);
        if (settings.penalises()) {
            for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
                row[id] = penalised(row[id], drawn.length > 0 ? drawn[id] : 0);
            }
            for (int id = 0; id < drawn.length; id++) {
                if (drawn[id] > 0 && !seen.get(id)) {
                    row[id] = penalised(row[id], drawn[id]);
                }
            }
        }
        return row;
    }

    private float penalised(float logit, int times) {
        double penalty = settings.repetitionPenalty();
        double x = logit > 0 ? logit / penalty : logit * penalty;
        return (float) (times > 0 ? x - (settings.presencePenalty() + settings.frequencyPenalty() * times) : x);
    }
}
