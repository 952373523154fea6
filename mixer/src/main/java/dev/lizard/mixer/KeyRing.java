package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values that are kept exactly, in m + w slots: those of the first m tokens for ever (attention sinks, Xiao et
 * al. 2023, arXiv 2309.17453), and of the others the last w, in a ring. Token t lies in slot
 *
 * <pre>
 *   t                         for t < m
 *   m + (t − m) mod w         else, and takes the place of token t − w, which is evicted
 * </pre>
 *
 * <p>So the slots fill in order, and what is visible at any time are the filled ones.
 *
 * @param window w
 * @param first m
 */
record KeyRing(int window, int first) {
    static final String KEYS = "window.keys";
    static final String VALUES = "window.values";

    /** Keys and values [B, G, L, d] of the same tokens. */
    record Pairs(Tensor keys, Tensor values) {}

    private record Rows(KeyRing ring, long groups, long batch, Device device) {}

    private record Empty(KeyRing ring, Device device) {}

    private record Full(KeyRing ring, DType dtype, Device device) {}

    int slots() {
        return first + window;
    }

    void create(MixerState state, HeadDims dims, int batch, DType model, Device device) {
        create(state, KEYS, dims, dims.headWidth(), batch, model, device);
        create(state, VALUES, dims, dims.headWidth(), batch, model, device);
    }

    /** A store of {@code width} numbers a token. */
    void create(MixerState state, String name, HeadDims dims, long width, int batch, DType model, Device device) {
        state.put(name, Tensors.zeros(Mixer.computing(model), device, batch, dims.keyHeads(), slots(), width));
    }

    long slot(long token) {
        return token < first ? token : first + (token - first) % window;
    }

    // ---- one token a row ------------------------------------------------------------------------------------------

    /** The row of each sequence's slot in a store [B, G, m + w, d] read as [B G (m + w), d]: int64 [B G]. */
    private Tensor rows(Positions at, Tensor store) {
        long batch = store.size(0);
        long groups = store.size(1);
        Device device = store.device();
        return at.shared(new Rows(this, groups, batch, device), () -> {
            Tensor read = at.read(device); // [B | 1]
            Tensor slot = first == 0 ? read.remainder(window) : pinnedOrTurning(read);
            return Tensors.arange(0, batch * groups, device)
                    .mul((long) slots())
                    .view(batch, groups)
                    .add(slot.unsqueeze(-1))
                    .reshape(batch * groups);
        });
    }

    private Tensor pinnedOrTurning(Tensor read) {
        Tensor turning = read.sub((long) first).remainder(window).add((long) first);
        return Tensors.where(read.lt((double) first), read, turning);
    }

    private static Tensor flat(Tensor store) {
        return store.view(-1, store.size(3));
    }

    /** The key and value [B, G, 1, d] each row's token takes the place of; to be asked before it does. */
    Pairs evicted(MixerState state, Positions at) {
        return new Pairs(evicted(state.get(KEYS), at), evicted(state.get(VALUES), at));
    }

    /** The same of one store. */
    Tensor evicted(Tensor store, Positions at) {
        return at.known()
                ? store.narrow(2, slot(at.first()), 1)
                : flat(store).indexSelect(0, rows(at, store)).view(store.size(0), store.size(1), 1, -1);
    }

    /** Stores one number or vector a row, {@code fresh} [B, G, 1, .]. */
    void insert(Tensor store, Positions at, Tensor fresh) {
        boolean plain = fresh.dtype() == store.dtype() && fresh.isContiguous() && store.isContiguous();
        if (at.bounded() && !store.isCuda() && plain) {
            insertOnHost(store, at, fresh);
        } else if (at.known()) { // the same in fewer operations
            store.narrow(2, slot(at.first()), 1).copy_(fresh);
        } else {
            flat(store).indexCopy_(0, rows(at, store), fresh.reshape(-1, fresh.size(3)));
        }
    }

    /** No operation is quicker than the host where it copies a vector or two. */
    private void insertOnHost(Tensor store, Positions at, Tensor fresh) {
        long groups = store.size(1);
        long heads = store.size(0) * groups;
        MemorySegment from = fresh.segment();
        MemorySegment to = store.segment();
        long bytes = from.byteSize() / heads;
        for (long head = 0; head < heads; head++) {
            long place = head * slots() + slot(at.read((int) (head / groups)));
            MemorySegment.copy(from, head * bytes, to, place * bytes, bytes);
        }
    }

    /** Slots without a token after this call's own: bool [B | 1, 1, 1, m + w]; null where all are known to be filled. */
    @Nullable
    Tensor empty(Positions at, Device device) {
        return at.allRead(slots() - 1L)
                ? null
                : at.shared(
                        new Empty(this, device),
                        () -> at.read(device)
                                .unsqueeze(-1)
                                .lt(Tensors.arange(0, slots(), device))
                                .view(-1, 1, 1, slots()));
    }

    /** Whether nothing is evicted, in any row. */
    boolean keepsAll(Positions at) {
        return at.noneRead(slots());
    }

    /** 1 for rows whose token evicts another, 0 for the others: [B | 1, 1, 1, 1]; null where all are known to. */
    @Nullable
    Tensor evicting(Positions at, Tensor like) {
        return at.allRead(slots())
                ? null
                : at.shared(
                        new Full(this, like.dtype(), like.device()),
                        () -> at.read(like.device())
                                .ge((double) slots())
                                .to(like.dtype())
                                .view(-1, 1, 1, 1));
    }

    /** Stores a token k, v [B, G, 1, d] of each row and attends to all that is held then: q [B, H, 1, d]. */
    PartialAttention step(MixerState state, Positions at, Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        Tensor keys = state.get(KEYS);
        Tensor values = state.get(VALUES);
        insert(keys, at, k);
        insert(values, at, v);
        if (at.known()) {
            long filled = Math.min(at.first() + 1, slots());
            return WindowSoftmax.step(q, keys.narrow(2, 0, filled), values.narrow(2, 0, filled), sink, null);
        }
        return WindowSoftmax.step(q, keys, values, sink, empty(at, keys.device()));
    }

    // ---- several tokens, all rows at one position -----------------------------------------------------------------

    private record Slots(KeyRing ring, long offset, long length, Device device) {}

    /** Where tokens lie, from {@code offset} after the call's first on: int64 [length]. */
    private Tensor slots(Positions at, long offset, long length, Device device) {
        return at.shared(new Slots(this, offset, length, device), () -> {
            Tensor token = Tensors.arange(offset, offset + length, device).add(at.read(device));
            return first == 0 ? token.remainder(window) : pinnedOrTurning(token);
        });
    }

    /** The {@link #past} of a store, then {@code fresh} [B, G, T, d]. */
    Tensor extended(MixerState state, String name, Positions at, Tensor fresh) {
        return held(at) == 0 ? fresh : Tensors.cat(2, past(state.get(name), at), fresh);
    }

    /** Of a store what the {@link #held} last tokens have, oldest first: [B, G, h, .]. */
    Tensor past(Tensor store, Positions at) {
        long held = held(at);
        return store.indexSelect(2, slots(at, -held, held, store.device()));
    }

    /** How many of the last tokens before the call are held: min(n, w). */
    long held(Positions at) {
        return at.readUpTo(window);
    }

    /** The {@link #held} last tokens, oldest first: [B, G, h, d] each. */
    Pairs past(MixerState state, Positions at) {
        return new Pairs(past(state.get(KEYS), at), past(state.get(VALUES), at));
    }

    /** How many tokens before the call's first the first of those stands that the call evicts. */
    long lag(Positions at) {
        return at.allRead(slots()) ? window : Math.min(held(at), at.first() - first);
    }

    /** Those that are evicted when {@code k} and {@code v} [B, G, T, d] enter, L ≤ T; to be asked before they do. */
    Pairs evicted(MixerState state, Positions at, Tensor k, Tensor v) {
        long count = lag(at) + k.size(2) - window;
        if (count <= 0) {
            return new Pairs(k.narrow(2, 0, 0), v.narrow(2, 0, 0));
        }
        long from = held(at) - lag(at);
        return new Pairs(
                extended(state, KEYS, at, k).narrow(2, from, count),
                extended(state, VALUES, at, v).narrow(2, from, count));
    }

    /** Stores T tokens {@code k} and {@code v} [B, G, T, d]. */
    void push(MixerState state, Positions at, Tensor k, Tensor v) {
        store(state.get(KEYS), at, k.detach());
        store(state.get(VALUES), at, v.detach());
    }

    /** The same given only the last of {@code tokens} tokens, without first ones to be pinned. */
    void pushLast(MixerState state, Positions at, Tensor k, Tensor v, long tokens) {
        Tensor slots = slots(at, tokens - k.size(2), k.size(2), k.device());
        state.get(KEYS).indexCopy_(2, slots, k);
        state.get(VALUES).indexCopy_(2, slots, v);
    }

    /** Stores T tokens' [B, G, T, .]. */
    void store(Tensor to, Positions at, Tensor fresh) {
        long tokens = fresh.size(2);
        long pinned = at.allRead(first) ? 0 : Math.clamp(first - at.first(), 0, tokens);
        if (pinned > 0) {
            to.narrow(2, at.first(), pinned).copy_(fresh.narrow(2, 0, pinned));
        }
        long kept = Math.min(tokens - pinned, window);
        if (kept > 0) {
            Tensor last = fresh.narrow(2, tokens - kept, kept);
            to.indexCopy_(2, slots(at, tokens - kept, kept, to.device()), last);
        }
    }

    /** Attention of T new tokens, turned q [B, H, T, d] and k [B, G, T, d]; they are stored. */
    PartialAttention chunk(MixerState state, Positions at, Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        PartialAttention result = WindowSoftmax.banded(
                q,
                extended(state, KEYS, at, k),
                extended(state, VALUES, at, v),
                window,
                pinned(state, at, k, v),
                sink,
                at.documents());
        push(state, at, k, v);
        return result;
    }

    /** The same divided, where nothing but the keys is in the normaliser: [B, H, T, d]. */
    Tensor attend(MixerState state, Positions at, Tensor q, Tensor k, Tensor v) {
        Tensor result = WindowSoftmax.attended(
                q,
                extended(state, KEYS, at, k),
                extended(state, VALUES, at, v),
                window,
                pinned(state, at, k, v),
                at.documents());
        push(state, at, k, v);
        return result;
    }

    private WindowSoftmax.@Nullable Pinned pinned(MixerState state, Positions at, Tensor k, Tensor v) {
        return first == 0
                ? null
                : new WindowSoftmax.Pinned(
                        firsts(state, KEYS, at, k), firsts(state, VALUES, at, v), at.readUpTo(slots()));
    }

    /** The first tokens that were read or are fresh [B, G, T, d], at most m. */
    Tensor firsts(MixerState state, String name, Positions at, Tensor fresh) {
        long known = at.readUpTo(first);
        long more = Math.min(first - known, fresh.size(2));
        return Tensors.cat(2, state.get(name).narrow(2, 0, known), fresh.narrow(2, 0, more));
    }

    /** Attention of whole sequences by blocks, which are not stored. */
    PartialAttention whole(Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {
        long pinned = Math.min(first, k.size(2));
        return WindowSoftmax.banded(
                q,
                k,
                v,
                window,
                first == 0 ? null : new WindowSoftmax.Pinned(k.narrow(2, 0, pinned), v.narrow(2, 0, pinned), 0),
                sink,
                null);
    }

    /** All pairs of whole sequences. */
    PartialAttention parallel(Tensor q, Tensor k, Tensor v, @Nullable Tensor sink, @Nullable Tensor documents) {
        return WindowSoftmax.parallel(q, k, v, window, first, sink, documents);
    }
}
