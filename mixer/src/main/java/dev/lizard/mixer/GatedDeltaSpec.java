package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The gated delta rule (Yang et al. 2024, Gated DeltaNet, arXiv 2412.06464): a memory that forgets by a gate and that
 * corrects what it says of a key instead of adding to it. With q̂ and k̂ of unit length:
 *
 * <pre>
 *   γ_t = σ(W_γ x_t + b_γ)      β_t = σ(W_β x_t + b_β)
 *   M_t = γ_t M_{t−1} + β_t k̂_tᵀ (v_t − k̂_t γ_t M_{t−1})
 *   y_t = q̂_t M_t
 * </pre>
 *
 * <p>A key that is written again has its value replaced, which adding cannot do; the gate lets go of all at once.
 *
 * <p><b>Deviations.</b> γ is a plain sigmoid with half-lives spread over the heads, as Lizard's, rather than
 * exp(−A softplus(·)). No short convolutions and no SiLU on q and k, which a conversion does not survive; no norm and no
 * output gate, so that the output is linear in v. Positions come from the gate alone, not from RoPE. Heads that share
 * keys share gates and memory.
 *
 * <p><b>DeltaNet</b> (Yang et al. 2024, arXiv 2406.06484) is the same without the gate, γ = 1: it forgets by overwriting alone.
 *
 * <p>Documents are kept apart by a gate of {@link MatrixMemory#floor} at their first token: what is left then is below
 * rounding. The forms are {@link DeltaMemory}'s.
 *
 * @param shortestHalfLife tokens after which the quickest key head has forgotten half, at initialisation
 * @param longestHalfLife the same for the slowest; the others lie between, evenly in the logarithm
 * @param gated whether there is a gate; without one half-lives are 0
 * @param near what is kept exactly beside it
 */
record GatedDeltaSpec(double shortestHalfLife, double longestHalfLife, boolean gated, Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "gated-delta",
            Keys.class,
            (keys, dims) -> new GatedDeltaSpec(
                    keys.shortestHalfLife,
                    keys.longestHalfLife,
                    true,
                    new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About("delta rule with a gate", "G*d*d + 2*G*d*n", "Gated DeltaNet, arXiv 2412.06464"));
    static final MixerKind<Near.Keys> UNGATED = new MixerKind<>(
            "deltanet",
            Near.Keys.class,
            (keys, dims) -> new GatedDeltaSpec(0, 0, false, keys.near()),
            new MixerKind.About("delta rule", "G*d*d + 2*G*d*n", "DeltaNet, arXiv 2406.06484"));

    static final String BETA_WEIGHT = "beta_weight";
    static final String BETA_BIAS = "beta_bias";

    record Keys(
            @Setting(byDefault = "32", min = 1e-3, max = 1e9)
            double shortestHalfLife,

            @Setting(byDefault = "2048", min = 1e-3, max = 1e9)
            double longestHalfLife,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") LizardSpec.Branches branches) {
        Keys {
            LizardKeys.requireInOrder(shortestHalfLife, longestHalfLife);
            Near.requireEffect(window, first, branches);
        }
    }

    @Override
    public String mixer() {
        return gated ? KIND.name() : UNGATED.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new GatedDeltaSpec(shortestHalfLife, longestHalfLife, gated, other);
    }

    @Override
    public Map<String, Object> ownKeys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        if (gated) {
            keys.put("shortest_half_life", shortestHalfLife);
            keys.put("longest_half_life", longestHalfLife);
        }
        return keys;
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        long[] weight = {dims.keyHeads(), dims.width()};
        long[] bias = {dims.keyHeads()};
        Map<String, long[]> shapes = new LinkedHashMap<>();
        if (gated) {
            shapes.put(LizardSpec.GATE_WEIGHT, weight);
            shapes.put(LizardSpec.GATE_BIAS, bias);
        }
        shapes.put(BETA_WEIGHT, weight);
        shapes.put(BETA_BIAS, bias);
        return shapes;
    }

    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        return ownShapes(dims).entrySet().stream()
                .map(entry -> new Parameter(
                        entry.getKey(),
                        entry.getKey().equals(LizardSpec.GATE_BIAS)
                                ? LogGates.biases(dims.keyHeads(), shortestHalfLife, longestHalfLife)
                                : MemorySpec.zeros(entry.getValue()),
                        "gate"))
                .toList();
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return new GatedDelta(this, dims, parameters);
    }

    /** Decay, what is known of the key, the correction, what is read. */
    @Override
    public double flops(HeadDims dims, long length) {
        return 5.0 * memoryNumbers(dims) + 2.0 * MixerSizes.rows(dims) * dims.headWidth() + near().flops(dims);
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        long pairs = 6L * dims.heads() * Math.min(MatrixMemory.CHUNK, length);
        return 16 * MixerSizes.rows(dims) + pairs + near().graphNumbers(dims, length);
    }

    private record GatedDelta(GatedDeltaSpec spec, HeadDims dims, Map<String, Tensor> parameters) implements Mixer {
        /** q̂ [B, G, R, T, d], k̂ [B, G, T, d], v, β and log γ [B, G, T, 1]. */
        private record Inputs(Tensor q, Tensor k, Tensor v, Tensor beta, Tensor logGate) {}

        private Inputs inputs(MixerInput in) {
            Tensor beta = logit(in, BETA_WEIGHT, BETA_BIAS);
            Tensor gate = spec.gated
                    ? logit(in, LizardSpec.GATE_WEIGHT, LizardSpec.GATE_BIAS)
                            .logSigmoid()
                            .clampMin(MatrixMemory.floor(in.q().dtype()))
                    : Tensors.zeros(beta.dtype(), beta.device(), beta.shape());
            return new Inputs(
                    DeltaMemory.unit(in.q())
                            .reshape(in.batch(), dims.keyHeads(), dims.group(), in.tokens(), dims.headWidth()),
                    DeltaMemory.unit(in.k()),
                    in.v(),
                    beta.sigmoid(),
                    apart(gate, in));
        }

        /** [B, G, T, 1]. */
        private Tensor logit(MixerInput in, String weight, String bias) {
            return MemorySpec.logit(in, parameters, weight, bias).unsqueeze(-1);
        }

        /** Nothing passes from one document to the next. */
        private static Tensor apart(Tensor gate, MixerInput in) {
            Tensor documents = in.at().documents();
            if (documents == null) {
                return gate;
            }
            return gate.maskedFill(Documents.firsts(documents), MatrixMemory.floor(gate.dtype()));
        }

        private Tensor heads(Tensor y, MixerInput in) {
            return y.reshape(in.batch(), dims.heads(), in.tokens(), in.v().size(3));
        }

        @Override
        public Tensor parallel(MixerInput original) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Inputs parts = inputs(in);
                Tensor y = DeltaMemory.parallel(parts.q, parts.k, parts.v, parts.beta, parts.logGate);
                return scope.promote(original.narrowed(heads(y, in)));
            }
        }

        @Override
        public MixerState newState(int batch, DType dtype, Device device) {
            return DeltaMemory.newState(dims, batch, dtype, device);
        }

        @Override
        public Tensor chunk(MixerInput original, MixerState state) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Inputs parts = inputs(in);
                MatrixMemory.Result result = DeltaMemory.chunk(
                        parts.q, parts.k, parts.v, parts.beta, parts.logGate, state.get(LinearBranch.MEMORY));
                LinearBranch.keep(state, result.memory());
                return scope.promote(original.narrowed(heads(result.y(), in)));
            }
        }

        @Override
        public Tensor step(MixerInput original, MixerState state) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Inputs parts = inputs(in);
                Tensor y = DeltaMemory.step(
                        parts.q.select(3, 0),
                        parts.k,
                        parts.v,
                        parts.beta,
                        parts.logGate,
                        state.get(LinearBranch.MEMORY));
                return scope.promote(original.narrowed(heads(y, in)));
            }
        }
    }
}
