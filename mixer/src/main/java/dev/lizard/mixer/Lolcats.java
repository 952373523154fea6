package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.Map;

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
    private static final String MEMORY = "linear.memory";
    private static final double TINY = 1e-30;

    private final LolcatsSpec spec;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;

    Lolcats(LolcatsSpec spec, HeadDims dims, Map<String, Tensor> parameters) {
        this.spec = spec;
        this.dims = dims;
        this.parameters = parameters;
        MixerSpec.need(parameters, LolcatsSpec.QUERY_MAP);
        MixerSpec.need(parameters, LolcatsSpec.KEY_MAP);
        MixerSpec.need(parameters, LolcatsSpec.WINDOW_LOGIT);
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

    private Tensor keyFeatures(Tensor k) {
        return Hedgehog.features(k.repeatInterleave(dims.group(), 1), parameter(LolcatsSpec.KEY_MAP, k.dtype()));
    }

    private Tensor queryFeatures(Tensor q) {
        return Hedgehog.features(q, parameter(LolcatsSpec.QUERY_MAP, q.dtype()));
    }

    /** Values of each head with a column of ones: the normaliser comes along. */
    private Tensor counted(Tensor v) {
        Tensor ones = Tensors.ones(v.dtype(), v.device(), 1, 1, 1, 1).expand(v.size(0), v.size(1), v.size(2), 1);
        return Tensors.cat(-1, v, ones).repeatInterleave(dims.group(), 1);
    }

    @Override
    public Tensor parallel(MixerInput original) {
        MixerInput in = original.widened();
        Tensor q = in.rotary().apply(in.q(), in.start());
        Tensor k = in.rotary().apply(in.k(), in.start());
        WindowSoftmax.Part near = WindowSoftmax.parallel(q, k, in.v(), spec.window(), null);
        long lag = Math.min(spec.window(), in.tokens());
        long leaving = in.tokens() - lag;
        Tensor features = keyFeatures(k.narrow(2, 0, leaving)).pad(0, 0, 0, lag, 0);
        Tensor values = counted(in.v().narrow(2, 0, leaving)).pad(0, 0, 0, lag, 0);
        Tensor far = MatrixMemory.parallel(queryFeatures(q), features, values, null);
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
        Tensor q = in.rotary().apply(in.q(), state.position());
        Tensor k = in.rotary().apply(in.k(), state.position());
        boolean step = in.tokens() == 1;
        Tensor far = step ? farStep(q, state) : farChunks(q, k, in.v(), state);
        WindowSoftmax.Part near =
                step ? WindowRing.step(state, q, k, in.v(), null) : WindowRing.attend(state, q, k, in.v(), null);
        state.saw(in.tokens());
        return join(far, near).to(original.q().dtype());
    }

    private Tensor farStep(Tensor q, MixerState state) {
        Tensor memory = state.get(MEMORY);
        if (state.tokens() < spec.window()) {
            return MatrixMemory.read(queryFeatures(q), memory);
        }
        Tensor key = WindowRing.slot(state, WindowRing.KEYS);
        Tensor value = WindowRing.slot(state, WindowRing.VALUES);
        return MatrixMemory.step(queryFeatures(q), keyFeatures(key), counted(value), null, memory);
    }

    private Tensor farChunks(Tensor q, Tensor k, Tensor v, MixerState state) {
        long tokens = q.size(2);
        Tensor keys = WindowRing.extended(state, WindowRing.KEYS, k);
        Tensor values = WindowRing.extended(state, WindowRing.VALUES, v);
        long leaving = Math.max(0, keys.size(2) - spec.window());
        long absent = tokens - leaving;
        Tensor features = keyFeatures(keys.narrow(2, 0, leaving)).pad(0, 0, 0, absent, 0);
        Tensor counted = counted(values.narrow(2, 0, leaving)).pad(0, 0, 0, absent, 0);
        MatrixMemory.Result result = MatrixMemory.chunk(queryFeatures(q), features, counted, null, state.get(MEMORY));
        state.put(MEMORY, result.memory().detach().copy());
        return result.y();
    }

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
        Tensor g = parameter(LolcatsSpec.WINDOW_LOGIT, far.dtype()).sigmoid().view(1, dims.heads(), 1, 1);
        return numerator.add(near.numerator().mul(g)).div(mass.add(near.mass().mul(g)));
    }
}
