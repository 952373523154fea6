package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Rotary position embedding (Su et al. 2021), half-split layout: feature i turns with feature i + d/2.
 *
 * <p>Angles are computed for the positions asked for, in float64, and the last few ranges are kept because every layer
 * of a step asks for the same ones. So memory does not grow with the position, and position 1,000,000 is as exact as
 * the first.
 */
public final class Rotary implements AutoCloseable {
    private static final int KEPT = 6;

    /** cos and sin of the angles, each [T, d]. */
    private record Angles(Tensor cos, Tensor sin) {}

    private record Range(long start, long length, DType dtype, Device device) {}

    private final double[] frequencies;
    private final double scale;
    private final Scope scope = Scope.owner();
    private final Map<Range, Angles> recent = new LinkedHashMap<>(8, 0.75f, true);

    /**
     * @param frequencies radians a token for each of the d/2 pairs, all scalings applied
     * @param scale factor on cos and sin (1, or YaRN's attention factor)
     */
    public Rotary(double[] frequencies, double scale) {
        this.frequencies = frequencies.clone();
        this.scale = scale;
    }

    /** The usual frequencies {@code base^(-2i/d)}. */
    public static Rotary plain(double base, int headWidth) {
        double[] frequencies = new double[headWidth / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(base, -2.0 * i / headWidth);
        }
        return new Rotary(frequencies, 1);
    }

    /** Turns x [B, n, T, d], whose first token stands at {@code start}, by the angles of its positions. */
    public Tensor apply(Tensor x, long start) {
        Angles angles = angles(start, x.size(2), x.dtype(), x.device());
        return x.mul(angles.cos).add(halfTurn(x).mul(angles.sin));
    }

    /** The inverse of {@link #apply}. */
    public Tensor undo(Tensor x, long start) {
        Angles angles = angles(start, x.size(2), x.dtype(), x.device());
        Tensor turned = x.mul(angles.cos).sub(halfTurn(x).mul(angles.sin));
        return scale == 1 ? turned : turned.mul(1 / (scale * scale));
    }

    /** (x₁, x₂) → (−x₂, x₁) on the halves of the last axis. */
    private static Tensor halfTurn(Tensor x) {
        long half = x.size(-1) / 2;
        return Tensors.cat(-1, x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half));
    }

    private Angles angles(long start, long length, DType dtype, Device device) {
        Range range = new Range(start, length, dtype, device);
        Angles angles = recent.get(range);
        if (angles == null) {
            if (recent.size() >= KEPT) {
                Iterator<Angles> eldest = recent.values().iterator();
                Angles dropped = eldest.next();
                eldest.remove();
                dropped.cos.close();
                dropped.sin.close();
            }
            angles = compute(range);
            recent.put(range, angles);
        }
        return angles;
    }

    private Angles compute(Range range) {
        int half = frequencies.length;
        int rows = Math.toIntExact(range.length);
        double[] cos = new double[rows * half * 2];
        double[] sin = new double[rows * half * 2];
        for (int t = 0; t < rows; t++) {
            for (int i = 0; i < half; i++) {
                double angle = (range.start + t) * frequencies[i];
                int at = t * half * 2 + i;
                cos[at] = cos[at + half] = Math.cos(angle) * scale;
                sin[at] = sin[at + half] = Math.sin(angle) * scale;
            }
        }
        try (Scope work = Scope.open()) {
            return new Angles(keep(cos, range, half), keep(sin, range, half));
        }
    }

    private Tensor keep(double[] values, Range range, int half) {
        return scope.adopt(
                Tensors.of(values, range.length, half * 2L).to(range.dtype).to(range.device));
    }

    @Override
    public void close() {
        scope.close();
        recent.clear();
    }
}
