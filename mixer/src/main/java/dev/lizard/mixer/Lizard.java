package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
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
 * <p><b>Deviations</b> of the joint form from the paper, each measured better (docs/mixers.md): one normaliser instead of a sum; RoPE in
 * the window; keys before the window only, so that none counts twice; a gate a head with a bias that spreads half-lives;
 * sinks enter as exp(t), as t is called a logit, where the printed sum of t could be negative.
 *
 * <p>The state is the ring of w keys and values and, a head, the matrix [S | z] of f × (d + 1). Held keys are rotated;
 * one that leaves is turned back before its features are taken.
 */
final class Lizard implements Mixer {
    private static final String MEMORY = "linear.memory";
    /** Keeps a row without any weight (an ablated branch before its first key) at zero instead of 0/0. */
    private static final double TINY = 1e-30;

    private final LizardSpec spec;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;

    Lizard(LizardSpec spec, HeadDims dims, Map<String, Tensor> parameters) {
        this.spec = spec;
        this.dims = dims;
        this.parameters = parameters;
        MixerSpec.need(parameters, LizardSpec.QUERY_MAP);
        MixerSpec.need(parameters, LizardSpec.KEY_MAP);
        MixerSpec.need(parameters, LizardSpec.GATE_WEIGHT);
    }

    @Override
    public MixerSpec spec() {
        return spec;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    private Tensor parameter(String name, DType dtype) {
        return MixerSpec.need(parameters, name).to(dtype);
    }

    private @Nullable Tensor optional(String name, DType dtype) {
        Tensor tensor = parameters.get(name);
        return tensor == null ? null : tensor.to(dtype);
    }

    private boolean literal() {
        return spec.variant() == Variant.LITERAL;
    }

    /** The linear branch lags w tokens behind in the joint form. */
    private boolean delayed() {
        return spec.variant() == Variant.JOINT;
    }

    private @Nullable Tensor sink(DType dtype) {
        Tensor sinks = optional(Sinks.NAME, dtype);
        return sinks == null ? null : Sinks.folded(sinks, dims.heads());
    }

    /** log γ [B, H, T]. */
    private Tensor logGate(Tensor x) {
        Tensor logits = x.linear(
                parameter(LizardSpec.GATE_WEIGHT, x.dtype()), optional(LizardSpec.GATE_BIAS, x.dtype())); // [B, T, H]
        return logits.logSigmoid().transpose(1, 2).expand(-1, dims.heads(), -1);
    }

    private Tensor queryFeatures(Tensor q) {
        return Hedgehog.features(q, parameter(LizardSpec.QUERY_MAP, q.dtype()));
    }

    private Tensor keyFeatures(Tensor k) {
        Tensor perHead = k.repeatInterleave(dims.group(), 1); // [B, H, T, d]
        return Hedgehog.features(perHead, parameter(LizardSpec.KEY_MAP, k.dtype()));
    }

    /** Values of each head with a column of ones, which makes [S | z] one matrix. */
    private Tensor counted(Tensor v) {
        Tensor ones = Tensors.ones(v.dtype(), v.device(), 1, 1, 1, 1).expand(v.size(0), v.size(1), v.size(2), 1);
        return Tensors.cat(-1, v, ones).repeatInterleave(dims.group(), 1); // [B, H, T, d + 1]
    }

    private Tensor rotated(MixerInput in, Tensor x, long start) {
        return literal() ? x : in.rotary().apply(x, start);
    }

    @Override
    public Tensor parallel(MixerInput original) {
        MixerInput in = original.widened();
        long tokens = in.tokens();
        Tensor q = rotated(in, in.q(), in.start());
        Tensor k = rotated(in, in.k(), in.start());
        WindowSoftmax.Part near = WindowSoftmax.parallel(q, k, in.v(), spec.window(), sink(q.dtype()));
        long lag = delayed() ? Math.min(spec.window(), tokens) : 0;
        Tensor features = keyFeatures(in.k().narrow(2, 0, tokens - lag)).pad(0, 0, 0, lag, 0);
        Tensor values = counted(in.v().narrow(2, 0, tokens - lag)).pad(0, 0, 0, lag, 0);
        Tensor far = MatrixMemory.parallel(queryFeatures(in.q()), features, values, logGate(in.x()));
        return join(far, near).to(original.q().dtype());
    }

    @Override
    public MixerState newState(int batch, DType model, Device device) {
        MixerState state = new MixerState();
        DType dtype = model == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        try (Scope work = Scope.open()) {
            WindowRing.create(state, dims, batch, spec.window(), model, device);
            state.put(
                    MEMORY,
                    MatrixMemory.zero(batch, dims.heads(), 2L * spec.features(), dims.headWidth() + 1L, dtype, device));
        }
        return state;
    }

    @Override
    public Tensor advance(MixerInput original, MixerState state) {
        MixerInput in = original.widened();
        Tensor far = in.tokens() == 1 ? farStep(in, state) : farChunks(in, state);
        Tensor q = rotated(in, in.q(), state.position());
        Tensor k = rotated(in, in.k(), state.position());
        Tensor sink = sink(q.dtype());
        WindowSoftmax.Part near = in.tokens() == 1
                ? WindowRing.step(state, q, k, in.v(), sink)
                : WindowRing.attend(state, q, k, in.v(), sink);
        state.saw(in.tokens());
        return join(far, near).to(original.q().dtype());
    }

    /** Linear branch of one token, [B, H, 1, d + 1]; the ring still holds the token that leaves. */
    private Tensor farStep(MixerInput in, MixerState state) {
        Tensor memory = state.get(MEMORY);
        Tensor gate = logGate(in.x());
        Tensor query = queryFeatures(in.q());
        if (!delayed()) {
            return MatrixMemory.step(query, keyFeatures(in.k()), counted(in.v()), gate, memory);
        }
        if (state.tokens() < spec.window()) {
            return MatrixMemory.read(query, memory);
        }
        Tensor key = in.rotary().undo(WindowRing.slot(state, WindowRing.KEYS), state.position() - spec.window());
        Tensor value = WindowRing.slot(state, WindowRing.VALUES);
        return MatrixMemory.step(query, keyFeatures(key), counted(value), gate, memory);
    }

    /** Linear branch of T tokens, [B, H, T, d + 1]. */
    private Tensor farChunks(MixerInput in, MixerState state) {
        Tensor keys = in.k();
        Tensor values = in.v();
        long tokens = in.tokens();
        if (delayed()) {
            long held = Math.min(state.tokens(), spec.window());
            if (held > 0) {
                Tensor all = WindowRing.extended(state, WindowRing.KEYS, keys);
                Tensor unturned = in.rotary().undo(all.narrow(2, 0, held), state.position() - held);
                keys = Tensors.cat(2, unturned, keys);
                values = WindowRing.extended(state, WindowRing.VALUES, values);
            }
            long leaving = Math.max(0, held + tokens - spec.window());
            keys = keys.narrow(2, 0, leaving);
            values = values.narrow(2, 0, leaving);
        }
        long absent = tokens - keys.size(2);
        Tensor features = keyFeatures(keys).pad(0, 0, 0, absent, 0);
        Tensor counted = counted(values).pad(0, 0, 0, absent, 0);
        MatrixMemory.Result result =
                MatrixMemory.chunk(queryFeatures(in.q()), features, counted, logGate(in.x()), state.get(MEMORY));
        state.put(MEMORY, result.memory().detach().copy());
        return result.y();
    }

    /** Merges the linear branch [B, H, T, d + 1] and the window. */
    private Tensor join(Tensor far, WindowSoftmax.Part near) {
        long width = far.size(3) - 1;
        Tensor numerator = far.narrow(3, 0, width);
        Tensor mass = far.narrow(3, width, 1);
        if (spec.branches() == Branches.WINDOW) {
            return near.divided();
        }
        if (spec.branches() == Branches.LINEAR) {
            return numerator.div(mass.clampMin(TINY));
        }
        DType dtype = far.dtype();
        return switch (spec.variant()) {
            case JOINT -> {
                Tensor g = parameter(LizardSpec.WINDOW_LOGIT, dtype).exp().view(1, dims.heads(), 1, 1);
                yield numerator
                        .add(near.numerator().mul(g))
                        .div(mass.add(near.mass().mul(g)));
            }
            case SUM -> {
                Tensor b = parameter(LizardSpec.MIX_LOGIT, dtype).sigmoid().view(1, dims.heads(), 1, 1);
                Tensor linear = numerator.div(mass);
                yield linear.sub(near.divided()).mul(b).add(near.divided());
            }
            case LITERAL -> numerator.div(mass).add(near.divided().mul(parameter(LizardSpec.ALPHA, dtype)));
        };
    }
}
