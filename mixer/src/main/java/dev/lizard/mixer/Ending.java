package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What stands between a memory and the output projection, a head by itself, with o what is read:
 *
 * <pre>
 *   o' = o + D v              D one number a head
 *   o' = o + f(x, q, k, v)    of the token itself, where a mixer has such a term
 *   n(o) = w ∘ o / √(mean(o²) + ε)     or of o − mean(o)                      w [H, d]
 *   y = n(o') ∘ silu(W x + b)     or n(o' ∘ silu(W x + b))                    W [H d, D]
 * </pre>
 *
 * <p>Each may be left out. At first W = 0, silu(b) = 1 and w = 1, so that the gate is open.
 *
 * @param gateFirst whether the norm is of what the gate lets through
 * @param self what a token adds by itself
 */
record Ending(
        @Nullable Tensor skip,
        Norm norm,
        @Nullable Tensor weight,
        @Nullable Tensor gateWeight,
        @Nullable Tensor gateBias,
        boolean gateFirst,
        @Nullable SelfTerm self) {
    /** What a token adds to what it reads: [B, H, T, d]. */
    @FunctionalInterface
    interface SelfTerm {
        Tensor of(MixerInput in);
    }

    enum Norm {
        NONE,
        /** By the root of the mean square. */
        RMS,
        /** The mean is taken off before. */
        GROUP
    }

    /** As data. */
    record Shape(boolean skips, Norm norm, boolean gated, boolean gateFirst) {
        static final Shape NONE = new Shape(false, Norm.NONE, false, false);

        Map<String, long[]> shapes(HeadDims dims) {
            Map<String, long[]> shapes = new LinkedHashMap<>();
            if (skips) {
                shapes.put(SKIP, new long[] {dims.heads()});
            }
            if (norm != Norm.NONE) {
                shapes.put(NORM_WEIGHT, new long[] {dims.heads(), dims.headWidth()});
            }
            if (gated) {
                shapes.put(GATE_WEIGHT, new long[] {MixerSizes.rows(dims), dims.width()});
                shapes.put(GATE_BIAS, new long[] {MixerSizes.rows(dims)});
            }
            return shapes;
        }

        List<MixerSpec.Parameter> initial(HeadDims dims) {
            return shapes(dims).entrySet().stream()
                    .map(entry -> new MixerSpec.Parameter(
                            entry.getKey(),
                            Tensors.full(start(entry.getKey()), DType.FLOAT32, Device.CPU, entry.getValue()),
                            GROUP))
                    .toList();
        }

        private static double start(String name) {
            return switch (name) {
                case NORM_WEIGHT, SKIP -> 1;
                case GATE_BIAS -> OPEN;
                default -> 0;
            };
        }

        Ending of(Map<String, Tensor> parameters) {
            return new Ending(
                    parameters.get(SKIP),
                    norm,
                    parameters.get(NORM_WEIGHT),
                    parameters.get(GATE_WEIGHT),
                    parameters.get(GATE_BIAS),
                    gateFirst,
                    null);
        }

        /** Operations a token. */
        double flops(HeadDims dims) {
            return gated ? 2.0 * MixerSizes.rows(dims) * dims.width() : 0;
        }

        /** Numbers a token that a graph keeps. */
        long graphNumbers(HeadDims dims) {
            return MixerSizes.rows(dims) * ((norm == Norm.NONE ? 0 : 3) + (gated ? 3 : 0) + (skips ? 1 : 0));
        }
    }

    static final Ending NONE = new Ending(null, Norm.NONE, null, null, null, false, null);

    static final String SKIP = "skip";
    static final String NORM_WEIGHT = "norm_weight";
    static final String GATE_WEIGHT = "output_gate_weight";
    static final String GATE_BIAS = "output_gate_bias";

    /** The group of all of them. */
    private static final String GROUP = "out";

    /** silu of it is 1. */
    private static final double OPEN = 1.278464542761074;

    private static final double EPSILON = 1e-5;

    /** o + D v of o [B, H, T, e], v [B, G, T, e]. */
    Tensor skipped(MixerInput in, Tensor o) {
        if (skip == null) {
            return o;
        }
        Tensor v = in.v().size(1) == o.size(1)
                ? in.v()
                : in.v().repeatInterleave(o.size(1) / in.v().size(1), 1);
        return o.add(v.mul(skip.to(o.dtype()).view(1, -1, 1, 1)));
    }

    /** The same with a term of the token itself. */
    Ending with(SelfTerm term) {
        return new Ending(skip, norm, weight, gateWeight, gateBias, gateFirst, term);
    }

    /** What becomes of what was read [B, H, T, d]. */
    Tensor after(MixerInput in, Tensor read) {
        Tensor o = self == null ? read : read.add(self.of(in));
        return gateFirst ? normed(gated(in, o)) : gated(in, normed(o));
    }

    private Tensor gated(MixerInput in, Tensor o) {
        if (gateWeight == null || gateBias == null) {
            return o;
        }
        return in.x()
                .linear(gateWeight.to(o.dtype()), gateBias.to(o.dtype())) // [B, T, H d]
                .silu()
                .view(o.size(0), o.size(2), o.size(1), o.size(3))
                .transpose(1, 2)
                .mul(o);
    }

    private Tensor normed(Tensor o) {
        if (norm == Norm.NONE || weight == null) {
            return o;
        }
        Tensor centred = norm == Norm.GROUP ? o.sub(o.mean(-1, true)) : o;
        Tensor scale = centred.square().mean(-1, true).add(EPSILON).pow(-0.5);
        return centred.mul(scale).mul(weight.to(o.dtype()).unsqueeze(1));
    }
}
