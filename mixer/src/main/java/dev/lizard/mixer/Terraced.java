package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@link LolcatsSpec} with the window of its published default, which moves block by block. With b = ⌊i / w⌋ the block of
 * token i and c_i = (b − 1) w, it sees the tokens from c_i to i, w + 1 to 2w of them once there are so many, and the memory
 * holds those before c_i, whole blocks:
 *
 * <pre>
 *   y_i = (g Σ_{c_i ≤ j ≤ i} exp(s_ij − m_i) v_j + Σ_{j < c_i} φ_q(q_i)·φ_k(k_j) v_j) / (the same of 1)
 * </pre>
 *
 * <p>m_i is the maximum over c_i to i in every form. What is seen is computed from places, never as a mask's complement:
 * the published masks, made that way, add memory terms within the window where there are w tokens or fewer.
 *
 * <p><b>State.</b> The last 2w keys and values in a ring, and the memory. The token that begins block b writes the whole of
 * block b − 2 before it takes the place of its first token; what the others of that block are overwritten by comes later, and
 * until then they are hidden.
 */
final class Terraced implements Mixer {
    /** Blocks whose memories are held at once. */
    private static final long SPAN = 64;

    private final LolcatsSpec spec;
    private final HeadDims dims;
    private final Map<String, Tensor> parameters;
    private final int window;
    private final KeyRing ring;

    Terraced(LolcatsSpec spec, HeadDims dims, Map<String, Tensor> parameters) {
        this.spec = spec;
        this.dims = dims;
        this.parameters = parameters;
        window = spec.window();
        ring = new KeyRing(2 * window, 0);
    }

    @Override
    public MixerSpec spec() {
        return spec;
    }

    @Override
    public Map<String, Tensor> parameters() {
        return parameters;
    }

    private HybridWeights weights(MixerInput in) {
        if (in.at().documents() != null) {
            throw new IllegalArgumentException(spec.mixer() + " with a terraced window does not keep documents apart");
        }
        return LolcatsSpec.weights(dims, parameters, in.q().dtype());
    }

    private Tensor join(PartialAttention far, PartialAttention near, HybridWeights weights) {
        return switch (spec.branches()) {
            case WINDOW -> near.divided();
            case LINEAR -> far.dividedOrZero();
            case BOTH -> far.plus(near.times(weights.joined())).divided();
        };
    }

    // ---- all pairs ------------------------------------------------------------------------------------------------

    private record Parts(PartialAttention near, PartialAttention far) {}

    private Parts parts(MixerInput in, HybridWeights weights) {
        Tensor q = in.at().turn(in.q());
        Tensor k = in.at().turn(in.k());
        Tensor row = Tensors.arange(0, in.tokens(), q.device()).unsqueeze(-1);
        Tensor column = Tensors.arange(0, in.tokens(), q.device()).unsqueeze(0);
        Tensor border = row.sub(row.remainder(window)).sub((long) window); // c_i [T, 1]
        Tensor entered = column.lt(border);
        Tensor outside = row.lt(column).logicalOr(entered);
        return new Parts(
                WindowSoftmax.pairs(q, k, in.v(), outside, null),
                weights.linear().pairs(q, k, in.v(), border.le(column)));
    }

    @Override
    public Tensor parallel(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            HybridWeights weights = weights(in);
            Parts parts = parts(in, weights);
            return scope.promote(original.narrowed(join(parts.far, parts.near, weights)));
        }
    }

    @Override
    public Map<String, Tensor> parts(MixerInput original) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            HybridWeights weights = weights(in);
            Parts parts = parts(in, weights);
            Map<String, Tensor> named = new LinkedHashMap<>();
            named.put("near", join(parts.far.silent(), parts.near, weights));
            named.put("far", join(parts.far, parts.near.silent(), weights));
            named.replaceAll((name, part) -> scope.promote(original.narrowed(part)));
            return named;
        }
    }

    @Override
    public MixerState newState(int batch, DType dtype, Device device) {
        MixerState state = new MixerState();
        try (Scope work = Scope.open()) {
            ring.create(state, dims, batch, dtype, device);
            LinearBranch.create(state, dims, batch, spec.features(), dtype, device);
        }
        return state;
    }

    // ---- several tokens, all rows at one known position -----------------------------------------------------------

    /**
     * In blocks that begin where those of the text do: that of query block n, of the first N, comes third of the N + 2 blocks
     * of keys from n on, of which empty ones stand for what the memory holds or never was.
     */
    @Override
    public Tensor chunk(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            HybridWeights weights = weights(in);
            long read = in.at().first();
            long before = read % window; // in the first query's block
            long begun = read - before;
            long entered = read == 0 ? 0 : Math.max(0, (read - 1) / window - 1) * window;
            long blocks = Math.ceilDiv(before + in.tokens(), (long) window); // N
            Tensor q = in.at().turn(in.q());
            Tensor k = in.at().turn(in.k());
            long held = read - entered;
            Tensor keys = held == 0
                    ? k
                    : Tensors.cat(2, last(ring.past(state, in.at()).keys(), held), k);
            Tensor values = held == 0
                    ? in.v()
                    : Tensors.cat(2, last(ring.past(state, in.at()).values(), held), in.v());
            long empty = 2L * window - (begun - entered); // places before the first key
            long after = (blocks + 2) * window - empty - keys.size(2);
            PartialAttention near = WindowSoftmax.terraced(
                    q,
                    keys.pad(0, 0, 0, empty, after).narrow(2, window, (blocks + 1) * window),
                    values.pad(0, 0, 0, empty, after).narrow(2, window, (blocks + 1) * window),
                    window,
                    before,
                    begun == 0);
            LinearBranch memory = weights.linear();
            PartialAttention far = far(
                    memory.queries(q.pad(0, 0, 0, before, blocks * window - before - q.size(2))),
                    memory.keys(keys.pad(0, 0, 0, empty, after)),
                    memory.perHead(LinearBranch.counted(values).pad(0, 0, 0, empty, after)),
                    state);
            ring.push(state, in.at(), k, in.v());
            PartialAttention own = new PartialAttention(
                    far.numerator().narrow(2, before, q.size(2)), far.mass().narrow(2, before, q.size(2)));
            return scope.promote(original.narrowed(join(own, near, weights)));
        }
    }

    private static Tensor last(Tensor x, long count) {
        return x.narrow(2, x.size(2) - count, count);
    }

    /** Queries of N blocks [B, H, N w, f], keys and counted values of N + 2: block n of these enters before query block n. */
    private PartialAttention far(Tensor q, Tensor k, Tensor v, MixerState state) {
        long blocks = q.size(2) / window;
        List<Tensor> read = new ArrayList<>();
        Tensor memory = state.get(LinearBranch.MEMORY);
        for (long from = 0; from < blocks; from += SPAN) {
            long count = Math.min(SPAN, blocks - from);
            Tensor written =
                    blocks(k, from, count).transpose(-1, -2).matmul(blocks(v, from, count)); // [B, H, n, f, d + 1]
            Tensor states = written.cumsum(2).add(memory.unsqueeze(2));
            read.add(blocks(q, from, count).matmul(states)); // [B, H, n, w, d + 1]
            memory = states.select(2, count - 1);
        }
        LinearBranch.keep(state, memory);
        Tensor y = read.size() == 1 ? read.getFirst() : Tensors.cat(read, 2);
        return LinearBranch.split(y.reshape(y.size(0), y.size(1), blocks * window, y.size(4)));
    }

    /** Some blocks of x [B, H, L, .]: [B, H, n, w, .]. */
    private Tensor blocks(Tensor x, long from, long count) {
        return x.narrow(2, from * window, count * window).reshape(x.size(0), x.size(1), count, window, x.size(3));
    }

    // ---- one token a row ------------------------------------------------------------------------------------------

    private record Begins(int window, DType dtype, Device device) {}

    private record Second(int window, Device device) {}

    private record Hidden(int window, Device device) {}

    @Override
    public Tensor step(MixerInput original, MixerState state) {
        try (Scope scope = Scope.open()) {
            MixerInput in = original.widened();
            HybridWeights weights = weights(in);
            Positions at = in.at();
            Tensor q = at.turn(in.q());
            enter(state, at, weights.linear());
            ring.insert(state.get(KeyRing.KEYS), at, at.turn(in.k()));
            ring.insert(state.get(KeyRing.VALUES), at, in.v());
            PartialAttention near = WindowSoftmax.step(
                    q, state.get(KeyRing.KEYS), state.get(KeyRing.VALUES), null, hidden(at, q.device()));
            return scope.promote(original.narrowed(join(weights.linear().read(state, q), near, weights)));
        }
    }

    /** Rows whose token begins a block write the block before the last, which its place is in. */
    private void enter(MixerState state, Positions at, LinearBranch memory) {
        Tensor keys = state.get(KeyRing.KEYS);
        Tensor values = state.get(KeyRing.VALUES);
        if (at.noneRead(2L * window) || (at.known() && at.first() % window != 0)) {
            return;
        }
        if (at.known()) {
            long from = at.first() % (2L * window);
            write(state, memory, keys.narrow(2, from, window), LinearBranch.counted(values.narrow(2, from, window)));
            return;
        }
        Tensor second = at.shared(
                new Second(window, keys.device()),
                () -> at.read(keys.device())
                        .remainder(2L * window)
                        .ge((double) window)
                        .view(-1, 1, 1, 1));
        Tensor begins = at.shared(new Begins(window, keys.dtype(), keys.device()), () -> {
            Tensor read = at.read(keys.device());
            return read.remainder(window)
                    .eq(0.0)
                    .logicalAnd(read.ge(2.0 * window))
                    .to(keys.dtype())
                    .view(-1, 1, 1, 1);
        });
        Tensor k = Tensors.where(second, keys.narrow(2, window, window), keys.narrow(2, 0, window));
        Tensor v = Tensors.where(second, values.narrow(2, window, window), values.narrow(2, 0, window));
        write(state, memory, k, LinearBranch.counted(v).mul(begins));
    }

    private static void write(MixerState state, LinearBranch memory, Tensor k, Tensor counted) {
        state.get(LinearBranch.MEMORY).add_(memory.keys(k).transpose(-1, -2).matmul(memory.perHead(counted)));
    }

    /** Places of the ring that each row's token does not see: bool [B | 1, 1, 1, 2w]. */
    private Tensor hidden(Positions at, Device device) {
        return at.shared(new Hidden(window, device), () -> {
            Tensor read = at.read(device).unsqueeze(-1); // [B, 1]
            Tensor age = read.sub(Tensors.arange(0, 2L * window, device)).remainder(2L * window);
            return read.lt(age)
                    .logicalOr(read.remainder(window).add((long) window).lt(age))
                    .view(-1, 1, 1, 2L * window);
        });
    }
}
