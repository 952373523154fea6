package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * The last w keys and values of a {@link MixerState}, in a ring: the token at position p lies in slot p mod w, and takes
 * the place of token p − w, which leaves the window.
 */
final class WindowRing {
    static final String KEYS = "window.keys";
    static final String VALUES = "window.values";

    private WindowRing() {}

    static void create(MixerState state, HeadDims dims, int batch, int window, DType model, Device device) {
        DType dtype = model == DType.BFLOAT16 ? DType.FLOAT32 : model;
        state.put(KEYS, Tensors.zeros(dtype, device, batch, dims.keyHeads(), window, dims.headWidth()));
        state.put(VALUES, Tensors.zeros(dtype, device, batch, dims.keyHeads(), window, dims.headWidth()));
    }

    /** What is in the ring, oldest first, followed by {@code fresh} [B, G, T, d]: [B, G, h + T, d]. */
    static Tensor extended(MixerState state, String name, Tensor fresh) {
        Tensor ring = state.get(name);
        long window = ring.size(2);
        long held = Math.min(state.tokens(), window);
        if (held == 0) {
            return fresh;
        }
        long oldest = held < window ? 0 : state.tokens() % window;
        return oldest == 0
                ? Tensors.cat(2, ring.narrow(2, 0, held), fresh)
                : Tensors.cat(2, ring.narrow(2, oldest, window - oldest), ring.narrow(2, 0, oldest), fresh);
    }

    /** The slot of the token about to be written, a view [B, G, 1, d]; it holds the token that leaves. */
    static Tensor slot(MixerState state, String name) {
        Tensor ring = state.get(name);
        return ring.narrow(2, state.tokens() % ring.size(2), 1);
    }

    /** The filled part of the ring once {@code tokens} were written, in slot order [B, G, n, d]. */
    static Tensor filled(MixerState state, String name, long tokens) {
        Tensor ring = state.get(name);
        long window = ring.size(2);
        return tokens >= window ? ring : ring.narrow(2, 0, tokens);
    }

    /** Stores {@code fresh} [B, G, T, d], which come after the tokens that {@code state} has seen. */
    static void store(MixerState state, String name, Tensor fresh) {
        Tensor ring = state.get(name);
        long window = ring.size(2);
        long tokens = fresh.size(2);
        long kept = Math.min(tokens, window);
        Tensor last = fresh.narrow(2, tokens - kept, kept).detach();
        long first = (state.tokens() + tokens - kept) % window;
        long head = Math.min(kept, window - first);
        ring.narrow(2, first, head).copy_(last.narrow(2, 0, head));
        if (head < kept) {
            ring.narrow(2, 0, kept - head).copy_(last.narrow(2, head, kept - head));
        }
    }

    /** Window attention of T new tokens, rotated q [B, H, T, d] and k [B, G, T, d]; they are stored. */
    static WindowSoftmax.Part attend(MixerState state, Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        Tensor keys = extended(state, KEYS, k);
        Tensor values = extended(state, VALUES, v);
        WindowSoftmax.Part part =
                WindowSoftmax.banded(q, keys, values, state.get(KEYS).size(2), sink);
        store(state, KEYS, k);
        store(state, VALUES, v);
        return part;
    }

    /** The same for one token: no copy of the window is made. */
    static WindowSoftmax.Part step(MixerState state, Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        slot(state, KEYS).copy_(k.detach());
        slot(state, VALUES).copy_(v.detach());
        long tokens = state.tokens() + 1;
        return WindowSoftmax.step(q, filled(state, KEYS, tokens), filled(state, VALUES, tokens), sink);
    }
}
