package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import java.util.List;

/** What a key alone cannot say about its value: checks that recipes and configurations of training share. */
final class Keys {
    /** Most sequences of one update, which are counted in an int. */
    private static final long MOST_SEQUENCES = Integer.MAX_VALUE;

    private Keys() {}

    static void requireBetas(List<Double> betas) {
        if (betas.size() != 2) {
            throw new BadSetting("betas", "expected two numbers but found %s; write [0.9, 0.99]".formatted(betas));
        }
    }

    static void requireFew(int batch, int accumulate) {
        if ((long) batch * accumulate > MOST_SEQUENCES) {
            throw new BadSetting(
                    "accumulate",
                    "expected at most %,d sequences an update but found %d x %d; lower it or batch"
                            .formatted(MOST_SEQUENCES, batch, accumulate));
        }
    }

    /** As {@link #requireDecay(double, double, String)} of a whole configuration. */
    static void requireDecay(double rate, double decay) {
        requireDecay(rate, decay, "");
    }

    /**
     * A step multiplies a decaying weight by 1 - rate times decay, which must leave its sign alone.
     *
     * @param where the key above weight_decay and a dot, or nothing
     */
    static void requireDecay(double rate, double decay, String where) {
        if (rate * decay >= 1) {
            throw new BadSetting(
                    where + "weight_decay",
                    "expected below 1 / learning_rate, which is %s, but found %s; lower it".formatted(1 / rate, decay));
        }
    }

    /** The limit of the gradient's norm that a {@code clip} means: 0 is none. */
    static double limit(double clip) {
        return clip == 0 ? Double.POSITIVE_INFINITY : clip;
    }
}
