package dev.lizard.distill;

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

        @Setting(doc = "share of the peak rate at the end", byDefault = "0.1", min = 0, max = 1)
        double minRatio) {
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
