package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The chunkwise form of {@link ExactSlots}: tiles of C queries over what they may see, which is the first m tokens, the
 * slots at the tile's start, those that leave the window during it, and the window. A tile's candidates and their ends are
 * decided by {@link SlotRace}; nothing of T × T is formed. Angles count from the call's first token, so all is the same
 * wherever the call stands.
 */
final class ExactChunk {
    /** C. */
    static final long TILE = 128;

    private final ExactSlots exact;
    private final KeyRing ring;
    private final MixerState state;
    private final MixerInput in;
    private final Positions at;
    private final Device device;
    private final @Nullable Tensor sink;
    private final long tokens;
    private final long held; // tokens before the call that are in the window
    private final long leaving; // tokens that leave the window during the call, one at each of its last steps
    private final long from; // the first of them among held and fresh tokens
    private final Tensor k; // held and fresh, not turned [B, G, h + T, d]
    private final Tensor v;
    private final Tensor turnedK;
    private final Tensor q; // turned

    private ExactChunk(ExactSlots exact, MixerState state, MixerInput in, @Nullable Tensor sink) {
        this.exact = exact;
        this.ring = exact.ring();
        this.state = state;
        this.in = in;
        this.at = in.at();
        this.device = in.q().device();
        this.sink = sink;
        tokens = in.tokens();
        held = ring.held(at);
        long lag = ring.lag(at);
        leaving = Math.max(0, lag + tokens - ring.window());
        from = leaving == 0 ? 0 : held - lag;
        k = ring.extended(state, KeyRing.KEYS, at, in.k());
        v = ring.extended(state, KeyRing.VALUES, at, in.v());
        turnedK = turned(k, -held);
        q = turned(in.q(), 0);
    }

    private Tensor turned(Tensor x, long place) {
        return at.rotary().turned(x, at.plain(place, x.size(2), x), false);
    }

    /** T tokens of rows that stand at one position, which are stored; arguments as for {@link ExactSlots#parallel}. */
    static ExactSlots.Read read(
            ExactSlots exact, MixerState state, MixerInput in, @Nullable Tensor given, @Nullable Tensor sink) {
        Tensor scores = exact.aged(in, given);
        ExactChunk chunk = new ExactChunk(exact, state, in, sink);
        ExactSlots.Read result = chunk.attend(scores == null ? null : chunk.new Candidates(scores));
        chunk.ring.push(state, chunk.at, in.k(), in.v());
        if (scores != null) {
            chunk.ring.store(
                    state.get(ExactSlots.SCORES), chunk.at, scores.detach().unsqueeze(-1));
        }
        return result;
    }

    private ExactSlots.Read attend(@Nullable Candidates all) {
        List<PartialAttention> tiles = new ArrayList<>();
        Pinned pinned = pinned();
        for (long start = 0; start < tokens; start += TILE) {
            Columns columns = new Columns();
            long count = Math.min(TILE, tokens - start);
            near(columns, start, count);
            if (pinned != null) {
                pinned.add(columns, start, count);
            }
            if (all != null) {
                all.add(columns, start, count);
            }
            tiles.add(columns.attend(count));
        }
        return new ExactSlots.Read(joined(tiles), all == null ? left() : all.finish());
    }

    /** What has left, all of which is lost without slots. */
    private KeyRing.@Nullable Pairs left() {
        return leaving == 0 ? null : new KeyRing.Pairs(k.narrow(2, from, leaving), v.narrow(2, from, leaving));
    }

    private static PartialAttention joined(List<PartialAttention> tiles) {
        return tiles.size() == 1
                ? tiles.getFirst()
                : new PartialAttention(
                        Tensors.cat(
                                tiles.stream().map(PartialAttention::numerator).toList(), 2),
                        Tensors.cat(tiles.stream().map(PartialAttention::mass).toList(), 2));
    }

    /** What the queries of a tile are held against. */
    private final class Columns {
        private final List<Tensor> scores = new ArrayList<>(); // [B, G, R, C, n]
        private final List<Tensor> values = new ArrayList<>(); // [B, G, n, e]

        void add(Tensor score, Tensor value, @Nullable Tensor hidden) {
            scores.add(hidden == null ? score : score.maskedFill(hidden, Double.NEGATIVE_INFINITY));
            values.add(value);
        }

        PartialAttention attend(long count) {
            WindowSoftmax.Weights weights =
                    WindowSoftmax.weigh(Tensors.cat(scores, -1), ExactSlots.beside(sink, k.size(1)));
            return new PartialAttention(
                    ExactSlots.weighted(weights.exp(), Tensors.cat(values, 2)),
                    weights.mass().view(in.batch(), in.q().size(1), count, 1));
        }
    }

    private void near(Columns columns, long start, long count) {
        long low = Math.max(0, held + start - ring.window() + 1);
        long keys = held + start + count - low;
        Tensor row = Tensors.arange(held + start, held + start + count, device).unsqueeze(-1);
        Tensor column = Tensors.arange(low, low + keys, device).unsqueeze(0);
        Tensor outside = row.lt(column).logicalOr(column.le(row.sub((long) ring.window())));
        columns.add(
                ExactSlots.products(q.narrow(2, start, count), turnedK.narrow(2, low, keys)),
                v.narrow(2, low, keys),
                outside);
    }

    private @Nullable Pinned pinned() {
        boolean none = ring.first() == 0 || (at.known() && at.first() + tokens <= ring.window());
        return none ? null : new Pinned();
    }

    /** First tokens, where they have left the window. */
    private final class Pinned {
        private final long position = at.readUpTo(ring.slots()); // as far as it matters
        private final Tensor keys;
        private final Tensor values;
        private final Tensor queries = exact.toFirst(at, in.q());

        Pinned() {
            keys = turned(ring.firsts(state, KeyRing.KEYS, at, in.k()), 0);
            values = ring.firsts(state, KeyRing.VALUES, at, in.v());
        }

        void add(Columns columns, long start, long count) {
            long left = position + start - ring.window();
            Tensor row = Tensors.arange(left, left + count, device).unsqueeze(-1);
            Tensor within = row.lt(Tensors.arange(0, keys.size(2), device).unsqueeze(0));
            columns.add(ExactSlots.products(queries.narrow(2, start, count), keys), values, within);
        }
    }

    /** Who may hold slots: those that do when the call begins, then those that leave the window during it. */
    private final class Candidates {
        private final SlotPairs stored;
        private final long before; // of the first kind
        private final Tensor keys; // not turned [B, G, N, d]
        private final Tensor values;
        private final Tensor turned;
        private final Tensor places; // counted from the call's first token, int64 [B, G, N]
        private final Tensor worth; // [B, G, N]
        private final @Nullable Tensor queriesAtLimit;
        private final List<Tensor> lost = new ArrayList<>();
        private Tensor current; // who holds slots, best first: int64 [B, G, n]
        private long turn; // how many have left

        Candidates(Tensor scores) {
            before = exact.taken(at);
            long width = k.size(3);
            DType dtype = k.dtype();
            SlotPairs slots = SlotPairs.in(state);
            SlotPairs old = slots.ranked(before);
            Tensor score = ring.extended(state, ExactSlots.SCORES, at, scores.unsqueeze(-1))
                    .squeeze(3)
                    .narrow(2, from, leaving);
            Tensor freshK = k.narrow(2, from, leaving);
            Tensor freshV = v.narrow(2, from, leaving);
            Tensor place = Tensors.arange(from - held, from - held + leaving, device);
            Tensor read = at.read(device); // [1]
            stored = old.and(
                    SlotPairs.of(freshK, freshV, score, place.add(read).add(1L).view(1, 1, -1, 1), slots));
            worth = stored.scores();
            Tensor oldPlaces =
                    old.positions().select(3, 0).to(DType.INT64).sub(1L).sub(read.view(-1, 1, 1));
            Tensor oldKeys = old.keys(width, dtype);
            Tensor roundedK = exact.rounded(freshK);
            keys = Tensors.cat(2, oldKeys, roundedK);
            values = Tensors.cat(2, old.values(v.size(3), dtype), exact.rounded(freshV));
            turned = Tensors.cat(
                    2,
                    exact.behind(at, oldKeys, oldPlaces.neg()),
                    leaving == 0 ? roundedK : turned(roundedK, from - held));
            places = Tensors.cat(2, oldPlaces, place.view(1, 1, -1).expand(k.size(0), k.size(1), leaving));
            queriesAtLimit = reaches(tokens) ? exact.toLimit(at, in.q()) : null;
            current = Tensors.arange(0, before, device).expand(k.size(0), k.size(1), before);
        }

        /** Whether one of the first {@code count} tokens may be farther from a slot than the limit. */
        private boolean reaches(long count) {
            return exact.limit() > 0 && !(at.known() && at.first() + count - 1 <= exact.limit());
        }

        void add(Columns columns, long start, long count) {
            long next = Math.max(0, start + count - (tokens - leaving));
            long fresh = next - turn;
            long holders = current.size(2);
            if (holders + fresh == 0) {
                return;
            }
            Tensor come = Tensors.arange(before + turn, before + next, device)
                    .expand(current.size(0), current.size(1), fresh);
            Tensor who = Tensors.cat(2, current, come); // [B, G, n + L]
            Tensor hidden = null;
            if (fresh > 0) {
                SlotRace.Result race = SlotRace.run(worth.gather(2, current), worth.gather(2, come), exact.slots());
                Tensor now = Tensors.arange(start, start + count, device)
                        .sub(tokens - leaving + turn)
                        .unsqueeze(-1); // the turn of each query [C, 1]
                hidden = race.ends().unsqueeze(2).unsqueeze(2).le(now).logicalOr(early(now, holders, fresh));
                lost.add(who.gather(2, race.lost()));
                current = who.gather(2, race.kept());
            }
            turn = next;
            Tensor rows = SlotPairs.rows(who, keys.size(2));
            Tensor score = ExactSlots.products(q.narrow(2, start, count), SlotPairs.picked(turned, rows));
            if (queriesAtLimit != null && reaches(start + count)) {
                Tensor distance = Tensors.arange(start, start + count, device)
                        .unsqueeze(-1)
                        .sub(places.gather(2, who).unsqueeze(2).unsqueeze(2)); // [B, G, 1, C, n]
                score = Tensors.where(
                        distance.ge(exact.limit() + 1.0),
                        ExactSlots.products(queriesAtLimit.narrow(2, start, count), SlotPairs.picked(keys, rows)),
                        score);
            }
            columns.add(score, SlotPairs.picked(values, rows), hidden);
        }

        /** Where one has not left the window yet: [C, n + L]. */
        private Tensor early(Tensor now, long holders, long fresh) {
            Tensor own = Tensors.arange(0, fresh, device);
            Tensor always = Tensors.full(Long.MIN_VALUE, DType.INT64, device, holders);
            return now.lt(Tensors.cat(0, always, own).unsqueeze(0));
        }

        /** Puts the slots into the state and tells what was lost. */
        KeyRing.@Nullable Pairs finish() {
            SlotPairs.in(state).fill(stored.at(SlotPairs.rows(current, keys.size(2))));
            Tensor gone = lost.isEmpty() ? null : Tensors.cat(lost, 2);
            if (gone == null || gone.size(2) == 0) {
                return null;
            }
            Tensor rows = SlotPairs.rows(gone, keys.size(2));
            return new KeyRing.Pairs(SlotPairs.picked(keys, rows), SlotPairs.picked(values, rows));
        }
    }
}
