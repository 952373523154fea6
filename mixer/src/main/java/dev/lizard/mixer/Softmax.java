package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.FusedOps;
import java.util.Map;

/**
 * Softmax attention over all earlier tokens (Vaswani et al. 2017) with rotary positions:
 *
 * <pre>
 *   y_i = Σ_{j ≤ i} softmax_j(φ_R(q_i)·φ_R(k_j) / √d) v_j
 * </pre>
 *
 * <p>Its state is the key/value cache, the only one here that grows. Capacity doubles, so its bytes are up to twice
 * what the tokens need; they are reported as held.
 */
final class Softmax implements Mixer {
    private static final String KEYS = "cache.keys";
    private static final String VALUES = "cache.values";
    private static final long FIRST_CAPACITY = 256;

    private final SoftmaxSpec spec;
    private final HeadDims dims;

    Softmax(SoftmaxSpec spec, HeadDims dims) {
        this.spec = spec;
        this.dims = dims;
    }

    @Override
    public MixerSpec spec() {
        return spec;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return Map.of();
    }

    @Override
    public Tensor forward(MixerInput in, Form form) {
        return forward(in, form, Tape.OFF);
    }

    @Override
    public Tensor forward(MixerInput in, Form form, Tape tape) {
        if (form != Form.CHUNK) {
            return Mixer.super.forward(in, form);
        }
        try (Scope scope = Scope.open()) {
            FusedOps.Rotated turned = in.rotary().apply(in, tape);
            return scope.promote(turned.q().scaledDotProductAttention(turned.k(), turned.v(), true));
        }
    }

    @Override
    public boolean trainsRecorded(DType model, Device device) {
        return FusedOps.serve(model, device) && dims.headWidth() % 16 == 0; // else its rotation is composed
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor q = in.rotary().apply(in.q(), in.start());
            Tensor k = in.rotary().apply(in.k(), in.start());
            PartialAttention all = WindowSoftmax.parallel(q, k, in.v(), in.tokens(), null);
            return scope.promote(original.narrowed(all.divided()));
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        try (Scope work = Scope.open()) {
            state.put(KEYS, Tensors.empty(dtype, device, batch, dims.keyHeads(), 0, dims.headWidth()));
            state.put(VALUES, Tensors.empty(dtype, device, batch, dims.keyHeads(), 0, dims.headWidth()));
        }
        return state;
    }

    @Override
    public Tensor advance(MixerInput in, MixerState state) {
        try (Scope scope = Scope.open()) {
            Tensor q = in.rotary().apply(in.q(), state.position());
            Tensor k = append(state, KEYS, in.rotary().apply(in.k(), state.position())); // [B, G, S, d]
            Tensor v = append(state, VALUES, in.v());
            state.saw(in.tokens());
            return scope.promote(attend(q, k, v));
        }
    }

    /** q [B, H, T, d] are the last T of the S tokens of k and v [B, G, S, d]. */
    private static Tensor attend(Tensor q, Tensor k, Tensor v) {
        long tokens = q.size(2);
        long all = k.size(2);
        if (tokens == 1) {
            return q.scaledDotProductAttention(k, v, false);
        }
        if (tokens == all) {
            return q.scaledDotProductAttention(k, v, true);
        }
        Tensor position = Tensors.arange(0, all, q.device());
        Tensor own = position.narrow(0, all - tokens, tokens).unsqueeze(-1);
        return q.scaledDotProductAttention(k, v, position.unsqueeze(0).le(own)); // [T, S]
    }

    /** Adds {@code fresh} to the cache and returns the whole of it [B, G, S, d], with gradients to {@code fresh}. */
    private static Tensor append(MixerState state, String name, Tensor fresh) {
        long before = state.tokens();
        long after = before + fresh.size(2);
        Tensor cache = state.get(name);
        if (after > cache.size(2)) {
            long capacity = Math.max(FIRST_CAPACITY, Math.max(after, 2 * cache.size(2)));
            Tensor larger = // zeros, because states are written to files
                    Tensors.zeros(cache.dtype(), cache.device(), cache.size(0), cache.size(1), capacity, fresh.size(3));
            if (before > 0) {
                larger.narrow(2, 0, before).copy_(cache.narrow(2, 0, before));
            }
            state.put(name, larger);
            cache = larger;
        }
        cache.narrow(2, before, fresh.size(2)).copy_(fresh.detach());
        return Gradients.enabled()
                ? Tensors.cat(2, cache.narrow(2, 0, before), fresh) // a later call writes into the cache
                : cache.narrow(2, 0, after);
    }
}
