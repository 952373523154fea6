package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Exact attention to what is near, a memory of what is far, and how the two are joined: one engine for all hybrids, in
 * three forms. Which tokens each part holds:
 *
 * <pre>
 *   near   the last w and the first m, in a {@link KeyRing}, with softmax weights   N_t, mass D_t, sinks included
 *   far    a {@link LinearBranch} over the others, written when they are evicted    S_t, mass z_t
 *          ({@link Far#EVICTED}), or over all, written at once ({@link Far#ALL})
 *
 *   join   one normaliser     y = (S + g N) / (z + g D)
 *          convex sum         y = b S/z + (1 − b) N/D
 *          scaled sum         y = S/z + α N/D
 * </pre>
 *
 * <p>What g, b, α, the decay of the memory and its features are is the mixer's own ({@link Weights}).
 */
final class Hybrid implements Mixer {
    private static final String NEAR = "near";
    private static final String FIRST = "first";
    private static final String FAR = "far";

    /** What the memory holds. */
    enum Far {
        NONE,
        EVICTED,
        ALL
    }

    /** How near and far become one output. */
    enum Join {
        ONE_NORMALISER,
        CONVEX_SUM,
        SCALED_SUM
    }

    /**
     * A hybrid as data.
     *
     * @param near what is held exactly
     * @param turnsNear whether its queries and keys have RoPE
     * @param far what the memory holds
     * @param turnsFar whether features are taken after RoPE
     * @param half width of one half of the feature map
     * @param join how near and far become one output
     * @param branches which of them speak: ablations leave one out
     */
    record Plan(
            KeyRing near,
            boolean turnsNear,
            Far far,
            boolean turnsFar,
            int half,
            Join join,
            LizardSpec.Branches branches) {
        /** Softmax alone. */
        static Plan of(KeyRing near) {
            return new Plan(near, true, Far.NONE, false, 0, Join.ONE_NORMALISER, LizardSpec.Branches.WINDOW);
        }
    }

    /**
     * The parameters as the formulas use them.
     *
     * @param memory null without a memory
     * @param gateWeight W_γ [H, D] of the memory's decay log γ = log σ(W_γ x + b), or null for none
     * @param gateBias b [H] or null
     * @param sink one logit a head [H] or null
     * @param share g, b or α, broadcast over [B, H, T, 1]; null without a memory
     */
    record Weights(
            @Nullable LinearBranch memory,
            @Nullable Tensor gateWeight,
            @Nullable Tensor gateBias,
            @Nullable Tensor sink,
            @Nullable Tensor share) {
        LinearBranch linear() {
            if (memory == null) {
                throw new IllegalStateException("a mixer without a memory");
            }
            return memory;
        }

        Tensor joined() {
            if (share == null) {
                throw new IllegalStateException("a mixer without a memory");
            }
            return share;
        }

        /** log γ [B, H, T] of x [B, T, D]. */
        @Nullable
        Tensor logGate(Tensor x) {
            return gateWeight == null
                    ? null
                    : x.linear(gateWeight, gateBias).logSigmoid().transpose(1, 2);
        }

        private Weights kept(Scope owner) {
            return new Weights(
                    memory == null
                            ? null
                            : new LinearBranch(
                                    memory.dims(), copy(memory.queryMap(), owner), copy(memory.keyMap(), owner)),
                    optional(gateWeight, owner),
                    optional(gateBias, owner),
                    optional(sink, owner),
                    optional(share, owner));
        }

        private static Tensor copy(Tensor tensor, Scope owner) {
            return owner.adopt(tensor.copy());
        }

        private static @Nullable Tensor optional(@Nullable Tensor tensor, Scope owner) {
            return tensor == null ? null : copy(tensor, owner);
        }
    }

    /** What a mixer makes of its parameters, in float32 or float64. */
    @FunctionalInterface
    interface Reading {
        Weights weights(Map<String, Tensor> parameters, DType dtype);
    }

    private final MixerSpec spec;
    private final Plan plan;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;
    private final Reading reading;
    private final @Nullable Weights frozen;

    Hybrid(MixerSpec spec, Plan plan, HeadDims dims, Map<String, Tensor> parameters, Reading reading) {
        this(spec, plan, dims, parameters, reading, null);
    }

    private Hybrid(
            MixerSpec spec,
            Plan plan,
            HeadDims dims,
            Map<String, Tensor> parameters,
            Reading reading,
            @Nullable Weights frozen) {
        this.spec = spec;
        this.plan = plan;
        this.dims = dims;
        this.parameters = parameters;
        this.reading = reading;
        this.frozen = frozen;
    }

    Weights weights(DType dtype) {
        return frozen != null && frozenIn(frozen) == dtype ? frozen : reading.weights(parameters, dtype);
    }

    private static @Nullable DType frozenIn(Weights weights) {
        Tensor some = weights.share == null ? weights.sink : weights.share;
        return some == null ? null : some.dtype();
    }

    @Override
    public Mixer frozen(DType model, Scope owner) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Weights kept = reading.weights(parameters, Mixer.computing(model)).kept(owner);
            return new Hybrid(spec, plan, dims, parameters, reading, kept);
        }
    }

    @Override
    public MixerSpec spec() {
        return spec;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    Plan plan() {
        return plan;
    }

    HeadDims dims() {
        return dims;
    }

    private Tensor near(MixerInput in, Tensor x) {
        return plan.turnsNear ? in.at().turn(x) : x;
    }

    /** First tokens are those of the sequence, which later documents do not see. */
    private @Nullable Tensor documents(MixerInput in) {
        if (in.at().documents() != null && !spec.separates()) {
            throw new IllegalArgumentException(spec.mixer() + " with first tokens does not keep documents apart");
        }
        return in.at().documents();
    }

    // ---- the three forms ------------------------------------------------------------------------------------------

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            Tensor fused = LizardKernels.parallel(this, original);
            if (fused != null) {
                return scope.promote(fused);
            }
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            return scope.promote(original.narrowed(join(farOfAll(in, weights), nearOfAll(in, weights), weights)));
        }
    }

    private PartialAttention nearOfAll(MixerInput in, Weights weights) {
        return plan.near.parallel(near(in, in.q()), near(in, in.k()), in.v(), weights.sink, documents(in));
    }

    private @Nullable PartialAttention farOfAll(MixerInput in, Weights weights) {
        if (plan.far == Far.NONE) {
            return null;
        }
        Tensor q = plan.turnsFar ? near(in, in.q()) : in.q();
        Tensor k = plan.turnsFar ? near(in, in.k()) : in.k();
        return weights.linear().parallel(q, written(k), written(in.v()), weights.logGate(in.x()), documents(in));
    }

    /** {@code near}, {@code first} where there are first tokens (the window's do not count those), {@code far}. */
    @Override
    public Map<String, Tensor> parts(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            PartialAttention near = nearOfAll(in, weights);
            PartialAttention far = farOfAll(in, weights);
            PartialAttention silent = far == null ? null : far.silent();
            Map<String, Tensor> parts = new LinkedHashMap<>();
            if (plan.near.first() > 0) {
                Tensor kept = Tensors.arange(0, in.tokens(), in.v().device()).lt((double) plan.near.first());
                Tensor values = in.v().mul(kept.to(in.v().dtype()).view(1, 1, in.tokens(), 1));
                PartialAttention first = nearOfAll(in.withValues(values), weights);
                near = near.without(first);
                parts.put(FIRST, join(silent, first, weights));
            }
            parts.put(NEAR, join(silent, near, weights));
            if (far != null) {
                parts.put(FAR, join(far, near.silent(), weights));
            }
            parts.replaceAll((name, part) -> scope.promote(original.narrowed(part)));
            return parts;
        }
    }

    @Override
    public Optional<Tensor> logGates(MixerInput in) {
        try (Scope scope = Scope.open()) {
            MixerInput wide = in.widened();
            Tensor gates = weights(wide.q().dtype()).logGate(wide.x());
            return Optional.ofNullable(gates).map(scope::promote);
        }
    }

    /** Of the keys or values of whole sequences [B, G, T, .] those that the memory holds in the end. */
    private Tensor written(Tensor x) {
        if (plan.far == Far.ALL) {
            return x;
        }
        long count = x.size(2) - plan.near.slots();
        return count <= 0 ? x.narrow(2, 0, 0) : x.narrow(2, plan.near.first(), count);
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        try (Scope work = Scope.open()) {
            plan.near.create(state, dims, batch, dtype, device);
            if (plan.far != Far.NONE) {
                LinearBranch.create(state, dims, batch, plan.half, dtype, device);
            }
        }
        return state;
    }

    @Override
    public Tensor chunk(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            Tensor fused = LizardKernels.chunk(this, original, state);
            if (fused != null) {
                return scope.promote(fused);
            }
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = near(in, in.q());
            Tensor k = near(in, in.k());
            documents(in); // says so where they cannot be kept apart
            if (plan.far == Far.NONE && weights.sink == null) {
                return scope.promote(original.narrowed(plan.near.attend(state, in.at(), q, k, in.v())));
            }
            PartialAttention far = plan.far == Far.NONE ? null : far(in, q, k, state, weights);
            PartialAttention near = plan.near.chunk(state, in.at(), q, k, in.v(), weights.sink);
            return scope.promote(original.narrowed(join(far, near, weights)));
        }
    }

    /** The memory of several tokens; {@code q} and {@code k} are turned, and not yet in the ring. */
    private PartialAttention far(MixerInput in, Tensor q, Tensor k, MixerState state, Weights weights) {
        Tensor gate = weights.logGate(in.x());
        Tensor queries = plan.turnsFar ? q : in.q();
        Tensor documents = documents(in);
        if (plan.far == Far.ALL) {
            return weights.linear().chunk(state, queries, plan.turnsFar ? k : in.k(), in.v(), gate, documents);
        }
        KeyRing.Pairs evicted = plan.near.evicted(state, in.at(), k, in.v());
        Tensor keys = turnsBack() && evicted.keys().size(2) > 0
                ? in.at().turnBack(evicted.keys(), plan.near.lag(in.at()))
                : evicted.keys();
        return weights.linear().chunk(state, queries, keys, evicted.values(), gate, documents);
    }

    private boolean turnsBack() {
        return plan.turnsNear && !plan.turnsFar;
    }

    @Override
    public Tensor step(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            Tensor fused = frozen == null ? null : LizardKernels.step(this, frozen, original, state);
            if (fused != null) {
                return scope.promote(fused);
            }
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = near(in, in.q());
            Tensor k = near(in, in.k());
            PartialAttention far = plan.far == Far.NONE ? null : farStep(in, q, k, state, weights);
            PartialAttention near = plan.near.step(state, in.at(), q, k, in.v(), weights.sink);
            return scope.promote(original.narrowed(join(far, near, weights)));
        }
    }

    private PartialAttention farStep(MixerInput in, Tensor q, Tensor k, MixerState state, Weights weights) {
        LinearBranch memory = weights.linear();
        Tensor queries = plan.turnsFar ? q : in.q();
        if (plan.far == Far.ALL) {
            return memory.step(state, queries, plan.turnsFar ? k : in.k(), in.v(), weights.logGate(in.x()), null);
        }
        if (plan.near.keepsAll(in.at())) {
            return memory.read(state, queries);
        }
        KeyRing.Pairs evicted = plan.near.evicted(state, in.at());
        Tensor keys = turnsBack() ? in.at().turnBack(evicted.keys(), plan.near.window()) : evicted.keys();
        Tensor writes = plan.near.evicting(in.at(), keys);
        return memory.step(state, queries, keys, evicted.values(), weights.logGate(in.x()), writes);
    }

    private Tensor join(@Nullable PartialAttention far, PartialAttention near, Weights weights) {
        if (far == null) {
            return near.divided();
        }
        Tensor share = weights.joined();
        return switch (plan.branches) {
            case WINDOW -> near.divided();
            case LINEAR -> far.dividedOrZero();
            case BOTH ->
                switch (plan.join) {
                    case ONE_NORMALISER -> far.plus(near.times(share)).divided();
                    case CONVEX_SUM -> {
                        Tensor anchor = near.divided();
                        yield anchor.add(far.divided().sub(anchor).mul(share));
                    }
                    case SCALED_SUM -> far.divided().add(near.divided().mul(share));
                };
        };
    }

    // ---- with kernels ---------------------------------------------------------------------------------------------

    @Override
    public Tensor forward(MixerInput in, Form form, Tape tape) {
        Tensor fused = form == Form.CHUNK ? LizardKernels.forward(this, in, tape) : null;
        return fused == null ? forward(in, form) : fused;
    }

    @Override
    public boolean trainsGraphed(DType model, Device device) {
        return LizardKernels.trains(this, model, device);
    }

    /** The memory by kernels with gradients of their own, the window composed. */
    Tensor apart(MixerInput original, Tape tape) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = tape.cut(plan.turnsFar ? near(in, in.q()) : in.q()); // both branches read these
            Tensor k = tape.cut(plan.turnsFar ? near(in, in.k()) : in.k());
            Tensor v = tape.cut(in.v());
            Tensor gateWeight = weights.gateWeight;
            Tensor gate = gateWeight == null ? null : LogGates.of(original.x(), gateWeight, weights.gateBias, tape);
            PartialAttention far = weights.linear().learn(q, written(k), written(v), gate, tape);
            Tensor turnedQ = plan.turnsFar ? q : near(in, q);
            Tensor turnedK = plan.turnsFar ? k : near(in, k);
            PartialAttention near = plan.near.whole(turnedQ, turnedK, v, weights.sink);
            return scope.promote(original.narrowed(join(far, near, weights)));
        }
    }
}
