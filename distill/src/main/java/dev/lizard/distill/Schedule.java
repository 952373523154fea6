package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;

/**
 * How the learning rate runs over a stage: a linear rise, then down to a share of the peak.
 *
 * @param kind the curve after the rise
 * @param warmup share of the steps that rise
 * @param minRatio share of the peak where it ends
 */
public record Schedule(
        @Setting(doc = "curve after the warm-up", byDefault = "cosine")
        Kind kind,

        @Setting(doc = "share of the steps that warm up", byDefault = "0.1", min = 0, max = 1)
        double warmup,

        @Setting(doc = "share of the peak rate at the end", byDefault = "" + MIN_RATIO, min = 0, max = 1)
        double minRatio) {
    private static final double MIN_RATIO = 0.1;

    /** Refuses a share at which a constant rate would end; {@code key} is the schedule's. */
    void requireEffect(String key) {
        if (kind == Kind.CONSTANT && minRatio != MIN_RATIO) {
            throw new BadSetting(key + ".min_ratio", "a constant rate does not fall, so it has no effect; take it out");
        }
    }

    /** The curve after the rise. */
    public enum Kind {
        COSINE,
        LINEAR,
        CONSTANT
    }

    /** The factor on the peak rate for step {@code step} (from 1) of {@code steps}. */
    public double factor(long step, long steps) {
        long rising = Math.round(warmup * (double) steps);
        if (step <= rising) {
            return (double) step / (double) rising;
        }
        double place = (double) (step - rising) / (double) Math.max(1, steps - rising);
        return switch (kind) {
            case COSINE -> minRatio + (1 - minRatio) * 0.5 * (1 + Math.cos(Math.PI * place));
            case LINEAR -> minRatio + (1 - minRatio) * (1 - place);
            case CONSTANT -> 1;
        };
    }
}
