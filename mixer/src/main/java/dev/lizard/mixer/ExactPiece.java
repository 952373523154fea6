package dev.lizard.mixer;

import dev.lizard.mixer.Hybrid.Far;
import dev.lizard.mixer.Hybrid.Plan;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.SlotAttention;
import dev.lizard.tensor.kernel.SlotInputs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a text by the kernels that read whole sequences ({@link SlotFunction}), where {@link ExactSlots} is all that is
 * read. What the state keeps stands in front of the piece, and the kernels cannot tell it from a text:
 *
 * <pre>
 *   place    0 .. f          f .. f + s             f + s .. P           P .. P + T
 *   token    the first ones  slots, oldest first    last u, not first    the piece
 * </pre>
 *
 * <p>Distances among window and piece are those of the text; all before the window is at least w away, as it was. Who holds a slot
 * competes by its score and, of equal ones, by its order, which both are kept, and the K best of a text are the K best of its
 * prefix's K and of what comes after. First tokens and slots come turned, so that their angles are none, and slots come
 * rounded. The P queries in front are zeros, and what they read is thrown away.
 *
 * <p>The state at the end: the ring takes the last tokens, and slots belong to those whom the race never takes out, which
 * the kernels told when they found out how long each is read.
 */
final class ExactPiece {
    /** What reads such a sequence; scores are [B, G, P + T], contiguous, null without slots. */
    @FunctionalInterface
    interface Kernels {
        SlotAttention.Result forward(SlotInputs in, @Nullable Tensor scores);
    }

    /** Below this what can be read of a piece is not worth a call of its own. */
    private static final long LEAST = 2;

    private final ExactSlots exact;
    private final KeyRing ring;
    private final MixerState state;
    private final MixerInput in;
    private final MixerInput wide;
    private final Positions at;
    private final Device device;
    private final DType narrow;
    private final long tokens;
    private final long firsts; // f
    private final long stored; // s
    private final long recent; // u
    private final long before; // P

    private ExactPiece(ExactSlots exact, MixerInput in, MixerState state) {
        this.exact = exact;
        this.ring = exact.ring();
        this.state = state;
        this.in = in;
        wide = in.widened();
        at = in.at();
        device = in.q().device();
        narrow = in.q().dtype();
        tokens = in.tokens();
        firsts = at.readUpTo(ring.first());
        stored = exact.taken(at);
        recent = Math.max(0, ring.lag(at));
        before = firsts + stored + recent;
    }

    /** Tokens of a piece, from its first on, that such a kernel can read: those that no limit of distances changes. */
    static long within(Plan plan, MixerInput in) {
        ExactSlots exact = plan.exact();
        boolean plain = plan.far() == Far.NONE
                && plan.turnsNear()
                && in.at().together()
                && in.at().documents() == null
                && in.v().size(3) == in.q().size(3)
                && !Gradients.enabled();
        if (exact == null || !plain) {
            return 0;
        }
        long tokens = in.tokens();
        long limit = exact.limit();
        if (limit == 0 || in.at().noneRead(limit - tokens + 1)) {
            return tokens;
        }
        boolean splits = in.at().known() && !in.at().recorded(); // a recording would know only this beginning
        return splits ? Math.clamp(limit - in.at().first(), 0, tokens) : 0;
    }

    /** Reads a piece, what lies beyond the limit by composed operations: [B, H, T, d]; null where kernels read none. */
    static @Nullable Tensor chunk(Hybrid mixer, MixerInput in, MixerState state, Kernels kernels) {
        ExactSlots exact = mixer.plan().exact();
        long served = within(mixer.plan(), in);
        long tokens = in.tokens();
        if (exact == null || served < LEAST) {
            return null;
        }
        try (Scope scope = Scope.open()) {
            MixerInput near = served == tokens ? in : in.slice(0, served, in.at());
            Tensor y = new ExactPiece(exact, near, state)
                    .read(mixer.weights(Mixer.computing(in.q().dtype())), kernels);
            if (served == tokens) {
                return scope.promote(y);
            }
            try (Positions later = in.at().from(served)) {
                Tensor rest = mixer.chunk(in.slice(served, tokens - served, later), state);
                return scope.promote(Tensors.cat(2, y, rest));
            }
        }
    }

    private Tensor read(HybridWeights weights, Kernels kernels) {
        Tensor given = exact.aged(wide, weights.scores(wide, state)); // [B, G, T]
        SlotPairs old = slots();
        Tensor k = keys(old);
        Tensor v = values(old);
        Tensor score = given == null ? null : scores(old, given);
        Rotary.Waves angles = angles();
        Tensor sink = weights.sink();
        SlotAttention.Result result = kernels.forward(
                new SlotInputs(
                        behind(
                                Tensors.zeros(
                                        narrow,
                                        device,
                                        in.batch(),
                                        in.q().size(1),
                                        before,
                                        in.q().size(3)),
                                in.q()),
                        k,
                        v,
                        angles.cos(),
                        angles.sin(),
                        sink == null ? null : sink.contiguous(),
                        ring.window(),
                        ring.first(),
                        exact.slots(),
                        exact.roundedFrom(ring.first() + stored)),
                score);
        if (score != null) {
            fill(old, k, v, score, result.saved().until());
        }
        ring.push(state, at, wide.k(), wide.v());
        if (given != null) {
            ring.store(state.get(ExactSlots.SCORES), at, given.detach().unsqueeze(-1));
        }
        return result.y().narrow(2, before, tokens);
    }

    // ---- what stands in front -------------------------------------------------------------------------------------

    /** The taken slots in the order of their tokens, so that of equal scores the later is the later here too. */
    private @Nullable SlotPairs slots() {
        if (stored == 0) {
            return null;
        }
        SlotPairs held = SlotPairs.in(state);
        Tensor order = held.positions()
                .select(3, 0)
                .narrow(2, 0, stored)
                .neg()
                .topK(stored, 2)
                .indices(); // [B, G, s]
        return held.at(SlotPairs.rows(order, exact.slots()));
    }

    private static Tensor behind(Tensor front, Tensor x) {
        return front.size(2) == 0 ? x : Tensors.cat(2, front, x);
    }

    /** Keys [B, G, P + T, d]; first tokens and slots are turned, as seen from the piece's first token. */
    private Tensor keys(@Nullable SlotPairs old) {
        List<Tensor> all = new ArrayList<>();
        Tensor read = at.read(device).view(-1, 1, 1); // [1, 1, 1]
        if (firsts > 0) {
            Tensor keys = state.get(KeyRing.KEYS).narrow(2, 0, firsts);
            Tensor distance = read.sub(Tensors.arange(0, firsts, device)); // [1, 1, f]
            all.add(exact.behind(at, keys, distance).to(narrow));
        }
        if (old != null) {
            Tensor distance = read.add(1).sub(old.positions().squeeze(3).to(DType.INT64)); // [B, G, s]
            Tensor keys = old.keys(in.k().size(3), wide.k().dtype());
            all.add(exact.behind(at, keys, distance).to(narrow));
        }
        addRecent(all, KeyRing.KEYS);
        all.add(in.k());
        return all.size() == 1 ? all.getFirst() : Tensors.cat(all, 2);
    }

    private Tensor values(@Nullable SlotPairs old) {
        List<Tensor> all = new ArrayList<>();
        if (firsts > 0) {
            all.add(state.get(KeyRing.VALUES).narrow(2, 0, firsts).to(narrow));
        }
        if (old != null) {
            all.add(old.values(in.v().size(3), wide.v().dtype()).to(narrow));
        }
        addRecent(all, KeyRing.VALUES);
        all.add(in.v());
        return all.size() == 1 ? all.getFirst() : Tensors.cat(all, 2);
    }

    private void addRecent(List<Tensor> all, String name) {
        if (recent > 0) {
            all.add(recent(name).to(narrow));
        }
    }

    /** What a store has of the last u tokens [B, G, u, .]. */
    private Tensor recent(String name) {
        return ring.past(state.get(name), at).narrow(2, ring.held(at) - recent, recent);
    }

    /** Scores [B, G, P + T]; those of first tokens, which do not compete, are anything. */
    private Tensor scores(@Nullable SlotPairs old, Tensor given) {
        List<Tensor> all = new ArrayList<>();
        if (firsts > 0) {
            all.add(Tensors.zeros(given.dtype(), device, given.size(0), given.size(1), firsts));
        }
        if (old != null) {
            all.add(old.scores());
        }
        if (recent > 0) {
            all.add(recent(ExactSlots.SCORES).squeeze(3));
        }
        all.add(given.detach());
        return all.size() == 1 ? given.detach().contiguous() : Tensors.cat(all, 2);
    }

    private record Angles(long turned, long recent, long tokens, DType dtype, Device device) {}

    /** cos and sin of the angles [P + T, d], counted from the piece's first token; none of what is turned already. */
    private Rotary.Waves angles() {
        Rotary.Waves own = at.plain(-recent, recent + tokens, wide.k());
        long turned = firsts + stored;
        if (turned == 0) {
            return own;
        }
        return at.angles(
                new Angles(turned, recent, tokens, own.cos().dtype(), device),
                () -> new Rotary.Waves(
                        own.cos().pad(1.0, 0, 0, turned, 0).contiguous(),
                        own.sin().pad(0.0, 0, 0, turned, 0).contiguous()));
    }

    // ---- what is kept ---------------------------------------------------------------------------------------------

    /** The slots after the piece: {@code until} int32 [B, G, P + T] is beyond the end for those who are never taken out. */
    private void fill(@Nullable SlotPairs old, Tensor k, Tensor v, Tensor score, Tensor until) {
        long from = firsts + stored;
        long leaving = before + tokens - ring.window() - Math.max(from, ring.first());
        if (leaving <= 0) {
            return;
        }
        long first = Math.max(from, ring.first()); // of those who leave
        Tensor place = Tensors.arange(first - before + 1, first - before + 1 + leaving, device)
                .add(at.read(device))
                .view(1, 1, -1, 1); // from 1
        SlotPairs fresh = SlotPairs.of(
                k.narrow(2, first, leaving).to(wide.k().dtype()),
                v.narrow(2, first, leaving).to(wide.v().dtype()),
                score.narrow(2, first, leaving),
                place,
                SlotPairs.in(state));
        SlotPairs all = old == null ? fresh : old.and(fresh);
        long count = stored + leaving;
        Tensor stays = until.narrow(2, first - stored, count).ge((double) (before + tokens)); // [B, G, n]
        Tensor order = Tensors.arange(1, count + 1, device).mul(stays.to(DType.INT64));
        Tensor kept = order.topK(Math.min(exact.slots(), count), 2).indices(); // the latest first
        SlotPairs.in(state).fill(all.at(SlotPairs.rows(kept, count)));
    }
}
