package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.DecodeCounters;
import dev.lizard.tensor.cuda.FusedOps;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Rotary position embedding (Su et al. 2021), half-split layout: feature i turns with feature i + d/2.
 *
 * <p>Angles are computed on the device for the positions asked for, in float64, and the last few ranges are kept because
 * every layer asks for the same ones. So memory does not grow with the position, and position 1,000,000 is as exact as
 * the first. One token a row is turned by one product with a [d, d] matrix a row: a sixth of the calls.
 */
public final class Rotary implements AutoCloseable {
    private static final int KEPT = 8;

    /** What a table depends on; {@code back} for the inverse of its turn. */
    private record Turn(long start, long length, boolean back, DType dtype, Device device) {}

    /** On one device: angles a token of the d/2 pairs, the same for both halves [d], and what a turn is made of. */
    private record Constants(
            Tensor frequencies,
            Tensor ofBoth,
            Tensor wideIdentity,
            Tensor wideQuarter,
            Tensor identity,
            Tensor quarter) {
        Tensor identity(DType dtype) {
            return dtype == DType.FLOAT64 ? wideIdentity : dtype == DType.FLOAT32 ? identity : identity.to(dtype);
        }

        Tensor quarter(DType dtype) {
            return dtype == DType.FLOAT64 ? wideQuarter : dtype == DType.FLOAT32 ? quarter : quarter.to(dtype);
        }
    }

    private final double[] frequencies;
    private final double scale;
    private final Scope scope = Scope.owner();
    private final Map<Device, Constants> constants = new HashMap<>();
    private final Map<Device, DecodeCounters> counters = new HashMap<>();
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

    /** Radians a token of each pair, float64 [d/2]. */
    Tensor frequencies(Device device) {
        return constants(device).frequencies;
    }

    /** The factor on cos and sin. */
    double scale() {
        return scale;
    }

    /** Queries and keys turned, in one kernel where {@code tape} and device allow. */
    FusedOps.Rotated apply(MixerInput in, Tape tape) {
        Tensor q = in.q();
        if (q.size(2) == 1 || q.size(-1) % 16 != 0 || !FusedOps.serve(q, tape)) {
            return new FusedOps.Rotated(in.at().turn(q), in.at().turn(in.k()), in.v());
        }
        List<Tensor> turn = angles(in.at().first(), q.size(2), q.device());
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

    /** cos and sin of the angles of {@code length} positions, each pair's in both halves: float32 [length, d]. */
    List<Tensor> angles(long start, long length, Device device) {
        return table(new Turn(start, length, false, DType.FLOAT32, device));
    }

    private Tensor turned(Tensor x, long start, boolean back) {
        List<Tensor> turn = table(new Turn(start, x.size(2), back, x.dtype(), x.device()));
        long half = x.size(-1) / 2;
        Tensor quarter = Tensors.cat(-1, x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)); // (−x₂, x₁)
        return x.mul(turn.get(0)).add(quarter.mul(turn.get(1)));
    }

    private List<Tensor> table(Turn turn) {
        List<Tensor> tensors = recent.get(turn);
        if (tensors == null) {
            if (recent.size() >= KEPT) {
                Iterator<List<Tensor>> eldest = recent.values().iterator();
                List<Tensor> dropped = eldest.next();
                eldest.remove();
                dropped.forEach(Tensor::close);
            }
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Tensor positions = Tensors.arange(turn.start, turn.start + turn.length, turn.device);
                List<Tensor> waves = waves(positions, turn.back, turn.dtype);
                Tensor sin = turn.back ? waves.get(1).neg() : waves.get(1);
                tensors = List.of(scope.adopt(waves.get(0)), scope.adopt(sin));
            }
            recent.put(turn, tensors);
        }
        return tensors;
    }

    /** cos and sin, times the scale, of the angles of int64 positions [n]: [n, d] each; angles are in float64. */
    private List<Tensor> waves(Tensor positions, boolean back, DType dtype) {
        Tensor angles = positions.to(DType.FLOAT64).unsqueeze(-1).mul(constants(positions.device()).ofBoth);
        double factor = back ? 1 / scale : scale;
        Tensor cos = angles.cos();
        Tensor sin = angles.sin();
        return scale == 1
                ? List.of(cos.to(dtype), sin.to(dtype))
                : List.of(cos.mul(factor).to(dtype), sin.mul(factor).to(dtype));
    }

    /** For each of int64 positions [n] the matrix that turns a row vector by it, or back: [n, d, d]. */
    Tensor matrices(Tensor positions, boolean back, DType dtype) {
        List<Tensor> waves = waves(positions, back, dtype);
        Constants fixed = constants(positions.device());
        Tensor cos = waves.get(0).unsqueeze(-1).mul(fixed.identity(dtype)); // [n, d, d]
        Tensor sin = waves.get(1).unsqueeze(-1).mul(fixed.quarter(dtype));
        return back ? cos.sub(sin) : cos.add(sin);
    }

    /** Counters of decoding kernels, which outlive the steps that recordings know. */
    DecodeCounters counters(Device device) {
        return counters.computeIfAbsent(device, DecodeCounters::new);
    }

    private Constants constants(Device device) {
        return constants.computeIfAbsent(device, there -> {
            int half = frequencies.length;
            long width = 2L * half;
            try (Scope work = Scope.open()) {
                Tensor identity = Tensors.eye(width, DType.FLOAT64, Device.CPU);
                Tensor quarter = Tensors.cat( // e_i to e_{i + d/2}, e_{i + d/2} to −e_i
                        0,
                        identity.narrow(0, half, half),
                        identity.narrow(0, 0, half).neg());
                Tensor each = Tensors.of(frequencies, half);
                return new Constants(
                        scope.adopt(each.to(there)),
                        scope.adopt(Tensors.cat(-1, each, each).to(there)),
                        scope.adopt(identity.to(there)),
                        scope.adopt(quarter.to(there)),
                        scope.adopt(identity.to(DType.FLOAT32).to(there)),
                        scope.adopt(quarter.to(DType.FLOAT32).to(there)));
            }
        });
    }

    @Override
    public void close() {
        scope.close();
        recent.clear();
        constants.clear();
        counters.values().forEach(DecodeCounters::close);
        counters.clear();
    }
}
