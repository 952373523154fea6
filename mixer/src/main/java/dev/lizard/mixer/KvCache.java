package dev.lizard.mixer;

import dev.lizard.mixer.KvCacheSpec.Policy;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** {@link KvCacheSpec} at work: the held and the fresh tokens stand side by side, and masks say who is still there. */
final class KvCache implements Mixer {
    /** C, tokens that stand beside the held ones at a time. */
    private static final long TILE = 64;

    private final KvCacheSpec spec;
    private final HeadDims dims;

    KvCache(KvCacheSpec spec, HeadDims dims) {
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
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        try (Scope work = Scope.open()) {
            SlotPairs.create(state, spec.type(), dims, spec.fills(), batch, dtype, device);
        }
        return state;
    }

    /**
     * Tokens [B, G, N, .] that are there or were just read, in any order.
     *
     * @param stored as a state has them, but for worth and places; null where there is none
     * @param keys not turned
     * @param places positions, counted from 1, 0 where there is nothing: int64 [B, G, N]
     * @param worth a [B, G, N]
     */
    private record Tokens(@Nullable SlotPairs stored, Tensor keys, Tensor values, Tensor places, Tensor worth) {
        static Tokens in(SlotPairs state, MixerInput like) {
            Tensor places = state.positions().select(3, 0).to(DType.INT64);
            DType dtype = like.k().dtype();
            return new Tokens(
                    state,
                    state.keys(like.k().size(3), dtype),
                    state.values(like.v().size(3), dtype),
                    places,
                    state.scores().to(dtype));
        }

        Tokens and(Tokens more) {
            return new Tokens(
                    stored == null || more.stored == null ? null : stored.and(more.stored),
                    Tensors.cat(2, keys, more.keys),
                    Tensors.cat(2, values, more.values),
                    Tensors.cat(2, places, more.places),
                    Tensors.cat(2, worth, more.worth));
        }

        /** Those at int64 [B, G, n]. */
        Tokens at(Tensor index) {
            Tensor rows = SlotPairs.rows(index, places.size(2));
            return new Tokens(
                    stored == null ? null : stored.at(rows),
                    SlotPairs.picked(keys, rows),
                    SlotPairs.picked(values, rows),
                    SlotPairs.picked(places.unsqueeze(3), rows).squeeze(3),
                    SlotPairs.picked(worth.unsqueeze(3), rows).squeeze(3));
        }

        /** As a state has them. */
        SlotPairs toStore() {
            SlotPairs all = Objects.requireNonNull(stored, "no state");
            Tensor score = worth.to(all.marks().dtype()).unsqueeze(-1);
            Tensor marks =
                    Tensors.cat(-1, score, all.marks().narrow(3, 1, all.marks().size(3) - 1L));
            return new SlotPairs(all.pairs(), marks, places.to(DType.INT32).unsqueeze(-1));
        }
    }

    /** @param seen who is there at each of the last tokens, bool [B, G, T, N] */
    private record Chosen(Tensor seen, Tensor worth) {}

    @Override
    public Tensor parallel(MixerInput in) {
        return attend(in, null);
    }

    @Override
    public Tensor chunk(MixerInput in, MixerState state) {
        return attend(in, state);
    }

    @Override
    public Tensor step(MixerInput in, MixerState state) {
        return attend(in, state);
    }

    private Tensor attend(MixerInput original, @Nullable MixerState state) {
        if (original.at().documents() != null) {
            throw new IllegalArgumentException(spec.mixer() + " does not keep documents apart");
        }
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            Tensor turned = in.at().turn(in.q());
            SlotPairs held = state == null ? null : SlotPairs.in(state);
            Tokens there = held == null ? null : Tokens.in(held, in);
            List<Tensor> outputs = new ArrayList<>();
            for (long from = 0; from < in.tokens(); from += TILE) {
                long length = Math.min(TILE, in.tokens() - from);
                Tokens fresh = fresh(in, from, length, held);
                Tokens tokens = there == null ? fresh : there.and(fresh);
                Tensor scores = scores(in, turned, from, length, tokens); // [B, G, R, C, N]
                Chosen chosen = choose(now(in, from, length), tokens, scores.detach());
                Tensor hidden = not(chosen.seen).unsqueeze(2);
                WindowSoftmax.Weights weights =
                        WindowSoftmax.weigh(scores.maskedFill(hidden, Double.NEGATIVE_INFINITY), null);
                Tensor mass = weights.mass().view(in.batch(), in.q().size(1), length, 1);
                outputs.add(new PartialAttention(ExactSlots.weighted(weights.exp(), tokens.values), mass).divided());
                there = left(tokens, chosen);
            }
            if (held != null && there != null) {
                held.fill(there.toStore());
            }
            return scope.promote(original.narrowed(Tensors.cat(2, outputs.toArray(Tensor[]::new))));
        }
    }

    private Tokens fresh(MixerInput in, long from, long length, @Nullable SlotPairs held) {
        Tensor k = in.k().narrow(2, from, length);
        Tensor v = in.v().narrow(2, from, length);
        Tensor places = now(in, from, length).add(1L).expand(k.size(0), k.size(1), length);
        Tensor worth = Tensors.zeros(k.dtype(), k.device(), k.size(0), k.size(1), length);
        SlotPairs stored = held == null ? null : SlotPairs.of(k, v, worth, places.unsqueeze(-1), held);
        return new Tokens(stored, SlotPairs.rounded(k, spec.type()), SlotPairs.rounded(v, spec.type()), places, worth);
    }

    private Tensor scores(MixerInput in, Tensor turned, long from, long length, Tokens tokens) {
        Positions at = in.at();
        Rotary rotary = at.rotary();
        Tensor keys = tokens.keys;
        Rotary.Waves waves = rotary.waves(tokens.places.sub(1L), keys.dtype());
        Tensor near = ExactSlots.products(turned.narrow(2, from, length), rotary.turned(keys, waves, false));
        if (spec.limit() == 0 || at.noneRead(spec.limit() - in.tokens() + 2)) {
            return near;
        }
        Tensor query = rotary.turned(in.q().narrow(2, from, length), at.plain(spec.limit(), 1, in.q()), false);
        Tensor distance = now(in, from, length).unsqueeze(-1).sub(tokens.places.unsqueeze(2)); // [B, G, C, N], less 1
        Tensor far = distance.ge((double) spec.limit()).unsqueeze(2);
        return Tensors.where(far, ExactSlots.products(query, keys), near);
    }

    /** Positions of some of the call's tokens: int64 [B | 1, 1, length]. */
    private static Tensor now(MixerInput in, long from, long length) {
        Device device = in.q().device();
        return in.at()
                .read(device)
                .unsqueeze(-1)
                .add(Tensors.arange(from, from + length, device))
                .unsqueeze(1);
    }

    private Chosen choose(Tensor now, Tokens tokens, Tensor scores) {
        long all = tokens.places.size(2);
        long length = now.size(2);
        Tensor column = Tensors.arange(0, all, now.device());
        Tensor there = tokens.places.ge(1.0).logicalAnd(column.lt((double) (all - length)));
        Tensor worth = tokens.worth.detach();
        List<Tensor> seen = new ArrayList<>();
        try (Gradients off = Gradients.off()) {
            for (long t = 0; t < length; t++) {
                try (Scope scope = Scope.open()) {
                    Tensor more = there.logicalOr(column.eq((double) (all - length + t)));
                    Tensor gone = dropped(more, worth, tokens.places, now.narrow(2, t, 1), column);
                    Tensor fewer = more.logicalAnd(not(gone));
                    Tensor row = scores.select(3, t) // [B, G, R, N]
                            .maskedFill(not(fewer).unsqueeze(2), Double.NEGATIVE_INFINITY);
                    WindowSoftmax.Weights weights = WindowSoftmax.weigh(row, null);
                    Tensor paid = weights.exp().div(weights.mass()).sum(2, false); // [B, G, N]
                    worth = scope.promote(spec.policy() == Policy.H2O ? worth.add(paid) : paid);
                    there = scope.promote(fewer);
                    seen.add(there);
                }
            }
        }
        return new Chosen(Tensors.stack(seen, 2), worth);
    }

    private static Tensor not(Tensor x) {
        return x.eq(0);
    }

    /** The one of too many, bool [B, G, N]. */
    private Tensor dropped(Tensor there, Tensor worth, Tensor places, Tensor now, Tensor column) {
        Tensor full = there.sum(2, true).ge(spec.fills() + 1.0);
        Tensor open = there.logicalAnd(places.ge(spec.first() + 1.0))
                .logicalAnd(places.sub(now).lt(2.0 - spec.window()));
        Tensor good = worth.neg().maskedFill(not(open), Double.NEGATIVE_INFINITY);
        Tensor least = good.eq(good.amax(2, true));
        Tensor early = Tensors.where(least, places.neg(), Tensors.full(Integer.MIN_VALUE, DType.INT64, there.device()));
        return column.eq(early.argmax(2).unsqueeze(-1)).logicalAnd(full);
    }

    /** Those who are there in the end. */
    private Tokens left(Tokens tokens, Chosen chosen) {
        long all = tokens.places.size(2);
        Tensor there = chosen.seen.select(2, chosen.seen.size(2) - 1).to(DType.INT64);
        Tensor index = there.topK(Math.min(spec.fills(), all), 2).indices();
        return new Tokens(tokens.stored, tokens.keys, tokens.values, tokens.places.mul(there), chosen.worth).at(index);
    }
}
