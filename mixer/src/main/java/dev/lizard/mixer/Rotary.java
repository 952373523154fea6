package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.DecodeCounters;
import dev.lizard.tensor.kernel.FusedOps;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
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

    /** Distances that have a table: some megabytes. */
    private static final int TABLE = 4096;

    /** cos and sin, times the scale, of the angles of n positions, each pair's in both halves: [n, d] each. */
    record Waves(Tensor cos, Tensor sin) {
        private Waves rows(Tensor rows, long[] shape) {
            return new Waves(
                    cos.indexSelect(0, rows).view(shape),
                    sin.indexSelect(0, rows).view(shape));
        }
    }

    private record Range(long start, long length, DType dtype, Device device) {}

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
    private final HostAngles onHost;
    private final Scope scope = Scope.owner();
    private final Map<Device, Constants> constants = new HashMap<>();
    private final Map<Device, Tensor> turns = new HashMap<>();
    private final Map<Device, DecodeCounters> counters = new HashMap<>();
    private final Map<Range, Waves> recent = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<Range, Waves> tables = new HashMap<>();

    /**
     * @param frequencies radians a token for each of the d/2 pairs, all scalings applied
     * @param scale factor on cos and sin (1, or YaRN's attention factor)
     */
    public Rotary(double[] frequencies, double scale) {
        this.frequencies = frequencies.clone();
        this.scale = scale;
        onHost = new HostAngles(this.frequencies);
    }

    /** The usual frequencies {@code base^(-2i/d)}. */
    public static Rotary plain(double base, int headWidth) {
        double[] frequencies = new double[headWidth / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = Math.pow(base, -2.0 * i / headWidth);
        }
        return new Rotary(frequencies, 1);
    }

    /** x [B, n, T, d] turned by angles, or back. */
    Tensor turned(Tensor x, Waves waves, boolean back) {
        long half = x.size(-1) / 2;
        Tensor quarter = Tensors.cat(-1, x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)); // (−x₂, x₁)
        Tensor cos = x.mul(waves.cos);
        Tensor sin = quarter.mul(waves.sin);
        return back ? unscaled(cos.sub(sin)) : cos.add(sin);
    }

    /** Turning back undoes the scale, which cos and sin have once. */
    private Tensor unscaled(Tensor turned) {
        return scale == 1 ? turned : turned.mul(1 / (scale * scale));
    }

    /** x [..., d] turned by a quarter: (−x₂, x₁). */
    Tensor quarter(Tensor x) {
        return x.matmul(constants(x.device()).quarter(x.dtype()));
    }

    /** Radians a token of each pair, float64 [d/2]. */
    Tensor frequencies(Device device) {
        return constants(device).frequencies;
    }

    /** Turns a token of each pair as fractions of 2^64, which whole numbers of tokens multiply exactly: int64 [d/2]. */
    Tensor turns(Device device) {
        return turns.computeIfAbsent(device, there -> {
            long[] each = Arrays.stream(frequencies)
                    .map(radians -> radians / (2 * Math.PI))
                    .mapToLong(turn -> (long) Math.scalb(turn - Math.floor(turn), 62) << 2)
                    .toArray();
            try (Scope work = Scope.open()) {
                return scope.adopt(Tensors.of(each, each.length).to(there));
            }
        });
    }

    /** Those of distances, without the scale, for loops on the host. */
    HostAngles onHost() {
        return onHost;
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
        Waves turn = in.at().angles(0, q.size(2), q.device());
        return FusedOps.rotate(q, in.k(), in.v(), turn.cos, turn.sin, tape);
    }

    /** Lets {@code owner} keep the tables that kernels read for sequences of {@code tokens}; others may push them out. */
    public void keep(long tokens, Device device, Scope owner) {
        Waves table = waves(0, tokens, DType.FLOAT32, device);
        owner.adopt(table.cos.detach());
        owner.adopt(table.sin.detach());
    }

    /** Those of {@code length} positions from {@code start} on; the last few asked for are kept. */
    Waves waves(long start, long length, DType dtype, Device device) {
        Range range = new Range(start, length, dtype, device);
        Waves table = recent.get(range);
        if (table == null) {
            if (recent.size() >= KEPT) {
                Iterator<Waves> eldest = recent.values().iterator();
                Waves dropped = eldest.next();
                eldest.remove();
                dropped.cos.close();
                dropped.sin.close();
            }
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Waves made = waves(Tensors.arange(start, start + length, device), dtype);
                table = new Waves(scope.adopt(made.cos), scope.adopt(made.sin));
            }
            recent.put(range, table);
        }
        return table;
    }

    /** Those of int64 positions [..., n]; angles are formed in float64. */
    Waves waves(Tensor positions, DType dtype) {
        Tensor angles = positions.to(DType.FLOAT64).unsqueeze(-1).mul(constants(positions.device()).ofBoth);
        Tensor cos = angles.cos();
        Tensor sin = angles.sin();
        return scale == 1
                ? new Waves(cos.to(dtype), sin.to(dtype))
                : new Waves(cos.mul(scale).to(dtype), sin.mul(scale).to(dtype));
    }

    /**
     * Those that take a key as far back as the query is ahead of it, for int64 distances of any shape: [..., d]. Of the
     * first few thousand distances there is a table that stays.
     *
     * @param most that no distance exceeds; {@link Long#MAX_VALUE} where that is not known
     */
    Waves behind(Tensor distances, long most, DType dtype) {
        if (most == Long.MAX_VALUE) {
            return waves(distances.neg(), dtype);
        }
        Device device = distances.device();
        long[] shape = Arrays.copyOf(distances.shape(), distances.rank() + 1);
        shape[distances.rank()] = 2L * frequencies.length;
        Tensor all = distances.reshape(-1);
        if (most < TABLE) {
            return table(dtype, device).rows(all, shape);
        }
        Tensor low = all.remainder(TABLE);
        Tensor high = all.sub(low).to(DType.FLOAT32).mul(1.0 / TABLE).round().to(DType.INT64);
        Waves fine = table(dtype, device).rows(low, shape);
        Waves coarse = waves(Tensors.arange(0, most / TABLE + 1, device).mul(-TABLE), dtype)
                .rows(high, shape);
        Tensor cos = coarse.cos.mul(fine.cos).sub(coarse.sin.mul(fine.sin));
        Tensor sin = coarse.sin.mul(fine.cos).add(coarse.cos.mul(fine.sin));
        return scale == 1 ? new Waves(cos, sin) : new Waves(cos.mul(1 / scale), sin.mul(1 / scale));
    }

    private Waves table(DType dtype, Device device) {
        return tables.computeIfAbsent(new Range(0, TABLE, dtype, device), range -> {
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Waves made = waves(Tensors.arange(0, TABLE, device).neg(), dtype);
                return new Waves(scope.adopt(made.cos), scope.adopt(made.sin));
            }
        });
    }

    /** For each of int64 positions [n] the matrix that turns a row vector by it, or back: [n, d, d]. */
    Tensor matrices(Tensor positions, boolean back, DType dtype) {
        Waves waves = waves(positions, dtype);
        Constants fixed = constants(positions.device());
        Tensor cos = waves.cos.unsqueeze(-1).mul(fixed.identity(dtype)); // [n, d, d]
        Tensor sin = waves.sin.unsqueeze(-1).mul(fixed.quarter(dtype));
        return back ? unscaled(cos.sub(sin)) : cos.add(sin);
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
        tables.clear();
        turns.clear();
        constants.clear();
        counters.values().forEach(DecodeCounters::close);
        counters.clear();
    }
}
