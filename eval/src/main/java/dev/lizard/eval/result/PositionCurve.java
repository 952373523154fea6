package dev.lizard.eval.result;

import java.util.List;

/**
 * How a metric goes along the text.
 *
 * @param model name of a {@link ModelResult}
 * @param metric one of those below
 */
public record PositionCurve(String model, String metric, List<Bucket> buckets) {
    public static final String BITS_PER_BYTE = "bits_per_byte";
    public static final String NLL = "nll";

    /** Of tokens that end an n-gram which the text had before. */
    public static final String NLL_REPEATED = "nll_repeated";

    /** Of the others. */
    public static final String NLL_FIRST_SEEN = "nll_first_seen";

    public static final String KL = "kl";
    public static final String AGREEMENT = "agreement";
}
