package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * The last w keys and values of a {@link MixerState}, in a ring: the token at position p lies in slot p mod w, and
 * takes the place of token p − w, which leaves the window.
 */
final class WindowRing {
    static final String KEYS = "window.keys";
    static final String VALUES = "window.values";

    private WindowRing() {}

    static void create(MixerState state, HeadDims dims, int batch, int window, DType model, Device device) {
        DType dtype = Mixer.computing(model);
        state.put(KEYS, Tensors.zeros(dtype, device, batch, dims.keyHeads(), window, dims.headWidth()));
        state.put(VALUES, Tensors.zeros(dtype, device, batch, dims.keyHeads(), window, dims.headWidth()));
    }

    /** What is in the ring, oldest first, followed by {@code fresh} [B, G, T, d]: [B, G, h + T, d]. */
    private static Tensor extended(MixerState state, String name, Tensor fresh) {
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

    /** What is in the ring, oldest first: rotated keys and values [B, G, h, d], and the position of the first. */
    record Held(Tensor keys, Tensor values, long position) {}

    /** Null if the ring is empty. */
    static @Nullable Held held(MixerState state) {
        if (state.tokens() == 0) {
            return null;
        }
        Tensor none = state.get(KEYS).narrow(2, 0, 0);
        Tensor keys = extended(state, KEYS, none);
        return new Held(keys, extended(state, VALUES, none), state.position() - keys.size(2));
    }

    /**
     * Stores without computing anything.
     *
     * @param keys the last of {@code tokens} new rotated keys [B, G, n, d], n = min(tokens, w)
     * @param values likewise
     */
    static void push(MixerState state, Tensor keys, Tensor values, long tokens) {
        store(state, KEYS, keys, tokens);
        store(state, VALUES, values, tokens);
    }

    /** Tokens that leave the window: rotated keys and values [B, G, L, d], and the absolute position of the first. */
    record Leaving(Tensor keys, Tensor values, long position) {}

    /** Those that leave when {@code k} and {@code v} [B, G, T, d] enter, L ≤ T; to be used before they do. */
    static Leaving leaving(MixerState state, Tensor k, Tensor v) {
        long window = state.get(KEYS).size(2);
        long held = Math.min(state.tokens(), window);
        long position = state.position() - held;
        long tokens = k.size(2);
        if (tokens == 1 && held == window) {
            return new Leaving(slot(state, KEYS), slot(state, VALUES), position);
        }
        long count = Math.max(0, held + tokens - window);
        return new Leaving(
                extended(state, KEYS, k).narrow(2, 0, count),
                extended(state, VALUES, v).narrow(2, 0, count),
                position);
    }

    /** The slot of the token about to be written, a view [B, G, 1, d]; it holds the token that leaves. */
    private static Tensor slot(MixerState state, String name) {
        Tensor ring = state.get(name);
        return ring.narrow(2, state.tokens() % ring.size(2), 1);
    }

    /** The filled part of the ring once {@code tokens} were written, in slot order [B, G, n, d]. */
    private static Tensor filled(MixerState state, String name, long tokens) {
        Tensor ring = state.get(name);
        long window = ring.size(2);
        return tokens >= window ? ring : ring.narrow(2, 0, tokens);
    }

    /** Stores the last of {@code tokens} which come after those that {@code state} has seen. */
    private static void store(MixerState state, String name, Tensor fresh, long tokens) {
        Tensor ring = state.get(name);
        long window = ring.size(2);
        long kept = Math.min(tokens, window);
        Tensor last = fresh.narrow(2, fresh.size(2) - kept, kept).detach();
        long first = (state.tokens() + tokens - kept) % window;
        long head = Math.min(kept, window - first);
        ring.narrow(2, first, head).copy_(last.narrow(2, 0, head));
        if (head < kept) {
            ring.narrow(2, 0, kept - head).copy_(last.narrow(2, head, kept - head));
        }
    }

    /** Window attention of T new tokens, rotated q [B, H, T, d] and k [B, G, T, d]; they are stored. */
    static PartialAttention advance(MixerState state, Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        if (q.size(2) == 1 && !Gradients.enabled()) {
            slot(state, KEYS).copy_(k);
            slot(state, VALUES).copy_(v);
            long tokens = state.tokens() + 1;
            return WindowSoftmax.step(q, filled(state, KEYS, tokens), filled(state, VALUES, tokens), sink);
        }
        Tensor keys = extended(state, KEYS, k);
        Tensor values = extended(state, VALUES, v);
        long window = state.get(KEYS).size(2);
        PartialAttention result = WindowSoftmax.banded(q, keys, values, window, sink);
        push(state, k, v, k.size(2));
        return result;
    }
}
