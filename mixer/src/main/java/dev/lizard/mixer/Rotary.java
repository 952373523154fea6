package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.DecodeClock;
import dev.lizard.tensor.cuda.FusedOps;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rotary position embedding (Su et al. 2021), half-split layout: feature i turns with feature i + d/2.
 *
 * <p>Angles are computed for the positions asked for, in float64, and the last few ranges are kept because every layer
 * of a step asks for the same ones. So memory does not grow with the position, and position 1,000,000 is as exact as
 * the first. One token is turned by one product with a [d, d] matrix: the same numbers in a sixth of the calls.
 */
public final class Rotary implements AutoCloseable {
    private static final int KEPT = 8;

    /** What a turn depends on; {@code back} for its inverse. */
    private record Turn(long start, long length, boolean back, DType dtype, Device device) {}

    /** What a clock of decoding kernels depends on. */
    private record Beat(int window, Device device) {}

    private final double[] frequencies;
    private final double scale;
    private final Scope scope = Scope.owner();
    private final Map<Beat, DecodeClock> clocks = new LinkedHashMap<>();
    private final Map<Turn, List<Tensor>> recent = new LinkedHashMap<>(16, 0.75f, true);

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
        return turned(x, start, false);
    }

    /** The clock by which decoding kernels with this window turn queries and keys; it is this object's. */
    DecodeClock clock(int window, Device device) {
        return clocks.computeIfAbsent(
                new Beat(window, device), b -> new DecodeClock(frequencies, scale, b.window, b.device));
    }

    /** The clocks that were asked for. */
    public Collection<DecodeClock> clocks() {
        return Collections.unmodifiableCollection(clocks.values());
    }

    /** Queries and keys turned, in one kernel where {@code tape} and device allow. */
    FusedOps.Rotated apply(MixerInput in, Tape tape) {
        Tensor q = in.q();
        if (q.size(2) == 1 || q.size(-1) % 16 != 0 || !FusedOps.serve(q, tape)) {
            return new FusedOps.Rotated(apply(q, in.start()), apply(in.k(), in.start()), in.v());
        }
        List<Tensor> turn = angles(in.start(), q.size(2), q.device());
        return FusedOps.rotate(q, in.k(), in.v(), turn.get(0), turn.get(1), tape);
    }

    /** Lets {@code owner} keep the tables that kernels read for sequences of {@code tokens}; others may push them out. */
    public void keep(long tokens, Device device, Scope owner) {
        angles(0, tokens, device).forEach(table -> owner.adopt(table.detach()));
    }

    /** The inverse of {@link #apply}. */
    public Tensor undo(Tensor x, long start) {
        return turned(x, start, true);
    }

    /** cos and sin of the angles of {@code length} > 1 positions, each pair's in both halves: float32 [length, d]. */
    List<Tensor> angles(long start, long length, Device device) {
        return turn(new Turn(start, length, false, DType.FLOAT32, device));
    }

    private Tensor turned(Tensor x, long start, boolean back) {
        List<Tensor> turn = turn(new Turn(start, x.size(2), back, x.dtype(), x.device()));
        if (turn.size() == 1) {
            return x.matmul(turn.getFirst());
        }
        long half = x.size(-1) / 2;
        Tensor quarter = Tensors.cat(-1, x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)); // (−x₂, x₁)
        return x.mul(turn.get(0)).add(quarter.mul(turn.get(1)));
    }

    /** The matrix [d, d] for one token, else cos and sin [T, d]. */
    private List<Tensor> turn(Turn turn) {
        List<Tensor> tensors = recent.get(turn);
        if (tensors == null) {
            if (recent.size() >= KEPT) {
                Iterator<List<Tensor>> eldest = recent.values().iterator();
                List<Tensor> dropped = eldest.next();
                eldest.remove();
                dropped.forEach(Tensor::close);
            }
            tensors = turn.length == 1 ? matrix(turn) : table(turn);
            recent.put(turn, tensors);
        }
        return tensors;
    }

    private double angle(Turn turn, long t, int pair) {
        double angle = (turn.start + t) * frequencies[pair];
        return turn.back ? -angle : angle;
    }

    private double factor(Turn turn) {
        return turn.back ? 1 / scale : scale;
    }

    private List<Tensor> table(Turn turn) {
        int half = frequencies.length;
        int rows = Math.toIntExact(turn.length);
        double[] cos = new double[rows * half * 2];
        double[] sin = new double[rows * half * 2];
        for (int t = 0; t < rows; t++) {
            for (int i = 0; i < half; i++) {
                double angle = angle(turn, t, i);
                int at = t * half * 2 + i;
                cos[at] = cos[at + half] = Math.cos(angle) * factor(turn);
                sin[at] = sin[at + half] = Math.sin(angle) * factor(turn);
            }
        }
        return List.of(keep(cos, turn), keep(sin, turn));
    }

    private List<Tensor> matrix(Turn turn) {
        int half = frequencies.length;
        int width = 2 * half;
        double[] matrix = new double[width * width]; // row vectors: x M
        for (int i = 0; i < half; i++) {
            double angle = angle(turn, 0, i);
            double cos = Math.cos(angle) * factor(turn);
            double sin = Math.sin(angle) * factor(turn);
            matrix[i * width + i] = matrix[(i + half) * width + i + half] = cos;
            matrix[i * width + i + half] = sin;
            matrix[(i + half) * width + i] = -sin;
        }
        return List.of(keep(matrix, turn));
    }

    private Tensor keep(double[] values, Turn turn) {
        int width = frequencies.length * 2;
        try (Scope work = Scope.open()) {
            return scope.adopt(Tensors.of(values, values.length / width, width)
                    .to(turn.dtype)
                    .to(turn.device));
        }
    }

    @Override
    public void close() {
        scope.close();
        recent.clear();
        clocks.values().forEach(DecodeClock::close);
        clocks.clear();
    }
}
