package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * The recurrent form of {@link ExactSlots}: one token a row. The token that leaves the window takes the place of the worst
 * slot if it is better, the new one its place in the ring, and the query is held against all that is there then.
 *
 * <p>A key is turned by its distance to the query, not by its place: with (a, b) the halves of a key and (p, r) those of the
 * query, q·R(−Δ)k = Σ cos(Δθ) (p a + r b) + sin(Δθ) (p b − r a), which is one product of the query beside (−r, p) with the key
 * times cos beside the key times sin. Scales of whole numbers are left to the scores and to the weights.
 *
 * <p>Where positions are known to the host only what is filled is read, and on the CPU the host itself lets tokens into
 * slots ({@link HostRace}) and holds queries against keys ({@link HostRead}). Else all is the same wherever the rows stand, so that it can be recorded.
 */
final class ExactStep {
    private final ExactSlots exact;
    private final KeyRing ring;
    private final MixerState state;
    private final MixerInput in;
    private final Positions at;
    private final Device device;
    private final DType dtype;
    private final long filled; // of the ring, this token's place included
    private final long taken; // of the slots, when the step is done

    private ExactStep(ExactSlots exact, MixerState state, MixerInput in) {
        this.exact = exact;
        this.ring = exact.ring();
        this.state = state;
        this.in = in;
        this.at = in.at();
        device = in.q().device();
        dtype = in.q().dtype();
        filled = at.bounded() ? Math.min(at.most() + 1, ring.slots()) : ring.slots();
        taken = at.bounded() ? Math.clamp(at.most() + 1 - ring.slots(), 0, exact.slots()) : exact.slots();
    }

    /**
     * One token a row, which is stored.
     *
     * @param remembers whether what is lost is asked for
     */
    static ExactSlots.Read read(
            ExactSlots exact, MixerState state, MixerInput in, HybridWeights weights, boolean remembers) {
        Tensor score = exact.aged(in, weights.scores(in, state));
        ExactStep step = new ExactStep(exact, state, in);
        KeyRing.Pairs lost = step.ring.keepsAll(step.at) ? null : step.leave(remembers);
        step.store(score);
        return new ExactSlots.Read(step.attend(weights.sink()), lost);
    }

    private void store(@Nullable Tensor score) {
        ring.insert(state.get(KeyRing.KEYS), at, in.k());
        ring.insert(state.get(KeyRing.VALUES), at, in.v());
        if (score != null) {
            ring.insert(state.get(ExactSlots.SCORES), at, score.unsqueeze(-1));
        }
    }

    // ---- who is read ----------------------------------------------------------------------------------------------

    /**
     * What the query is held against, n = filled + taken places.
     *
     * @param scores [B, G, R, n], of places without a token minus infinity
     * @param values [B, G, n, d], of slots without their scale
     */
    record Seen(Tensor scores, Tensor values) {}

    private PartialAttention attend(@Nullable Tensor sink) {
        long batch = in.batch();
        long heads = in.q().size(1);
        SlotPairs held = taken == 0 ? null : SlotPairs.in(state).first(taken);
        Seen seen = HostRead.serves(exact, state, in)
                ? HostRead.run(exact, state, in, (int) filled, (int) taken)
                : seen(held);
        WindowSoftmax.Weights weights =
                WindowSoftmax.weigh(seen.scores, sink == null ? null : sink.view(1, seen.scores.size(1), -1, 1));
        Tensor exp = weights.exp(); // [B, G, R, n]
        scale(exp.transpose(-1, -2), held, SlotPairs.VALUE);
        return new PartialAttention(
                exp.matmul(seen.values).view(batch, heads, 1, -1),
                weights.mass().view(batch, heads, 1, 1));
    }

    private Seen seen(@Nullable SlotPairs held) {
        Tensor keys = state.get(KeyRing.KEYS).narrow(2, 0, filled);
        Tensor values = state.get(KeyRing.VALUES).narrow(2, 0, filled);
        Rotary.Waves angles;
        if (held == null) {
            angles = ExactSlots.spread(
                    at.angles(new Near(exact, filled, dtype, device), () -> exact.angles(at, ringDistances(), dtype)));
        } else {
            keys = Tensors.cat(2, keys, held.numbers(SlotPairs.KEY)); // [B, G, n, d]
            values = Tensors.cat(2, values, held.numbers(SlotPairs.VALUE));
            angles = exact.angles(at, distances(held), dtype);
        }
        // cos and sin have the scale of turning once
        Tensor q = in.q().mul(at.rotary().scale() / Math.sqrt((double) in.q().size(3)));
        Tensor scores = keys.mul(angles.cos())
                .matmul(across(q))
                .sub(keys.mul(angles.sin()).matmul(across(at.rotary().quarter(q)))); // [B, G, n, R]
        scale(scores, held, SlotPairs.KEY);
        Tensor hidden = hidden(held);
        Tensor open = hidden == null ? scores : scores.maskedFill(hidden, Double.NEGATIVE_INFINITY);
        return new Seen(open.transpose(-1, -2), values);
    }

    /** q [B, H, 1, d] as [B, G, d, R]. */
    private Tensor across(Tensor q) {
        return q.view(q.size(0), in.k().size(1), -1, q.size(3)).transpose(-1, -2);
    }

    /** Multiplies what slots have of x [B, G, n, R] by the scales of their numbers. */
    private void scale(Tensor x, @Nullable SlotPairs held, int which) {
        Tensor scale = held == null ? null : held.scale(which);
        if (scale != null) {
            x.narrow(2, filled, taken).mul_(scale);
        }
    }

    /** Places without a token: bool [B, G, n, 1]; null where all are known to be filled. */
    private @Nullable Tensor hidden(@Nullable SlotPairs held) {
        if (at.known() || at.allRead(filled + taken - 1)) {
            return null;
        }
        Tensor empty = at.read(device).unsqueeze(-1).lt(Tensors.arange(0, filled, device));
        Tensor all = heads(empty);
        return (held == null
                        ? all
                        : Tensors.cat(2, all, held.positions().squeeze(3).eq(0)))
                .unsqueeze(3);
    }

    /** x [B | 1, n] of all heads: [B, G, n]. */
    private Tensor heads(Tensor x) {
        return x.unsqueeze(1).expand(in.batch(), in.k().size(1), x.size(1));
    }

    /** How far what the ring and slots hold is from the tokens: int64 [B, G, n]. */
    private Tensor distances(SlotPairs held) {
        Tensor place = held.positions().squeeze(3); // [B, G, K], from 1
        Tensor distance = at.known()
                ? place.neg().add(at.first() + 1)
                : at.read(device).view(-1, 1, 1).add(1L).sub(place.to(DType.INT64));
        return Tensors.cat(2, heads(ringDistances()), distance);
    }

    private record Near(ExactSlots exact, long filled, DType dtype, Device device) {}

    private record Distances(ExactSlots exact, long filled, Device device) {}

    /** How far the ring's places are from the tokens: int64 [B | 1, n], anything where one is empty. */
    private Tensor ringDistances() {
        return at.shared(new Distances(exact, filled, device), () -> {
            Tensor t = at.read(device).unsqueeze(-1);
            Tensor turning = t.sub((long) ring.first())
                    .sub(Tensors.arange(0, ring.window(), device))
                    .remainder(ring.window());
            Tensor pinned = exact.limited(t).sub(Tensors.arange(0, ring.first(), device));
            return Tensors.cat(-1, pinned.maximum(Tensors.zeros(DType.INT64, device)), turning)
                    .narrow(1, 0, filled);
        });
    }

    // ---- who leaves -----------------------------------------------------------------------------------------------

    /** What the token before the window does, of each row: it takes a slot or not; and what is lost for it. */
    private KeyRing.@Nullable Pairs leave(boolean remembers) {
        boolean loses = remembers && !at.noneRead(exact.places());
        if (exact.slots() > 0 && !loses && HostRace.serves(state, at)) {
            HostRace.run(exact, state, at);
            return null;
        }
        Tensor k = ring.evicted(state.get(KeyRing.KEYS), at);
        Tensor v = ring.evicted(state.get(KeyRing.VALUES), at);
        if (exact.slots() == 0) {
            return remembers ? new KeyRing.Pairs(k.copy(), v.copy()) : null; // another token is about to lie there
        }
        SlotPairs held = SlotPairs.in(state);
        Tensor score = ring.evicted(state.get(ExactSlots.SCORES), at); // [B, G, 1, 1]
        Tensor place = at.read(device).sub(ring.window() - 1L).view(-1, 1, 1, 1); // from 1
        SlotPairs fresh = SlotPairs.of(k, v, score.squeeze(3), place, held);
        Tensor position = held.positions().select(3, 0); // [B, G, K]
        Tensor worth = held.scores().maskedFill(position.eq(0), Double.NEGATIVE_INFINITY);
        Tensor least = worth.neg().amax(2, true).neg(); // [B, G, 1]
        Tensor earliest =
                Tensors.where(worth.eq(least), position.neg(), Tensors.full(Integer.MIN_VALUE, DType.INT32, device));
        Tensor rows = SlotPairs.rows(earliest.argmax(2).unsqueeze(-1), exact.slots());
        SlotPairs there = held.at(rows);
        Tensor wins = least.le(score.squeeze(3));
        if (!at.allRead(ring.slots())) {
            wins = wins.logicalAnd(at.read(device).ge((double) ring.slots()).view(-1, 1, 1));
        }
        held.put(rows, there.unless(wins, fresh));
        if (!loses) {
            return null;
        }
        SlotPairs lost = fresh.unless(wins, there);
        return new KeyRing.Pairs(lost.keys(k.size(3), k.dtype()), lost.values(v.size(3), v.dtype()));
    }
}
