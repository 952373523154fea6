package dev.lizard.eval.result;

import java.util.List;

/**
 * How a metric goes along the text.
 *
 * @param model name of a {@link ModelResult}
 * @param metric {@code bits_per_byte}, {@code nll}, {@code kl} or {@code agreement}
 */
public record PositionCurve(String model, String metric, List<Bucket> buckets) {
    public static final String BITS_PER_BYTE = "bits_per_byte";
    public static final String NLL = "nll";
    public static final String KL = "kl";
    public static final String AGREEMENT = "agreement";
}
