package dev.lizard.generate;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.RandomStream;
import java.util.BitSet;
import java.util.Map;

/**
 * Draws next tokens. One uniform number is drawn a token, none by a greedy sampler; the same settings, logits and seed
 * give the same tokens on every machine. Not thread-safe; one a stream of tokens.
 */
public final class Sampler {
    private static final String NOTE = "sampler";

    private final SamplerSettings settings;
    private final Candidates candidates;
    private RandomStream random;

    /** Starts at the seed; {@code vocabulary} is the length of the rows of logits. */
    public Sampler(SamplerSettings settings, int vocabulary) {
        this.settings = settings;
        candidates = new Candidates(vocabulary);
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

    /**
     * The next token.
     *
     * @param logits [V], not changed
     * @param seen ids that the repetition penalty is for
     * @throws dev.lizard.base.LizardException FAILED where a logit is NaN or none is finite
     */
    public int next(float[] logits, BitSet seen) {
        if (settings.isGreedy()) {
            return settings.repetitionPenalty() == 1
                    ? Candidates.argmax(logits)
                    : Candidates.argmax(load(logits, seen));
        }
        filter(logits, seen);
        double left = random.nextDouble() * candidates.total();
        int last = candidates.count() - 1;
        for (int i = 0; i < last; i++) {
            left -= candidates.weight(i);
            if (left < 0) {
                return candidates.id(i);
            }
        }
        return candidates.id(last);
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

    /** Copies the logits with the repetition penalty applied. */
    private float[] load(float[] logits, BitSet seen) {
        float[] row = candidates.logits();
        if (logits.length != row.length) {
            throw new IllegalArgumentException("%d logits for a vocabulary of %d".formatted(logits.length, row.length));
        }
        System.arraycopy(logits, 0, row, 0, row.length);
        double penalty = settings.repetitionPenalty();
        if (penalty != 1) {
            for (int id = seen.nextSetBit(0); id >= 0; id = seen.nextSetBit(id + 1)) {
                row[id] = (float) (row[id] > 0 ? row[id] / penalty : row[id] * penalty);
            }
        }
        return row;
    }
}
