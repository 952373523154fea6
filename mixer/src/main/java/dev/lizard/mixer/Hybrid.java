package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
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
 * <p>What g, b, α, the decay of the memory and its features are is the mixer's own ({@link HybridWeights}).
 */
final class Hybrid implements Mixer {
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
     * @param exact what is held exactly if not by nearness alone, in place of {@code near}; null otherwise
     */
    record Plan(
            KeyRing near,
            boolean turnsNear,
            Far far,
            boolean turnsFar,
            int half,
            Join join,
            LizardSpec.Branches branches,
            @Nullable ExactSlots exact) {
        /** Softmax alone. */
        static Plan of(KeyRing near, @Nullable ExactSlots exact) {
            return new Plan(near, true, Far.NONE, false, 0, Join.ONE_NORMALISER, LizardSpec.Branches.WINDOW, exact);
        }
    }

    /** What a mixer makes of its parameters, in float32 or float64. */
    @FunctionalInterface
    interface Reading {
        HybridWeights weights(Map<String, Tensor> parameters, DType dtype);
    }

    private final MixerSpec spec;
    private final Plan plan;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;
    private final Reading reading;
    private final @Nullable HybridWeights frozen;

    Hybrid(MixerSpec spec, Plan plan, HeadDims dims, Map<String, Tensor> parameters, Reading reading) {
        this(spec, plan, dims, parameters, reading, null);
    }

    private Hybrid(
            MixerSpec spec,
            Plan plan,
            HeadDims dims,
            Map<String, Tensor> parameters,
            Reading reading,
            @Nullable HybridWeights frozen) {
        this.spec = spec;
        this.plan = plan;
        this.dims = dims;
        this.parameters = parameters;
        this.reading = reading;
        this.frozen = frozen;
    }

    HybridWeights weights(DType dtype) {
        return frozen != null && frozen.dtype() == dtype ? frozen : reading.weights(parameters, dtype);
    }

    @Override
    public Mixer frozen(DType model, Scope owner) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            HybridWeights kept =
                    reading.weights(parameters, Mixer.computing(model)).kept(owner);
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

    /** First tokens and slots are those of the sequence, which later documents do not see. */
    private @Nullable Tensor documents(MixerInput in) {
        if (in.at().documents() != null && !spec.separates()) {
            throw new IllegalArgumentException(
                    spec.mixer() + " with first tokens or slots does not keep documents apart");
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
            HybridWeights weights = weights(in.q().dtype());
            ExactSlots.Read read = readOfAll(in, weights);
            return scope.promote(original.narrowed(join(farOfAll(in, read, weights), read.near(), weights)));
        }
    }

    /** All pairs of what is exact, and what the memory takes up. */
    ExactSlots.Read readOfAll(MixerInput in, HybridWeights weights) {
        Tensor documents = documents(in);
        if (plan.exact != null) {
            return plan.exact.parallel(in, weights.scores(in), weights.sink());
        }
        Tensor k = near(in, in.k());
        PartialAttention near = plan.near.parallel(near(in, in.q()), k, in.v(), weights.sink(), documents);
        return new ExactSlots.Read(near, new KeyRing.Pairs(written(plan.turnsFar ? k : in.k()), written(in.v())));
    }

    /** Of the memory; null without one. */
    @Nullable
    PartialAttention farOfAll(MixerInput in, ExactSlots.Read read, HybridWeights weights) {
        if (plan.far == Far.NONE) {
            return null;
        }
        Tensor q = plan.turnsFar ? near(in, in.q()) : in.q();
        KeyRing.Pairs written = FarPairs.of(plan, in, read);
        return weights.linear()
                .parallel(
                        q,
                        written.keys(),
                        written.values(),
                        weights.logGate(in.x()),
                        in.at().documents());
    }

    @Override
    public Map<String, Tensor> parts(MixerInput in) {
        return HybridParts.of(this, in);
    }

    @Override
    public Optional<Tensor> logGates(MixerInput in) {
        try (Scope scope = Scope.open()) {
            MixerInput wide = in.widened();
            Tensor gates = weights(wide.q().dtype()).logGate(wide.x());
            return Optional.ofNullable(gates).map(scope::promote);
        }
    }

    @Override
    public Optional<Importance> importance(MixerInput in) {
        try (Scope scope = Scope.open()) {
            MixerInput wide = in.widened();
            return Importance.of(in, wide, weights(wide.q().dtype()).score(), plan.near, scope);
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
            if (plan.exact == null) {
                plan.near.create(state, dims, batch, dtype, device);
            } else {
                plan.exact.create(state, dims, batch, dtype, device);
            }
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
            HybridWeights weights = weights(in.q().dtype());
            if (plan.exact != null) {
                documents(in);
                ExactSlots.Read read =
                        ExactChunk.read(plan.exact, state, in, weights.scores(in, state), weights.sink());
                PartialAttention far = null;
                if (plan.far != Far.NONE) {
                    KeyRing.Pairs lost = FarPairs.of(plan, in, read);
                    Tensor q = plan.turnsFar ? near(in, in.q()) : in.q();
                    Tensor gate = weights.logGate(in.x());
                    far = weights.linear().chunk(state, q, lost.keys(), lost.values(), gate, null);
                }
                return scope.promote(original.narrowed(join(far, read.near(), weights)));
            }
            Tensor q = near(in, in.q());
            Tensor k = near(in, in.k());
            documents(in); // says so where they cannot be kept apart
            if (plan.far == Far.NONE && weights.sink() == null) {
                return scope.promote(original.narrowed(plan.near.attend(state, in.at(), q, k, in.v())));
            }
            PartialAttention far = plan.far == Far.NONE ? null : far(in, q, k, state, weights);
            PartialAttention near = plan.near.chunk(state, in.at(), q, k, in.v(), weights.sink());
            return scope.promote(original.narrowed(join(far, near, weights)));
        }
    }

    /** The memory of several tokens; {@code q} and {@code k} are turned, and not yet in the ring. */
    private PartialAttention far(MixerInput in, Tensor q, Tensor k, MixerState state, HybridWeights weights) {
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
            HybridWeights weights = weights(in.q().dtype());
            if (plan.exact != null) {
                ExactSlots.Read read = ExactStep.read(plan.exact, state, in, weights, plan.far != Far.NONE);
                PartialAttention far = plan.far == Far.NONE ? null : farStep(in, read, plan.exact, state, weights);
                return scope.promote(original.narrowed(join(far, read.near(), weights)));
            }
            Tensor q = near(in, in.q());
            Tensor k = near(in, in.k());
            PartialAttention far = plan.far == Far.NONE ? null : farStep(in, q, k, state, weights);
            PartialAttention near = plan.near.step(state, in.at(), q, k, in.v(), weights.sink());
            return scope.promote(original.narrowed(join(far, near, weights)));
        }
    }

    private PartialAttention farStep(MixerInput in, Tensor q, Tensor k, MixerState state, HybridWeights weights) {
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

    /** The same beside exact slots, of what they lose. */
    private PartialAttention farStep(
            MixerInput in, ExactSlots.Read read, ExactSlots exact, MixerState state, HybridWeights weights) {
        Tensor q = plan.turnsFar ? near(in, in.q()) : in.q();
        Tensor gate = weights.logGate(in.x());
        if (plan.far == Far.ALL) {
            return weights.linear().step(state, q, in.k(), in.v(), gate, null);
        }
        KeyRing.Pairs lost = read.lost();
        if (lost == null) {
            return weights.linear().read(state, q);
        }
        Tensor keys = plan.turnsFar ? in.at().turnBefore(lost.keys(), plan.near.window()) : lost.keys();
        return weights.linear().step(state, q, keys, lost.values(), gate, exact.loses(in.at(), keys));
    }

    Tensor join(@Nullable PartialAttention far, PartialAttention near, HybridWeights weights) {
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
            HybridWeights weights = weights(in.q().dtype());
            Tensor q = tape.cut(plan.turnsFar ? near(in, in.q()) : in.q()); // both branches read these
            Tensor k = tape.cut(plan.turnsFar ? near(in, in.k()) : in.k());
            Tensor v = tape.cut(in.v());
            Tensor gateWeight = weights.gateWeight();
            Tensor gate = gateWeight == null ? null : LogGates.of(original.x(), gateWeight, weights.gateBias(), tape);
            PartialAttention far = weights.linear().learn(q, written(k), written(v), gate, tape);
            Tensor turnedQ = plan.turnsFar ? q : near(in, q);
            Tensor turnedK = plan.turnsFar ? k : near(in, k);
            PartialAttention near = plan.near.whole(turnedQ, turnedK, v, weights.sink());
            return scope.promote(original.narrowed(join(far, near, weights)));
        }
    }
}
