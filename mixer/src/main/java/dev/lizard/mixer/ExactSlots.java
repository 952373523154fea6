package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.SlotInputs;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values that are kept exactly for three reasons, under one softmax: the last w tokens (near), the first m, and
 * of those that have left the window the K with the best scores r_j ({@link SlotScore}; of two equal ones the later):
 *
 * <pre>
 *   at time t token j is read iff   t − j < w   or   j < m   or   t < e_j
 *   e_j = w + the first position by which K tokens that are better than j were read, from token m on
 * </pre>
 *
 * <p>So membership is an interval, and three forms are one law: by steps, the token that leaves the window takes the place
 * of the worst slot if it is better; whole sequences are masked by t < e_j; chunks are masked likewise, with the slots at
 * their start and the tokens that leave during them as candidates ({@link SlotRace}). At each time one token at most is
 * lost, which a far memory may take up; that is also what becomes of it at a step.
 *
 * <p><b>Age.</b> With a half-life h > 0 a token's score is r_j + j ln 2 / h. Scores are logarithms of what tokens are worth,
 * so that halves every h tokens, beside what is read later; which of two tokens is the better never changes. Without it what
 * was worth most in a text's beginning fills the slots of any later part.
 *
 * <p><b>Distances.</b> With a limit L > 0 a slot that is more than L tokens away is read as if it were L away, and a first
 * token j as by a query at min(t, L): nothing stands at a distance that the base never saw. With L = 0 all are read where
 * they are. Ring and slots therefore hold keys that are not turned.
 *
 * <p><b>Rounding.</b> Slots may hold whole numbers of one byte ({@link SlotPairs}). A token is rounded when it leaves the
 * window, whether it wins a slot or not, and in all forms: where t − j ≥ w and j ≥ m its key and value are the rounded
 * ones, also for the memory that takes it up. Without slots nothing is rounded.
 *
 * @param ring the last w and the first m
 * @param slots K
 * @param type how slots hold numbers
 * @param limit L
 * @param halfLife h, or 0 for none
 * @param rule where r is from
 */
record ExactSlots(KeyRing ring, int slots, SlotType type, int limit, double halfLife, SlotRule rule) {
    static final String SCORES = "window.scores";

    /**
     * What all queries read, and what was lost to all later ones, keys not turned: [B, G, L, .] of the last L of the
     * call's tokens, one each; null where none was.
     *
     * @param near of all exact keys
     * @param slots what of it slots give, where all pairs are formed
     */
    record Read(
            PartialAttention near,
            KeyRing.@Nullable Pairs lost,
            @Nullable PartialAttention slots) {
        Read(PartialAttention near, KeyRing.@Nullable Pairs lost) {
            this(near, lost, null);
        }
    }

    private record Age(double halfLife, long tokens, DType dtype, Device device) {}

    private record Loses(ExactSlots all, DType dtype, Device device) {}

    /** Tokens that are kept in the end. */
    long places() {
        return (long) ring.slots() + slots;
    }

    void create(MixerState state, HeadDims dims, int batch, DType model, Device device) {
        ring.create(state, dims, batch, model, device);
        if (slots > 0) {
            ring.create(state, SCORES, dims, 1, batch, model, device);
            SlotPairs.create(state, type, dims, slots, batch, model, device);
            rule.create(state, dims, batch, model, device);
        }
    }

    /** Bytes of the state of one sequence in a model of this type. */
    long bytes(HeadDims dims, DType model) {
        long ringNumbers =
                MixerSizes.pairs(dims, ring.slots()) + (slots == 0 ? 0 : (long) ring.slots() * dims.keyHeads());
        long each = slots == 0 ? 0 : type.bytes(dims.headWidth(), model);
        long own = slots == 0 ? 0 : rule.numbers(dims);
        return (ringNumbers + own) * Mixer.computing(model).bytes() + (long) dims.keyHeads() * slots * each;
    }

    /** As it is read once it has left the window. */
    Tensor rounded(Tensor x) {
        return slots == 0 ? x : SlotPairs.rounded(x, type);
    }

    /** The first token that slots hold as whole numbers, where that is {@code token} if they do ({@link SlotInputs}). */
    int roundedFrom(long token) {
        return slots == 0 || type == SlotType.MODEL ? SlotInputs.NEVER : Math.toIntExact(token);
    }

    /** q [B, H, T, d] and k [B, G, n, d], both turned, to q·k / √d [B, G, R, T, n]. */
    static Tensor products(Tensor q, Tensor k) {
        long groups = k.size(1);
        long group = q.size(1) / groups;
        return q.mul(1 / Math.sqrt((double) q.size(3)))
                .reshape(q.size(0), groups, group * q.size(2), q.size(3))
                .matmul(k.transpose(-1, -2))
                .view(q.size(0), groups, group, q.size(2), k.size(2));
    }

    /** Sink logits [H] beside such products. */
    static @Nullable Tensor beside(@Nullable Tensor sink, long groups) {
        return sink == null ? null : sink.view(1, groups, -1, 1, 1);
    }

    /** min(x, limit) of int64. */
    Tensor limited(Tensor x) {
        return limit == 0
                ? x
                : x.neg().maximum(Tensors.full(-limit, DType.INT64, x.device())).neg();
    }

    /** Queries [B, H, T, d], the first at {@code start} [B | 1], as first tokens see them: turned to min(t, L). */
    Tensor toFirst(Positions at, Tensor q) {
        Tensor place = limited(
                Tensors.arange(0, q.size(2), q.device()).add(at.read(q.device()).unsqueeze(-1)));
        Rotary.Waves waves = at.angles(
                new First(limit, q.size(2), q.dtype(), q.device()),
                () -> at.rotary().waves(place, q.dtype())); // [B | 1, T, d]
        return at.rotary().turned(q, spread(waves), false);
    }

    private record First(long limit, long length, DType dtype, Device device) {}

    static Rotary.Waves spread(Rotary.Waves waves) {
        return new Rotary.Waves(waves.cos().unsqueeze(1), waves.sin().unsqueeze(1));
    }

    /** Queries as a slot sees them that is farther than L. */
    Tensor toLimit(Positions at, Tensor q) {
        Tensor turned = at.rotary().turned(q, at.plain(limit, 1, q), false);
        return at.rotary().scale() == 1
                ? turned
                : turned.mul(at.rotary().scale()); // that of the key, which is not turned
    }

    /** Keys of slots at such distances int64 [B, G, n], for queries that are turned by what is in addition. */
    Tensor behind(Positions at, Tensor keys, Tensor distances) {
        return at.rotary().turned(keys, angles(at, distances, keys.dtype()), false);
    }

    /** Of the turns by which keys at such distances are behind. */
    Rotary.Waves angles(Positions at, Tensor distances, DType dtype) {
        long read = at.bounded() ? at.most() + 1 : Long.MAX_VALUE;
        return at.rotary().behind(limited(distances), limit == 0 ? read : Math.min(read, limit), dtype);
    }

    /** Scores [B, G, T] of a call's tokens as they compete. */
    @Nullable
    Tensor aged(MixerInput in, @Nullable Tensor score) {
        if (score == null || halfLife == 0) {
            return score;
        }
        Device device = score.device();
        Tensor age = in.at()
                .shared(
                        new Age(halfLife, in.tokens(), score.dtype(), device),
                        () -> in.at()
                                .read(device)
                                .unsqueeze(-1)
                                .add(Tensors.arange(0, in.tokens(), device))
                                .to(score.dtype())
                                .mul(Math.log(2) / halfLife)
                                .unsqueeze(1)); // [B | 1, 1, T]
        return score.add(age);
    }

    /** How many slots are taken when the call begins. */
    long taken(Positions at) {
        return Math.clamp(at.readUpTo(places()) - ring.slots(), 0, slots);
    }

    // ---- one token a row ------------------------------------------------------------------------------------------

    /** 1 for rows in which a step loses a token, 0 for the others: [B | 1, 1, 1, 1]; null where all are known to. */
    @Nullable
    Tensor loses(Positions at, Tensor like) {
        return at.allRead(places())
                ? null
                : at.shared(
                        new Loses(this, like.dtype(), like.device()),
                        () -> at.read(like.device())
                                .ge((double) places())
                                .to(like.dtype())
                                .view(-1, 1, 1, 1));
    }

    // ---- whole sequences ------------------------------------------------------------------------------------------

    /**
     * All pairs of whole sequences.
     *
     * @param given scores of the tokens [B, G, T], whatever their age; null without slots
     * @param sink logit a head [H], or null for none
     */
    Read parallel(MixerInput in, @Nullable Tensor given, @Nullable Tensor sink) {
        Tensor score = aged(in, given);
        Tensor k = in.k();
        Tensor v = in.v();
        long tokens = in.tokens();
        long first = ring.first();
        Positions at = in.at();
        Tensor time = Tensors.arange(0, tokens, k.device());
        Tensor distance = time.unsqueeze(-1).sub(time.unsqueeze(0)); // [T, T]
        Tensor roundedK = rounded(k);
        Tensor roundedV = rounded(v);
        Tensor q = at.turn(in.q());
        Tensor old = distance.ge((double) ring.window());
        Tensor near = products(q, at.turn(k)); // [B, G, R, T, T]
        Tensor far = products(q, at.turn(roundedK));
        if (limit > 0 && tokens > limit) {
            far = Tensors.where(distance.ge(limit + 1.0), products(toLimit(at, in.q()), roundedK), far);
        }
        Tensor scores = Tensors.where(old, far, near);
        Tensor pinned = time.lt((double) first).unsqueeze(0); // [1, T]
        if (first > 0) {
            scores = Tensors.where(old.logicalAnd(pinned), products(toFirst(at, in.q()), at.turn(k)), scores);
        }
        long leaving = Math.max(0, tokens - ring.slots());
        SlotRace.Result race = score == null || leaving == 0
                ? null
                : SlotRace.run(score.narrow(2, 0, 0), score.narrow(2, first, leaving), slots);
        Tensor hidden =
                distance.lt(0).logicalOr(ends(race, leaving, time).unsqueeze(-2).le(time.unsqueeze(-1))); // [.., T, T]
        Tensor masked = scores.maskedFill(hidden, Double.NEGATIVE_INFINITY);
        WindowSoftmax.Weights weights = WindowSoftmax.weigh(masked, beside(sink, k.size(1)));
        Tensor mass = weights.mass().view(in.batch(), in.q().size(1), tokens, 1);
        if (slots == 0) {
            PartialAttention all = new PartialAttention(weighted(weights.exp(), v), mass);
            return new Read(all, lost(race, k, v, leaving));
        }
        Tensor slot = old.logicalAnd(time.ge((double) first).unsqueeze(0)); // [T, T]
        Tensor others = weights.exp().maskedFill(slot, 0);
        Tensor held = weighted(weights.exp().sub(others), roundedV);
        return new Read(
                new PartialAttention(weighted(others, v).add(held), mass),
                lost(race, roundedK, roundedV, leaving),
                new PartialAttention(held, mass));
    }

    /** The times from which on tokens are not read: [T], or with slots [B, G, 1, T]. */
    private Tensor ends(SlotRace.@Nullable Result race, long leaving, Tensor time) {
        long tokens = time.size(0);
        long first = ring.first();
        if (race == null && slots == 0) {
            Tensor left = time.add((long) ring.window());
            return Tensors.where(
                    time.lt((double) first), Tensors.full((double) tokens, DType.INT64, time.device()), left);
        }
        if (race == null) {
            return Tensors.full((double) tokens, DType.INT64, time.device(), tokens);
        }
        return race.ends()
                .add((long) ring.slots()) // leaving token i leaves at m + w + i
                .pad((double) tokens, first, tokens - first - leaving)
                .unsqueeze(2);
    }

    /** What is lost on the way, of keys and values [B, G, T, .]. */
    private KeyRing.@Nullable Pairs lost(SlotRace.@Nullable Result race, Tensor k, Tensor v, long leaving) {
        if (race == null) {
            return slots > 0 || leaving == 0
                    ? null
                    : new KeyRing.Pairs(k.narrow(2, ring.first(), leaving), v.narrow(2, ring.first(), leaving));
        }
        if (race.lost().size(2) == 0) {
            return null;
        }
        Tensor rows = SlotPairs.rows(race.lost().add((long) ring.first()), k.size(2));
        return new KeyRing.Pairs(SlotPairs.picked(k, rows), SlotPairs.picked(v, rows));
    }

    /** exp [B, G, R, T, n] and values [B, G, n, e] to [B, H, T, e]. */
    static Tensor weighted(Tensor exp, Tensor v) {
        long tokens = exp.size(3);
        long group = exp.size(2);
        return exp.view(exp.size(0), exp.size(1), group * tokens, exp.size(4))
                .matmul(v)
                .view(exp.size(0), exp.size(1) * group, tokens, v.size(3));
    }
}
