package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sliding-window softmax attention with RoPE and optional sinks: {@link WindowSoftmax} divided by its mass. */
final class Window implements Mixer {
    private final WindowSpec spec;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;

    Window(WindowSpec spec, HeadDims dims, Map<String, Tensor> parameters) {
        this.spec = spec;
        this.dims = dims;
        this.parameters = parameters;
    }

    @Override
    public MixerSpec spec() {
        return spec;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    private @Nullable Tensor sink(DType dtype) {
        Tensor sinks = parameters.get(Sinks.NAME);
        return sinks == null ? null : Sinks.folded(sinks, dims.heads()).to(dtype);
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor q = in.rotary().apply(in.q(), in.start());
            Tensor k = in.rotary().apply(in.k(), in.start());
            PartialAttention part = WindowSoftmax.parallel(q, k, in.v(), spec.window(), sink(q.dtype()));
            return scope.promote(original.narrowed(part.divided()));
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        try (Scope work = Scope.open()) {
            WindowRing.create(state, dims, batch, spec.window(), dtype, device);
        }
        return state;
    }

    @Override
    public Tensor advance(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor q = in.rotary().apply(in.q(), state.position());
            Tensor k = in.rotary().apply(in.k(), state.position());
            PartialAttention part = WindowRing.advance(state, q, k, in.v(), sink(q.dtype()));
            state.saw(in.tokens());
            return scope.promote(original.narrowed(part.divided()));
        }
    }
}
