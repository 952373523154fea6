package dev.lizard.eval.result;

/**
 * How far a model is from another on the same items; the interval holds 95% of paired bootstrap samples.
 *
 * @param baseline the other
 * @param difference the model's value less the baseline's
 * @param higherIsBetter whether a positive difference is a gain
 */
public record Comparison(
        String task,
        String metric,
        String model,
        String baseline,
        double difference,
        double low,
        double high,
        boolean higherIsBetter,
        int n) {}
