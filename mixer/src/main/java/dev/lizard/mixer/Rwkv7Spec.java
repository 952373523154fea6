package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The time mixing of RWKV-7 (Peng et al. 2025, arXiv 2503.14456), a delta rule in which decay and learning rate are vectors
 * that the token decides, as far as a conversion uses it:
 *
 * <pre>
 *   log w_t = −e^(−1/2) σ(W₂ tanh(W₁ x_t) + b)        between −0.61 and 0, one a row
 *   a_t = σ(A₂ A₁ x_t + c)                            in-context learning rate, one a row
 *   κ̂_t = k_t ∘ κ, of unit length                     k̃_t = k_t ∘ (1 + (a_t − 1) ∘ α)
 *   M_t = diag(w_t) M_{t−1} − (a_t ∘ κ̂_t)ᵀ (κ̂_t M_{t−1}) + k̃_tᵀ v_t      o_t = q_t M_t / √d
 *   y_t = norm(o_t) ∘ silu(W x_t + b')                of o − mean(o), a head by itself
 * </pre>
 *
 * <p>What is taken away is read before the decay, by another key than the one that writes, and by a part of it in each row.
 *
 * <p><b>Deviations.</b> No mixing with the token before, no residual of the first layer's values, no bonus of the token's own
 * value, whose place a conversion's residual stream does not know; the output gate is the others' here. W₂ = A₂ = 0 at first,
 * with half-lives spread evenly in the logarithm over the rows of a head, and a = ½; κ = α = 1. √d is softmax's, and the
 * norm's ε is 1e-5, not d times that. No RoPE. Heads that share keys share gates and memory.
 *
 * @param rank of both low-rank maps
 * @param shortestHalfLife tokens after which the quickest row has forgotten half, at initialisation
 * @param longestHalfLife the same for the slowest
 * @param near what is kept exactly beside it
 */
record Rwkv7Spec(int rank, double shortestHalfLife, double longestHalfLife, Near near) implements MemorySpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "rwkv7",
            Keys.class,
            (keys, dims) -> new Rwkv7Spec(
                    keys.rank,
                    keys.shortestHalfLife,
                    keys.longestHalfLife,
                    new Near(keys.window, keys.first, keys.branches)),
            new MixerKind.About(
                    "delta rule with decay and rate by row", "G*d*d + 2*G*d*n", "RWKV-7, arXiv 2503.14456"));

    record Keys(
            @Setting(byDefault = "32", min = 1, max = GlaSpec.MOST_RANK)
            int rank,

            @Setting(byDefault = "32", min = SHORTEST, max = 1e9)
            double shortestHalfLife,

            @Setting(byDefault = "2048", min = SHORTEST, max = 1e9)
            double longestHalfLife,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") Branches branches) {
        Keys {
            LizardKeys.requireInOrder(shortestHalfLife, longestHalfLife);
            Near.requireEffect(window, first, branches);
        }
    }

    /** Rows last at least ln 2 / 0.61 tokens; what begins near that has no gradient. */
    static final double SHORTEST = 1.25;

    private static final double STRONGEST = Math.exp(-0.5);

    private static final Ending.Shape ENDING = new Ending.Shape(false, Ending.Norm.GROUP, true, false);

    static final String RATE_DOWN = "rate_down";
    static final String RATE_WEIGHT = "rate_weight";
    static final String RATE_BIAS = "rate_bias";
    static final String REMOVAL = "removal_weight";
    static final String REPLACEMENT = "replacement_weight";

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public MemorySpec with(Near other) {
        return new Rwkv7Spec(rank, shortestHalfLife, longestHalfLife, other);
    }

    @Override
    public Map<String, Object> ownKeys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("rank", rank);
        keys.put("shortest_half_life", shortestHalfLife);
        keys.put("longest_half_life", longestHalfLife);
        return keys;
    }

    @Override
    public Ending.Shape ending() {
        return ENDING;
    }

    private static long keys(HeadDims dims) {
        return (long) dims.keyHeads() * dims.headWidth();
    }

    @Override
    public Map<String, long[]> ownShapes(HeadDims dims) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(GlaSpec.GATE_DOWN, new long[] {rank, dims.width()});
        shapes.put(LizardSpec.GATE_WEIGHT, new long[] {keys(dims), rank});
        shapes.put(LizardSpec.GATE_BIAS, new long[] {keys(dims)});
        shapes.put(RATE_DOWN, new long[] {rank, dims.width()});
        shapes.put(RATE_WEIGHT, new long[] {keys(dims), rank});
        shapes.put(RATE_BIAS, new long[] {keys(dims)});
        shapes.put(REMOVAL, new long[] {dims.keyHeads(), dims.headWidth()});
        shapes.put(REPLACEMENT, new long[] {dims.keyHeads(), dims.headWidth()});
        return shapes;
    }

    @Override
    public List<Parameter> ownInitial(HeadDims dims, RandomStream random) {
        List<Parameter> parameters = new ArrayList<>();
        ownShapes(dims).forEach((name, shape) -> {
            Tensor initial = switch (name) {
                case GlaSpec.GATE_DOWN, RATE_DOWN ->
                    Tensors.of(random.normal(rank * dims.width(), 1 / Math.sqrt(dims.width())), rank, dims.width());
                case LizardSpec.GATE_BIAS -> biases(dims);
                case REMOVAL, REPLACEMENT -> MemorySpec.zeros(shape).add(1);
                default -> MemorySpec.zeros(shape);
            };
            parameters.add(new Parameter(name, initial, "gate"));
        });
        return parameters;
    }

    /** Logits of half-lives that are spread over the rows of each head. */
    private Tensor biases(HeadDims dims) {
        float[] logits = new float[Math.toIntExact(keys(dims))];
        int width = dims.headWidth();
        for (int row = 0; row < logits.length; row++) {
            double part = width == 1 ? 0 : (double) (row % width) / (width - 1);
            double halfLife = shortestHalfLife * Math.pow(longestHalfLife / shortestHalfLife, part);
            double share = Math.log(2) / halfLife / STRONGEST;
            logits[row] = (float) Math.log(share / (1 - share));
        }
        return Tensors.of(logits, logits.length);
    }

    @Override
    public Mixer memory(HeadDims dims, Map<String, Tensor> parameters) {
        return new Rwkv7(this, dims, parameters, ENDING.of(parameters));
    }

    @Override
    public double flops(HeadDims dims, long length) {
        double maps = 4.0 * rank * (dims.width() + keys(dims));
        double memory = 7.0 * memoryNumbers(dims) + 2.0 * MixerSizes.rows(dims) * dims.headWidth();
        return maps + memory + ENDING.flops(dims) + near().flops(dims);
    }

    /** Four tables of differences of gates, and what they are of. */
    @Override
    public long graphNumbers(HeadDims dims, long length) {
        long tables = 4 * MemorySpec.rowGates(dims, length);
        return 24 * MixerSizes.rows(dims) + tables + ENDING.graphNumbers(dims) + near().graphNumbers(dims, length);
    }

    private record Rwkv7(Rwkv7Spec spec, HeadDims dims, Map<String, Tensor> parameters, Ending ending)
            implements Mixer {
        private TransitionMemory.Terms terms(MixerInput in) {
            Tensor q = in.q().mul(Math.pow(dims.headWidth(), -0.5));
            Tensor k = in.k();
            Tensor x = in.x();
            Tensor low = x.linear(parameter(GlaSpec.GATE_DOWN, x), null);
            Tensor decays = rows(in, tanh(low), LizardSpec.GATE_WEIGHT, LizardSpec.GATE_BIAS)
                    .sigmoid()
                    .mul(-STRONGEST); // log w [B, G, T, d]
            Tensor rates = rows(in, x.linear(parameter(RATE_DOWN, x), null), RATE_WEIGHT, RATE_BIAS)
                    .sigmoid();
            Tensor removal = DeltaMemory.unit(k.mul(byHead(REMOVAL, x)));
            Tensor replacement = k.mul(rates.sub(1).mul(byHead(REPLACEMENT, x)).add(1));
            Tensor documents = in.at().documents();
            if (documents != null) { // nothing passes from one to the next
                Tensor first = Documents.firsts(documents);
                decays = decays.maskedFill(first, MatrixMemory.floor(x.dtype()));
                removal = removal.maskedFill(first, 0);
            }
            return new TransitionMemory.Terms(
                    q.reshape(in.batch(), dims.keyHeads(), dims.group(), in.tokens(), dims.headWidth()),
                    removal,
                    removal.mul(rates),
                    replacement,
                    in.v(),
                    decays);
        }

        private Tensor parameter(String name, Tensor like) {
            return MixerSpec.need(parameters, name).to(like.dtype());
        }

        private Tensor byHead(String name, Tensor like) {
            return parameter(name, like).view(1, dims.keyHeads(), 1, dims.headWidth());
        }

        /** [B, G, T, d]. */
        private Tensor rows(MixerInput in, Tensor low, String weight, String bias) {
            return low.linear(parameter(weight, low), parameter(bias, low))
                    .view(in.batch(), in.tokens(), dims.keyHeads(), dims.headWidth())
                    .transpose(1, 2);
        }

        private static Tensor tanh(Tensor x) {
            return x.mul(2).sigmoid().mul(2).sub(1);
        }

        private Tensor heads(Tensor y, MixerInput in) {
            return y.reshape(in.batch(), dims.heads(), in.tokens(), in.v().size(3));
        }

        @Override
        public Tensor parallel(MixerInput original) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Tensor y = heads(TransitionMemory.parallel(terms(in)), in);
                return scope.promote(original.narrowed(ending.after(in, y)));
            }
        }

        @Override
        public Tensor materialize(MixerInput original) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                MixerInput units = in.withValues(in.units());
                return scope.promote(original.narrowed(heads(TransitionMemory.parallel(terms(units)), units)));
            }
        }

        @Override
        public Tensor ended(MixerInput in, Tensor mixed) {
            return ending.after(in, mixed);
        }

        @Override
        public MixerState newState(int batch, DType dtype, Device device) {
            return DeltaMemory.newState(dims, batch, dtype, device);
        }

        @Override
        public Tensor chunk(MixerInput original, MixerState state) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                MatrixMemory.Result result = TransitionMemory.chunk(terms(in), state.get(LinearBranch.MEMORY));
                LinearBranch.keep(state, result.memory());
                return scope.promote(original.narrowed(ending.after(in, heads(result.y(), in))));
            }
        }

        @Override
        public Tensor step(MixerInput original, MixerState state) {
            try (Scope scope = Scope.open()) {
                MixerInput in = original.widened();
                Tensor y = TransitionMemory.step(terms(in), state.get(LinearBranch.MEMORY));
                return scope.promote(original.narrowed(ending.after(in, heads(y, in))));
            }
        }
    }
}
