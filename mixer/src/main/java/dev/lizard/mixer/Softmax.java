package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.FusedOps;
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
    private static final String KEYS = "cache.keys"; // [B, G, capacity, d]
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
            FusedOps.Rotated turned = in.at().rotary().apply(in, tape);
            return scope.promote(attend(turned.q(), turned.k(), turned.v(), in.at()));
        }
    }

    @Override
    public boolean trainsGraphed(DType model, Device device) {
        return FusedOps.serve(model, device) && dims.headWidth() % 16 == 0; // else its rotation is composed
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor q = in.at().turn(in.q());
            Tensor k = in.at().turn(in.k());
            PartialAttention all = WindowSoftmax.parallel(
                    q, k, in.v(), in.tokens(), 0, null, in.at().documents());
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
    public Tensor chunk(MixerInput in, MixerState state) {
        try (Scope scope = Scope.open()) {
            Positions at = in.at();
            reserve(state, at.first() + in.tokens());
            Tensor q = at.turn(in.q());
            Tensor k = append(state.get(KEYS), at.first(), at.turn(in.k())); // [B, G, S, d]
            Tensor v = append(state.get(VALUES), at.first(), in.v());
            return scope.promote(attend(q, k, v, at));
        }
    }

    @Override
    public Tensor step(MixerInput in, MixerState state) {
        Positions at = in.at();
        if (at.together()) {
            return chunk(in, state);
        }
        try (Scope scope = Scope.open()) {
            long all = at.most() + 1;
            reserve(state, all);
            Tensor keys = state.get(KEYS);
            Tensor read = at.read(keys.device()); // [B]
            Tensor rows =
                    at.shared(new Rows(keys.size(2), keys.device()), () -> rows(read, keys.size(1), keys.size(2)));
            Tensor seen = at.shared(
                    new Seen(keys.device()),
                    () -> Tensors.arange(0, all, keys.device())
                            .le(read.unsqueeze(-1))
                            .view(-1, 1, 1, all)); // [B, 1, 1, S]
            Tensor k = insert(keys, rows, at.turn(in.k())).narrow(2, 0, all);
            Tensor v = insert(state.get(VALUES), rows, in.v()).narrow(2, 0, all);
            return scope.promote(at.turn(in.q()).scaledDotProductAttention(k, v, seen));
        }
    }

    private record Rows(long capacity, Device device) {}

    private record Seen(Device device) {}

    private record Own() {}

    /** The row of each sequence's next place in a cache [B, G, capacity, d] read as [B G capacity, d]: int64 [B G]. */
    private static Tensor rows(Tensor read, long groups, long capacity) {
        long count = read.size(0) * groups;
        return Tensors.arange(0, count, read.device())
                .mul(capacity)
                .view(read.size(0), groups)
                .add(read.unsqueeze(-1))
                .reshape(count);
    }

    private static Tensor insert(Tensor cache, Tensor rows, Tensor fresh) {
        cache.view(-1, cache.size(3)).indexCopy_(0, rows, fresh.reshape(-1, fresh.size(3)));
        return cache;
    }

    /** q [B, H, T, d] are the last T of the S tokens of k and v [B, G, S, d]. */
    private static Tensor attend(Tensor q, Tensor k, Tensor v, Positions at) {
        long tokens = q.size(2);
        long all = k.size(2);
        Tensor documents = at.documents();
        if (documents != null) {
            Tensor seen = at.shared(new Own(), () -> Documents.seen(documents)); // [B, 1, T, T]
            return q.scaledDotProductAttention(k, v, seen);
        }
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

    private static void reserve(MixerState state, long tokens) {
        long there = state.get(KEYS).size(2);
        if (tokens > there) {
            long capacity = Math.max(FIRST_CAPACITY, Math.max(tokens, 2 * there));
            state.reserve(KEYS, capacity);
            state.reserve(VALUES, capacity);
        }
    }

    /** Adds {@code fresh} after {@code before} tokens and returns all of them [B, G, S, d], with gradients to it. */
    private static Tensor append(Tensor cache, long before, Tensor fresh) {
        cache.narrow(2, before, fresh.size(2)).copy_(fresh.detach());
        return Gradients.enabled()
                ? Tensors.cat(2, cache.narrow(2, 0, before), fresh) // a later call writes into the cache
                : cache.narrow(2, 0, before + fresh.size(2));
    }
}
