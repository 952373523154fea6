package dev.lizard.eval.metric;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How good a model is on a text: means over its windows, kept by position so that any stretch can be asked for.
 */
public final class Quality {
    private static final double BIT = Math.log(2);

    private final double[] nll;
    private final double[] bytes;
    private final double[] kl;
    private final double[] agreement;
    private final float[][] windowNll;
    private final float[][] windowBytes;

    /**
     * All arrays are by position and become this object's own.
     *
     * @param nll mean negative log-likelihood, nats a token
     * @param bytes mean bytes of the token
     * @param kl mean KL(teacher || model), nats; empty without a teacher
     * @param agreement share of windows where the most likely token is the teacher's; empty as above
     * @param windowNll negative log-likelihoods of each window by position, nats
     * @param windowBytes bytes of its tokens, likewise
     */
    Quality(double[] nll, double[] bytes, double[] kl, double[] agreement, float[][] windowNll, float[][] windowBytes) {
        this.nll = nll;
        this.bytes = bytes;
        this.kl = kl;
        this.agreement = agreement;
        this.windowNll = windowNll;
        this.windowBytes = windowBytes;
    }

    /** The same over the first {@code positions} only. */
    public Quality within(int positions) {
        int most = Math.min(positions, nll.length);
        int compared = Math.min(positions, kl.length);
        return new Quality(
                Arrays.copyOf(nll, most),
                Arrays.copyOf(bytes, most),
                Arrays.copyOf(kl, compared),
                Arrays.copyOf(agreement, compared),
                within(windowNll, most),
                within(windowBytes, most));
    }

    /** The same over the first {@code count} windows only, without the distance to a teacher. */
    public Quality ofWindows(int count) {
        float[][] ownNll = Arrays.copyOf(windowNll, count);
        float[][] ownBytes = Arrays.copyOf(windowBytes, count);
        return new Quality(means(ownNll), means(ownBytes), new double[0], new double[0], ownNll, ownBytes);
    }

    private static double[] means(float[][] windows) {
        double[] means = new double[windows[0].length];
        for (float[] window : windows) {
            for (int t = 0; t < means.length; t++) {
                means[t] += window[t];
            }
        }
        for (int t = 0; t < means.length; t++) {
            means[t] /= windows.length;
        }
        return means;
    }

    private static float[][] within(float[][] windows, int positions) {
        return Arrays.stream(windows)
                .map(window -> Arrays.copyOf(window, positions))
                .toArray(float[][]::new);
    }

    /** Mean over all positions, nats a token. */
    public double meanNll() {
        return mean(nll, 0, nll.length);
    }

    public double perplexity() {
        return Math.exp(meanNll());
    }

    /** Bits spent on the text over its bytes. */
    public double bitsPerByte() {
        return bits(0, nll.length);
    }

    /** Standard error of {@link #bitsPerByte} over the windows; null for fewer than two. */
    public @Nullable Double bitsError() {
        int windows = windowNll.length;
        if (windows < 2) {
            return null;
        }
        double[] bits = new double[windows];
        for (int i = 0; i < windows; i++) {
            bits[i] = sum(windowNll[i]) / BIT / sum(windowBytes[i]);
        }
        double mean = Arrays.stream(bits).average().orElse(0);
        double squares = Arrays.stream(bits).map(b -> (b - mean) * (b - mean)).sum();
        return Math.sqrt(squares / (windows - 1) / windows);
    }

    private static double sum(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += value;
        }
        return sum;
    }

    /** Mean over all positions, nats; null without a teacher. */
    public @Nullable Double meanKl() {
        return kl.length == 0 ? null : mean(kl, 0, kl.length);
    }

    /** Mean over all positions, 0 to 1; null without a teacher. */
    public @Nullable Double meanAgreement() {
        return agreement.length == 0 ? null : mean(agreement, 0, agreement.length);
    }

    /** The row of the report's table. */
    public ModelResult row(String name, Role role, @Nullable Long tokens) {
        return new ModelResult(name, role, tokens, meanNll(), perplexity(), bitsPerByte(), meanKl(), meanAgreement());
    }

    /** The curves of the report, positions doubling from {@code first}. */
    public List<PositionCurve> curves(String name, int first) {
        List<PositionCurve> curves = new ArrayList<>();
        List<Bucket> bits = new ArrayList<>();
        List<Bucket> distance = new ArrayList<>();
        List<Bucket> same = new ArrayList<>();
        int from = 0;
        for (int to = Math.min(first, nll.length); from < nll.length; to = Math.min(2 * to, nll.length)) {
            long count = (long) windowNll.length * (to - from);
            bits.add(new Bucket(from, to, bits(from, to), count));
            if (kl.length > 0) {
                distance.add(new Bucket(from, to, mean(kl, from, to), count));
                same.add(new Bucket(from, to, mean(agreement, from, to), count));
            }
            from = to;
        }
        curves.add(new PositionCurve(name, PositionCurve.BITS_PER_BYTE, bits));
        if (kl.length > 0) {
            curves.add(new PositionCurve(name, PositionCurve.KL, distance));
            curves.add(new PositionCurve(name, PositionCurve.AGREEMENT, same));
        }
        return curves;
    }

    private double bits(int from, int to) {
        return mean(nll, from, to) / BIT / mean(bytes, from, to);
    }

    private static double mean(double[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += values[i];
        }
        return sum / (to - from);
    }
}
