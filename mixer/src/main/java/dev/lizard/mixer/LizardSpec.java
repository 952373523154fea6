package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.SlotAttention;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Lizard (arXiv 2507.09025v4, section 3.1): gated linear attention for what is far, a softmax window with meta memory
 * for what is near.
 *
 * <p><b>Gate</b>, one number a head: γ_t = σ(W_γ x_t + b). <b>Features</b>: φ of {@link Hedgehog}, for queries and keys
 * without RoPE; that is what carries past the trained length. <b>Window</b>: {@link WindowSoftmax} over the last w
 * tokens with RoPE, numerator N^w and mass D^w, sinks included.
 *
 * <p><b>Joint</b> (the default). The linear branch holds the tokens before the window, written when they leave it:
 *
 * <pre>
 *   S_t = γ_t S_{t−1} + φ(k_{t−w})ᵀ v_{t−w}      z_t = γ_t z_{t−1} + φ(k_{t−w})
 *   y_t = (φ(q_t) S_t + g N^w_t) / (φ(q_t) z_t + g D^w_t)            g = exp(learned logit), one a head
 * </pre>
 *
 * On a prompt no longer than the window the factor g cancels and the layer is the teacher's but for its sinks. Decay
 * counts from the moment of writing, so a short-lived head remembers the tokens just beyond its window.
 *
 * <p><b>Sum</b>: y = b y^lin + (1 − b) y^win with b a head in (0, 1), the linear branch over all tokens.
 * <b>Literal</b>, as printed: y = y^lin + α y^win, no RoPE in the window, linear branch over all tokens.
 *
 * <p><b>Deviations</b> of the joint form from the paper (docs/mixers.md has what was measured): one normaliser instead
 * of a sum; RoPE in the window; keys before the window only, so that none counts twice; a gate a head with a bias that
 * spreads half-lives; sinks enter as exp(t), as t is called a logit, where the printed sum of t could be negative.
 *
 * <p><b>First tokens</b>, beyond the paper: the first few may be kept exactly and are then seen by the softmax at any
 * distance, not by the memory of the joint form; attention that goes to the beginning of a text stays where it was.
 * <b>Slots</b> keep others so, by a learned score ({@link ExactSlots}); the memory of the joint form then takes up what
 * they lose, when they lose it, or there is none.
 *
 * <p>The state is a {@link KeyRing} and, a head, the matrix [S | z] of f × (d + 1). Held keys are turned; one that is
 * evicted is turned back before its features are taken.
 *
 * @param variant how the two branches are joined
 * @param window w, tokens the window sees, the query's own included
 * @param first tokens from the beginning that the window always sees
 * @param features width of one half of the feature map; f is twice that
 * @param meta m, sink logits (a head, or a layer in the literal variant); 0 for none
 * @param shortestHalfLife tokens after which the quickest head has forgotten half, at initialisation
 * @param longestHalfLife the same for the slowest head; the others lie between, evenly in the logarithm
 * @param branches both, or one of them alone, for ablations
 * @param far what holds the tokens that are not kept exactly; only the joint form can do without
 * @param exact slots, which only the joint form may have
 * @param windowFactor g of the joint form at initialisation; below 1 the memory speaks louder from the start, which models
 *     that are trained from scratch need
 */
public record LizardSpec(
        Variant variant,
        int window,
        int first,
        int features,
        int meta,
        double shortestHalfLife,
        double longestHalfLife,
        Branches branches,
        Far far,
        SlotSpec exact,
        double windowFactor)
        implements MixerSpec {
    static final MixerKind<LizardKeys> JOINT =
            new MixerKind<>(Variant.JOINT.mixer(), LizardKeys.class, LizardKeys::spec, LizardKeys.JOINT);
    static final MixerKind<LizardKeys.Summed> SUM =
            new MixerKind<>(Variant.SUM.mixer(), LizardKeys.Summed.class, LizardKeys.Summed::spec, LizardKeys.SUM);
    static final MixerKind<LizardKeys.Plain> LITERAL = new MixerKind<>(
            Variant.LITERAL.mixer(),
            LizardKeys.Plain.class,
            (keys, dims) -> keys.spec(Variant.LITERAL, dims, SlotSpec.NONE),
            LizardKeys.LITERAL);

    static final double MOST_FEATURES = 1 << 12;

    /** How the branches are joined, and what else differs with it. */
    public enum Variant {
        /** One normaliser over both; the linear branch holds the tokens before the window. The default. */
        JOINT("lizard"),
        /** Convex sum of the two normalised branches; the linear branch holds all tokens. */
        SUM("lizard-sum"),
        /** The paper's printed form: Y = Y_gate + α Y_anchor, no RoPE, one gate, α and set of sinks a layer. */
        LITERAL("lizard-literal");

        private final String mixer;

        Variant(String mixer) {
            this.mixer = mixer;
        }

        public String mixer() {
            return mixer;
        }
    }

    /** Which branches speak: ablations leave one out. */
    public enum Branches {
        BOTH,
        WINDOW,
        LINEAR;

        /** Adds the key of an ablation; both, the usual case, is left out. */
        void write(Map<String, Object> keys) {
            if (this != BOTH) {
                keys.put("branches", name().toLowerCase(Locale.ROOT));
            }
        }
    }

    /** What holds the tokens that are not kept exactly. */
    public enum Far {
        /** The gated linear branch. */
        GATED,
        /** Nothing: they are forgotten. */
        NONE
    }

    static final String QUERY_MAP = "query_map";
    static final String KEY_MAP = "key_map";
    static final String GATE_WEIGHT = "gate_weight";
    static final String GATE_BIAS = "gate_bias";
    static final String WINDOW_LOGIT = "window_logit";
    static final String WINDOW_FACTOR = "window_factor";
    static final String MIX_LOGIT = "mix_logit";
    static final String ALPHA = "alpha";

    public LizardSpec {
        if (window < 1 || features < 1 || first < 0 || meta < 0) {
            throw new IllegalArgumentException(
                    "window and features must be at least 1, first and meta at least 0, found %d, %d, %d, %d"
                            .formatted(window, features, first, meta));
        }
        if (!(shortestHalfLife > 0) || !(longestHalfLife >= shortestHalfLife)) {
            throw new IllegalArgumentException("half-lives must be positive and in order, found %s and %s"
                    .formatted(shortestHalfLife, longestHalfLife));
        }
        if (variant != Variant.JOINT && (far == Far.NONE || exact.slots() > 0)) {
            throw new IllegalArgumentException("slots and far none are of " + Variant.JOINT.mixer() + " alone");
        }
        if (!(windowFactor > 0) || (windowFactor != 1 && (variant != Variant.JOINT || far == Far.NONE))) {
            throw new IllegalArgumentException(
                    "expected a window factor above 0, and 1 where no joint memory is, found " + windowFactor);
        }
        if (variant == Variant.LITERAL && exact.limit() > 0) {
            throw new IllegalArgumentException(variant.mixer() + " reads nothing by its distance");
        }
    }

    /** With the window as loud as it is. */
    public LizardSpec(
            Variant variant,
            int window,
            int first,
            int features,
            int meta,
            double shortestHalfLife,
            double longestHalfLife,
            Branches branches,
            Far far,
            SlotSpec exact) {
        this(variant, window, first, features, meta, shortestHalfLife, longestHalfLife, branches, far, exact, 1);
    }

    /** Without slots. */
    public LizardSpec(
            Variant variant,
            int window,
            int first,
            int features,
            int meta,
            double shortestHalfLife,
            double longestHalfLife,
            Branches branches) {
        this(
                variant,
                window,
                first,
                features,
                meta,
                shortestHalfLife,
                longestHalfLife,
                branches,
                Far.GATED,
                SlotSpec.NONE);
    }

    /** Without first tokens. */
    public LizardSpec(
            Variant variant,
            int window,
            int features,
            int meta,
            double shortestHalfLife,
            double longestHalfLife,
            Branches branches) {
        this(variant, window, 0, features, meta, shortestHalfLife, longestHalfLife, branches);
    }

    /** The default sizes for a variant: w 128, f = 2d, m 4, half-lives 32 to 2,048. */
    public static LizardSpec of(Variant variant, int headWidth) {
        return new LizardSpec(variant, 128, headWidth, 4, 32, 2048, Branches.BOTH);
    }

    @Override
    public Optional<MixerSpec> only(Branches branch) {
        return far == Far.NONE ? Optional.empty() : Optional.of(with(branch, exact));
    }

    @Override
    public String mixer() {
        return variant.mixer();
    }

    @Override
    public Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("window", window);
        if (far == Far.NONE) {
            keys.put("far", "none");
            keys.put("meta", meta);
        } else {
            keys.put("features", features);
            keys.put("meta", meta);
            keys.put("shortest_half_life", shortestHalfLife);
            keys.put("longest_half_life", longestHalfLife);
        }
        if (windowFactor != 1) {
            keys.put(WINDOW_FACTOR, windowFactor);
        }
        if (first > 0) {
            keys.put("first", first);
        }
        branches.write(keys);
        exact.write(keys);
        return keys;
    }

    @Override
    public Map<String, long[]> shapes(HeadDims dims) {
        return new LizardParameters(this, dims).shapes();
    }

    @Override
    public List<Parameter> initial(HeadDims dims, RandomStream random) {
        return new LizardParameters(this, dims).initial(random);
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        shapes(dims).keySet().forEach(name -> MixerSpec.need(parameters, name));
        KeyRing ring = new KeyRing(window, first);
        ExactSlots slots = exact.orNone(ring);
        Hybrid.Plan plan = far == Far.NONE
                ? Hybrid.Plan.of(ring, slots)
                : new Hybrid.Plan(
                        ring,
                        variant != Variant.LITERAL,
                        variant == Variant.JOINT ? Hybrid.Far.EVICTED : Hybrid.Far.ALL,
                        false,
                        features,
                        switch (variant) {
                            case JOINT -> Hybrid.Join.ONE_NORMALISER;
                            case SUM -> Hybrid.Join.CONVEX_SUM;
                            case LITERAL -> Hybrid.Join.SCALED_SUM;
                        },
                        branches,
                        slots);
        return new Hybrid(this, plan, dims, parameters, (given, dtype) -> weights(dims, given, dtype));
    }

    private HybridWeights weights(HeadDims dims, Map<String, Tensor> parameters, DType dtype) {
        Tensor sink = Sinks.of(parameters, dims, dtype);
        SlotScore score = exact.learned() ? SlotScore.of(parameters, dtype) : null;
        if (far == Far.NONE) {
            return new HybridWeights(null, null, null, sink, null, score, exact.rule());
        }
        Tensor bias = parameters.get(GATE_BIAS);
        return new HybridWeights(
                LinearBranch.of(
                        dims, MixerSpec.need(parameters, QUERY_MAP), MixerSpec.need(parameters, KEY_MAP), dtype),
                MixerSpec.need(parameters, GATE_WEIGHT).to(dtype).expand(dims.heads(), dims.width()),
                bias == null ? null : bias.to(dtype),
                sink,
                switch (variant) {
                    case JOINT -> perHead(parameters, WINDOW_LOGIT, dims, dtype).exp();
                    case SUM -> perHead(parameters, MIX_LOGIT, dims, dtype).sigmoid();
                    case LITERAL -> MixerSpec.need(parameters, ALPHA).to(dtype);
                },
                score,
                exact.rule());
    }

    private static Tensor perHead(Map<String, Tensor> parameters, String name, HeadDims dims, DType dtype) {
        return MixerSpec.need(parameters, name).to(dtype).view(1, dims.heads(), 1, 1);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return MixerSizes.pairs(dims, fills()) + memoryNumbers(dims);
    }

    private long memoryNumbers(HeadDims dims) {
        return far == Far.NONE ? 0 : MixerSizes.memory(dims, features);
    }

    @Override
    public long stateBytes(HeadDims dims, DType model, long tokens) {
        return exact.beside(new KeyRing(window, first)).bytes(dims, model)
                + memoryNumbers(dims) * Mixer.computing(model).bytes();
    }

    @Override
    public long fills() {
        return (long) window + first + exact.slots();
    }

    @Override
    public int limit() {
        return exact.limit();
    }

    @Override
    public int slots() {
        return exact.slots();
    }

    @Override
    public boolean judges() {
        return exact.learned();
    }

    @Override
    public MixerSpec withSlots(int count) {
        return exact.slots() == 0 ? this : with(branches, exact.with(count));
    }

    @Override
    public boolean fused(HeadDims dims, DType model, Device device, long length) {
        return far == Far.NONE && !exact.reaches(length) && SlotAttention.serves(device, model, dims.headWidth());
    }

    private LizardSpec with(Branches spoken, SlotSpec slots) {
        return new LizardSpec(
                variant,
                window,
                first,
                features,
                meta,
                shortestHalfLife,
                longestHalfLife,
                spoken,
                far,
                slots,
                windowFactor);
    }

    @Override
    public boolean separates() {
        return first + exact.slots() == 0;
    }

    @Override
    public double flops(HeadDims dims, long length) {
        double scoring = !exact.learned() ? 0 : SlotScore.flops(dims, exact.hidden());
        double memory = far == Far.NONE ? 0 : MixerSizes.memoryFlops(dims, features);
        return MixerSizes.windowFlops(dims, (double) window + exact.slots()) + memory + scoring;
    }

    @Override
    public long graphNumbers(HeadDims dims, long length) {
        long slots = exact.needed() ? MixerSizes.slotGraph(dims, window, exact.slots(), length) : 0;
        long rest = far == Far.NONE
                ? MixerSizes.windowGraph(dims, window, length)
                : MixerSizes.hybridGraph(dims, window, features, length);
        return slots + rest;
    }
}
