package dev.lizard.eval.metric;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * How good a model is on a text, kept by window and position so that any stretch can be asked for.
 */
public final class Quality {
    private static final double BIT = Math.log(2);

    private final float[][] nll;
    private final float[][] bytes;
    private final float[][] kl;
    private final float[][] same;

    /**
     * All arrays are of each window by position and become this object's own.
     *
     * @param nll negative log-likelihoods, nats
     * @param bytes of each token
     * @param kl KL(teacher || model), nats; without windows where there is no teacher
     * @param same 1 where the most likely token is the teacher's, 0 elsewhere; as above
     */
    Quality(float[][] nll, float[][] bytes, float[][] kl, float[][] same) {
        this.nll = nll;
        this.bytes = bytes;
        this.kl = kl;
        this.same = same;
    }

    /** The same over the first {@code positions} only. */
    public Quality within(int positions) {
        int most = Math.min(positions, length());
        return new Quality(cut(nll, most), cut(bytes, most), cut(kl, most), cut(same, most));
    }

    /** The same over the first {@code count} windows only, without the distance to a teacher. */
    public Quality ofWindows(int count) {
        return new Quality(Arrays.copyOf(nll, count), Arrays.copyOf(bytes, count), new float[0][], new float[0][]);
    }

    private static float[][] cut(float[][] windows, int positions) {
        return Arrays.stream(windows)
                .map(window -> Arrays.copyOf(window, positions))
                .toArray(float[][]::new);
    }

    private int length() {
        return nll[0].length;
    }

    /** Mean over all positions, nats a token. */
    public double meanNll() {
        return mean(nll, 0, length()).value();
    }

    /** By how much the mean is above that of {@code other} on the same windows, each window compared with itself. */
    public Ratio riseOver(Quality other) {
        double[] rises = new double[nll.length];
        for (int i = 0; i < rises.length; i++) {
            rises[i] = (sum(nll[i], 0, length()) - sum(other.nll[i], 0, length())) / length();
        }
        return Ratio.ofMean(rises);
    }

    public double perplexity() {
        return Math.exp(meanNll());
    }

    /** Bits spent on the text over its bytes. */
    public double bitsPerByte() {
        return bits(0, length()).value();
    }

    /** Standard error of {@link #bitsPerByte} over the windows; null for fewer than two. */
    public @Nullable Double bitsError() {
        return bits(0, length()).stderr();
    }

    /** Mean over all positions, nats; null without a teacher. */
    public @Nullable Double meanKl() {
        return kl.length == 0 ? null : (Double) mean(kl, 0, length()).value();
    }

    /** Mean over all positions, 0 to 1; null without a teacher. */
    public @Nullable Double meanAgreement() {
        return same.length == 0 ? null : (Double) mean(same, 0, length()).value();
    }

    /** The row of the report's table. */
    public ModelResult row(String name, Role role, @Nullable Long tokens) {
        return new ModelResult(name, role, tokens, meanNll(), perplexity(), bitsPerByte(), meanKl(), meanAgreement());
    }

    /** The curves of the report, positions doubling from {@code first}. */
    public List<PositionCurve> curves(String name, int first) {
        List<PositionCurve> curves = new ArrayList<>();
        curves.add(new PositionCurve(name, PositionCurve.BITS_PER_BYTE, buckets(first, this::bits)));
        if (kl.length > 0) {
            curves.add(new PositionCurve(name, PositionCurve.KL, buckets(first, (from, to) -> mean(kl, from, to))));
            curves.add(new PositionCurve(
                    name, PositionCurve.AGREEMENT, buckets(first, (from, to) -> mean(same, from, to))));
        }
        return curves;
    }

    private List<Bucket> buckets(int first, BiFunction<Integer, Integer, Ratio> mean) {
        List<Bucket> buckets = new ArrayList<>();
        int length = length();
        int from = 0;
        for (int to = Math.min(first, length); from < length; to = Math.min(2 * to, length)) {
            Ratio found = mean.apply(from, to);
            buckets.add(new Bucket(from, to, found.value(), (long) nll.length * (to - from), found.stderr()));
            from = to;
        }
        return buckets;
    }

    private Ratio bits(int from, int to) {
        double[] bits = new double[nll.length];
        double[] weights = new double[nll.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = sum(nll[i], from, to) / BIT;
            weights[i] = sum(bytes[i], from, to);
        }
        return Ratio.of(bits, weights);
    }

    private static Ratio mean(float[][] windows, int from, int to) {
        return Ratio.ofMean(Arrays.stream(windows)
                .mapToDouble(window -> sum(window, from, to) / (to - from))
                .toArray());
    }

    private static double sum(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += values[i];
        }
        return sum;
    }
}
