package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.DecodeClock;
import dev.lizard.tensor.cuda.DecodeKernel;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
 * <p>The state is the ring of w keys and values and, a head, the matrix [S | z] of f × (d + 1). Held keys are rotated;
 * one that leaves is turned back before its features are taken.
 */
final class Lizard implements Mixer {
    private final LizardSpec spec;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;
    private final @Nullable Weights frozen;

    Lizard(LizardSpec spec, HeadDims dims, Map<String, Tensor> parameters) {
        this(spec, dims, parameters, null);
    }

    private Lizard(LizardSpec spec, HeadDims dims, Map<String, Tensor> parameters, @Nullable Weights frozen) {
        this.spec = spec;
        this.dims = dims;
        this.parameters = parameters;
        this.frozen = frozen;
        MixerSpec.need(parameters, LizardSpec.QUERY_MAP);
        MixerSpec.need(parameters, LizardSpec.KEY_MAP);
        MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT);
    }

    /**
     * The parameters as the formulas use them.
     *
     * @param gateWeight W_γ [H, D]
     * @param gateBias b [H]
     * @param sink one logit a head [H]
     * @param share g, b or α, by variant, broadcast over [B, H, T, 1]
     */
    private record Weights(
            LinearBranch linear,
            Tensor gateWeight,
            @Nullable Tensor gateBias,
            @Nullable Tensor sink,
            Tensor share) {
        /** log γ [B, H, T] of x [B, T, D]. */
        Tensor logGate(Tensor x) {
            return x.linear(gateWeight, gateBias).logSigmoid().transpose(1, 2);
        }
    }

    private Weights weights(DType dtype) {
        if (frozen != null && frozen.share.dtype() == dtype) {
            return frozen;
        }
        Tensor sinks = parameters.get(Sinks.NAME);
        Tensor bias = parameters.get(LizardSpec.GATE_BIAS);
        return new Weights(
                new LinearBranch(
                        dims,
                        parameter(LizardSpec.QUERY_MAP, dtype),
                        Hedgehog.grouped(parameter(LizardSpec.KEY_MAP, dtype), dims.group())),
                parameter(LizardSpec.GATE_WEIGHT, dtype).expand(dims.heads(), dims.width()),
                bias == null ? null : bias.to(dtype),
                sinks == null ? null : Sinks.folded(sinks.to(dtype), dims.heads()),
                switch (spec.variant()) {
                    case JOINT ->
                        parameter(LizardSpec.WINDOW_LOGIT, dtype).exp().view(1, dims.heads(), 1, 1);
                    case SUM -> parameter(LizardSpec.MIX_LOGIT, dtype).sigmoid().view(1, dims.heads(), 1, 1);
                    case LITERAL -> parameter(LizardSpec.ALPHA, dtype);
                });
    }

    private Tensor parameter(String name, DType dtype) {
        return MixerSpec.need(parameters, name).to(dtype);
    }

    private @Nullable Tensor optional(String name) {
        Tensor parameter = parameters.get(name);
        return parameter == null ? null : parameter.to(DType.FLOAT32);
    }

    @Override
    public Mixer prepared(DType model, Scope owner) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Weights now = weights(Mixer.computing(model));
            Tensor bias = now.gateBias;
            Tensor sink = now.sink;
            Weights kept = new Weights(
                    new LinearBranch(
                            dims,
                            owner.adopt(now.linear.queryMap().copy()),
                            owner.adopt(now.linear.keyMap().copy())),
                    owner.adopt(now.gateWeight.copy()),
                    bias == null ? null : owner.adopt(bias.copy()),
                    sink == null ? null : owner.adopt(sink.copy()),
                    owner.adopt(now.share.copy()));
            return new Lizard(spec, dims, parameters, kept);
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

    /** Whether the linear branch holds only what has left the window. */
    private boolean delayed() {
        return spec.variant() == Variant.JOINT;
    }

    private Tensor rotated(MixerInput in, Tensor x, long start) {
        return spec.variant() == Variant.LITERAL ? x : in.rotary().apply(x, start);
    }

    @Override
    public Tensor forward(MixerInput in, Form form, Tape tape) {
        if (form == Form.CHUNK && learnsApart(in, tape)) {
            return apart(in, tape);
        }
        if (form != Form.CHUNK || !LizardFunction.serves(spec, in, tape)) {
            return Mixer.super.forward(in, form, tape);
        }
        try (Scope scope = Scope.open()) {
            HeadScalars.Weights weights = HeadScalars.of(
                    parameter(LizardSpec.WINDOW_LOGIT, DType.FLOAT32), optional(Sinks.NAME), dims.heads(), tape);
            LizardFunction.Operands operands = new LizardFunction.Operands(
                    LogGates.of(
                            in.x(),
                            parameter(LizardSpec.GATE_WEIGHT, DType.FLOAT32).contiguous(),
                            optional(LizardSpec.GATE_BIAS),
                            tape),
                    weights.share(),
                    parameter(LizardSpec.QUERY_MAP, DType.FLOAT32).contiguous(),
                    parameter(LizardSpec.KEY_MAP, DType.FLOAT32).contiguous(),
                    weights.sink());
            return scope.promote(LizardFunction.mix(spec, in, operands, tape));
        }
    }

    /** Whether the linear branch of the sum has kernels to learn by. */
    private boolean learnsApart(MixerInput in, Tape tape) {
        return !delayed()
                && spec.branches() != LizardSpec.Branches.WINDOW
                && !FusedLizard.serves(spec, in)
                && MatrixMemoryFunction.serves(in, 2 * spec.features(), tape);
    }

    /** The sum, its linear branch by kernels and its window composed. */
    private Tensor apart(MixerInput original, Tape tape) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(DType.FLOAT32);
            Tensor gate = LogGates.of(original.x(), weights.gateWeight, weights.gateBias, tape);
            Tensor q = tape.cut(in.q()); // both branches read these
            Tensor k = tape.cut(in.k());
            Tensor v = tape.cut(in.v());
            PartialAttention far = weights.linear.learn(q, k, v, gate, tape);
            PartialAttention near = WindowSoftmax.banded(
                    rotated(in, q, in.start()), rotated(in, k, in.start()), v, spec.window(), weights.sink);
            return scope.promote(original.narrowed(join(far, near, weights.share)));
        }
    }

    @Override
    public boolean trainsRecorded(DType model, Device device) {
        return LizardFunction.serves(spec, model, dims.headWidth(), device);
    }

    @Override
    public Tensor parallel(MixerInput original) {
        if (FusedLizard.serves(spec, original)) {
            return fused(original, null);
        }
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = rotated(in, in.q(), in.start());
            Tensor k = rotated(in, in.k(), in.start());
            PartialAttention near = WindowSoftmax.parallel(q, k, in.v(), spec.window(), weights.sink);
            long written = delayed() ? Math.max(0, in.tokens() - spec.window()) : in.tokens();
            PartialAttention far = weights.linear.parallel(
                    in.q(), in.k().narrow(2, 0, written), in.v().narrow(2, 0, written), weights.logGate(in.x()));
            return scope.promote(original.narrowed(join(far, near, weights.share)));
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        try (Scope work = Scope.open()) {
            WindowRing.create(state, dims, batch, spec.window(), dtype, device);
            LinearBranch.create(state, dims, batch, spec.features(), dtype, device);
        }
        return state;
    }

    @Override
    public Tensor advance(MixerInput original, MixerState state) {
        if (FusedLizard.serves(spec, original)) {
            return fused(original, state);
        }
        try (Scope scope = Scope.open()) {
            if (original.tokens() == 1
                    && !Gradients.enabled()
                    && recordable(original.q().dtype(), original.q().device())) {
                return scope.promote(step(original, state));
            }
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = rotated(in, in.q(), state.position());
            Tensor k = rotated(in, in.k(), state.position());
            PartialAttention far = far(in, k, state, weights);
            PartialAttention near = WindowRing.advance(state, q, k, in.v(), weights.sink);
            state.saw(in.tokens());
            return scope.promote(original.narrowed(join(far, near, weights.share)));
        }
    }

    /** Both forms by one kernel; without a state the sequence stands alone. */
    private Tensor fused(MixerInput in, @Nullable MixerState state) {
        try (Scope scope = Scope.open()) {
            Weights weights = weights(DType.FLOAT32);
            FusedLizard kernel = new FusedLizard(
                    spec,
                    parameter(LizardSpec.QUERY_MAP, DType.FLOAT32).contiguous(),
                    parameter(LizardSpec.KEY_MAP, DType.FLOAT32).contiguous(),
                    weights.sink == null ? null : weights.sink.contiguous(),
                    weights.share.reshape(dims.heads()).contiguous());
            Tensor gate = weights.logGate(in.x().to(DType.FLOAT32)).contiguous(); // [B, H, T]
            return scope.promote(state == null ? kernel.parallel(in, gate) : kernel.advance(in, gate, state));
        }
    }

    @Override
    public boolean recordable(DType model, Device device) {
        return frozen != null
                && delayed()
                && spec.branches() == LizardSpec.Branches.BOTH
                && DecodeKernel.serves(dims.headWidth(), spec.features(), spec.window(), model, device);
    }

    /** One token in one kernel. */
    private Tensor step(MixerInput in, MixerState state) {
        Weights weights = weights(DType.FLOAT32);
        DecodeKernel.Maps maps = new DecodeKernel.Maps(
                weights.gateWeight,
                weights.gateBias,
                weights.sink,
                weights.share,
                weights.linear.queryMap(),
                weights.linear.keyMap());
        DecodeKernel.Memory memory = new DecodeKernel.Memory(
                state.get(WindowRing.KEYS), state.get(WindowRing.VALUES), state.get(LinearBranch.MEMORY));
        DecodeClock clock = in.rotary().clock(spec.window(), in.q().device());
        Tensor y = DecodeKernel.step(
                in.x(), in.q(), in.k(), in.v(), maps, memory, clock, state.position(), state.tokens());
        state.saw(1);
        return y;
    }

    /** The linear branch; {@code k} are the rotated keys, which are not yet in the ring. */
    private PartialAttention far(MixerInput in, Tensor k, MixerState state, Weights weights) {
        Tensor gate = weights.logGate(in.x());
        if (!delayed()) {
            return weights.linear.advance(state, in.q(), in.k(), in.v(), gate);
        }
        WindowRing.Leaving leaving = WindowRing.leaving(state, k, in.v());
        Tensor keys = in.rotary().undo(leaving.keys(), leaving.position());
        return weights.linear.advance(state, in.q(), keys, leaving.values(), gate);
    }

    private Tensor join(PartialAttention far, PartialAttention near, Tensor share) {
        return switch (spec.branches()) {
            case WINDOW -> near.divided();
            case LINEAR -> far.dividedOrZero();
            case BOTH ->
                switch (spec.variant()) {
                    case JOINT -> far.plus(near.times(share)).divided();
                    case SUM -> {
                        Tensor anchor = near.divided();
                        yield anchor.add(far.divided().sub(anchor).mul(share));
                    }
                    case LITERAL -> far.divided().add(near.divided().mul(share));
                };
        };
    }
}
