package dev.lizard.eval.kernels;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lizard.base.Quantiles;
import org.jspecify.annotations.Nullable;

/**
 * How fast one kernel is on one shape; written as JSON it is the line that {@code bench kernels} promises.
 *
 * @param kind of benchmark, always the same
 * @param kernel such as {@code lizard_forward}
 * @param device where, and {@code card} its name
 * @param runs calls that were timed
 * @param ms median of a call; of decoding, of one layer's share
 * @param fastestMs the fastest, and {@code slowestMs} the slowest call
 * @param tflops 10¹² useful operations a second at the median
 * @param ofPeakTflops that over the card's peak; absent where the peak is not known
 * @param tbPerS 10¹² useful bytes a second at the median
 * @param ofPeakTbPerS as above
 */
public record KernelSpeed(
        @JsonProperty("case") String kind,
        String kernel,
        KernelShape shape,
        String device,
        String card,
        int runs,
        double ms,
        double fastestMs,
        double slowestMs,
        double tflops,

        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double ofPeakTflops,

        double tbPerS,

        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double ofPeakTbPerS) {
    private static final double PER_MS = 1e9; // 10¹² a second is 10⁹ a millisecond

    /** Where it ran and what is possible there: 10¹² operations and bytes a second, or null. */
    public record Place(
            String device,
            String card,
            @Nullable Double peakTflops,
            @Nullable Double peakTbPerS) {}

    static KernelSpeed of(String kernel, KernelShape shape, KernelWork work, double[] milliseconds, Place place) {
        Quantiles times = Quantiles.of(milliseconds);
        double tflops = work.flops() / times.median() / PER_MS;
        double tbPerS = work.bytes() / times.median() / PER_MS;
        return new KernelSpeed(
                "kernels",
                kernel,
                shape,
                place.device(),
                place.card(),
                milliseconds.length,
                times.median(),
                times.least(),
                times.most(),
                tflops,
                place.peakTflops() == null ? null : tflops / place.peakTflops(),
                tbPerS,
                place.peakTbPerS() == null ? null : tbPerS / place.peakTbPerS());
    }
}
