package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * LoLCATs (Zhang et al. 2024, arXiv 2410.10254), the control of every Lizard run: the same window and feature maps, no
 * gate, no sinks, and features taken after RoPE. With s_ij = q_i·k_j / √d of the rotated vectors:
 *
 * <pre>
 *   a_ij = g exp(s_ij − m_i)       for j in the window          g = σ(learned logit), one a head, 0.1 at first
 *   l_ij = φ_q(q_i)·φ_k(k_j)       for j before the window
 *   y_i  = (Σ a_ij v_j + Σ l_ij v_j) / (Σ a_ij + Σ l_ij)
 * </pre>
 *
 * <p>m_i is the maximum over the window and is part of the model, since the linear part is not shifted by it. Here the
 * window slides; the published default moves it block by block ("terraced"), which sees w + 1 to 2w tokens.
 */
final class Lolcats implements Mixer {
    private final LolcatsSpec spec;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;
    private final @Nullable Weights frozen;

    Lolcats(LolcatsSpec spec, HeadDims dims, Map<String, Tensor> parameters) {
        this(spec, dims, parameters, null);
    }

    private Lolcats(LolcatsSpec spec, HeadDims dims, Map<String, Tensor> parameters, @Nullable Weights frozen) {
        this.spec = spec;
        this.dims = dims;
        this.parameters = parameters;
        this.frozen = frozen;
        MixerSpec.need(parameters, LolcatsSpec.QUERY_MAP);
        MixerSpec.need(parameters, LolcatsSpec.KEY_MAP);
        MixerSpec.need(parameters, LolcatsSpec.WINDOW_LOGIT);
    }

    /** The parameters as the formulas use them; g is [1, H, 1, 1]. */
    private record Weights(LinearBranch linear, Tensor g) {}

    private Weights weights(DType dtype) {
        if (frozen != null && frozen.g.dtype() == dtype) {
            return frozen;
        }
        return new Weights(
                new LinearBranch(
                        dims,
                        parameter(LolcatsSpec.QUERY_MAP, dtype),
                        Hedgehog.grouped(parameter(LolcatsSpec.KEY_MAP, dtype), dims.group())),
                parameter(LolcatsSpec.WINDOW_LOGIT, dtype).sigmoid().view(1, dims.heads(), 1, 1));
    }

    private Tensor parameter(String name, DType dtype) {
        return MixerSpec.need(parameters, name).to(dtype);
    }

    @Override
    public Mixer prepared(DType model, Scope owner) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Weights now = weights(Mixer.computing(model));
            LinearBranch linear = new LinearBranch(
                    dims,
                    owner.adopt(now.linear.queryMap().copy()),
                    owner.adopt(now.linear.keyMap().copy()));
            return new Lolcats(spec, dims, parameters, new Weights(linear, owner.adopt(now.g.copy())));
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

    @Override
    public Tensor forward(MixerInput original, Form form, Tape tape) {
        boolean far = spec.branches() != LizardSpec.Branches.WINDOW && original.tokens() > spec.window();
        if (form != Form.CHUNK || !far || !MatrixMemoryFunction.serves(original, 2 * spec.features(), tape)) {
            return Mixer.super.forward(original, form, tape);
        }
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = tape.cut(in.rotary().apply(in.q(), in.start())); // both branches read these
            Tensor k = tape.cut(in.rotary().apply(in.k(), in.start()));
            Tensor v = tape.cut(in.v());
            long written = in.tokens() - spec.window();
            PartialAttention memory =
                    weights.linear.learn(q, k.narrow(2, 0, written), v.narrow(2, 0, written), null, tape);
            PartialAttention near = WindowSoftmax.banded(q, k, v, spec.window(), null);
            return scope.promote(original.narrowed(join(memory, near, weights.g)));
        }
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = in.rotary().apply(in.q(), in.start());
            Tensor k = in.rotary().apply(in.k(), in.start());
            PartialAttention near = WindowSoftmax.parallel(q, k, in.v(), spec.window(), null);
            long written = Math.max(0, in.tokens() - spec.window());
            PartialAttention far =
                    weights.linear.parallel(q, k.narrow(2, 0, written), in.v().narrow(2, 0, written), null);
            return scope.promote(original.narrowed(join(far, near, weights.g)));
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
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Weights weights = weights(in.q().dtype());
            Tensor q = in.rotary().apply(in.q(), state.position());
            Tensor k = in.rotary().apply(in.k(), state.position());
            WindowRing.Leaving leaving = WindowRing.leaving(state, k, in.v());
            PartialAttention far = weights.linear.advance(state, q, leaving.keys(), leaving.values(), null);
            PartialAttention near = WindowRing.advance(state, q, k, in.v(), null);
            state.saw(in.tokens());
            return scope.promote(original.narrowed(join(far, near, weights.g)));
        }
    }

    private Tensor join(PartialAttention far, PartialAttention near, Tensor g) {
        return switch (spec.branches()) {
            case BOTH -> far.plus(near.times(g)).divided();
            case WINDOW -> near.divided();
            case LINEAR -> far.dividedOrZero();
        };
    }
}
