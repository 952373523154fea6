package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * How often one place of a grid was answered rightly.
 *
 * @param model who answered; a rule of memory where rules are compared without a model
 * @param size how much was to be remembered
 * @param unit what {@code size} counts: {@code tokens} of the whole text, {@code pairs}, {@code lines}
 * @param depth where what was asked for stands: 0 at the beginning, 1 just before the question; absent where it does not
 *     matter
 * @param metric {@code exact}: the whole answer token by token, {@code digits}: the share of its tokens,
 *     {@code written}: in what the model wrote
 * @param value share, 0 to 1
 * @param samples items it is over
 */
public record RecallCell(
        String model,
        String task,
        int size,
        String unit,
        @Nullable Double depth,
        String metric,
        double value,
        int samples) {
    /** The metric of grids where there are several. */
    public static final String EXACT = "exact";

    public static final String DIGITS = "digits";
    public static final String WRITTEN = "written";
}
