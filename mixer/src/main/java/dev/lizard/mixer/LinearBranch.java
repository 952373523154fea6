package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * The linear branch of a hybrid: a {@link MatrixMemory} a head over {@link Hedgehog} features. Values carry a column of
 * ones, so that S and its normaliser z are one matrix:
 *
 * <pre>
 *   [S | z]_t = γ_t [S | z]_{t−1} + φ_k(k)ᵀ [v | 1]          numerator = φ_q(q_t) S_t      mass = φ_q(q_t) z_t
 * </pre>
 *
 * <p>Keys may be fewer than queries: L keys are those that the last L of the T queries' tokens write. That is how a
 * branch lags behind a window, whose leaving tokens it takes up.
 *
 * @param dims sizes
 * @param queryMap map of queries [H, d, f/2]
 * @param keyMap {@linkplain Hedgehog#grouped grouped} map of keys [G, d, R f/2]
 */
record LinearBranch(HeadDims dims, Tensor queryMap, Tensor keyMap) {
    static final String MEMORY = "linear.memory";

    /** Of maps [H, d, f/2] both, computed in {@code dtype}. */
    static LinearBranch of(HeadDims dims, Tensor queryMap, Tensor keyMap, DType dtype) {
        return new LinearBranch(dims, queryMap.to(dtype), Hedgehog.grouped(keyMap.to(dtype), dims.group()));
    }

    /** Adds the empty memory [B, H, f, d + 1] to a new state. */
    static void create(MixerState state, HeadDims dims, int batch, int half, DType model, Device device) {
        state.put(
                MEMORY,
                Tensors.zeros(Mixer.computing(model), device, batch, dims.heads(), 2L * half, dims.headWidth() + 1L));
    }

    /**
     * All pairs.
     *
     * @param q [B, H, T, d]
     * @param k [B, G, L, d] with L ≤ T
     * @param v [B, G, L, e]
     * @param logGate log γ [B, H, T], or null for γ = 1
     * @param documents where each token's begins [B, T], or null where none is kept apart
     */
    PartialAttention parallel(Tensor q, Tensor k, Tensor v, @Nullable Tensor logGate, @Nullable Tensor documents) {
        long tokens = q.size(2);
        return split(MatrixMemory.parallel(
                queries(q),
                keys(last(k, tokens)),
                values(v, tokens),
                logGate,
                Documents.of(documents, tokens - k.size(2))));
    }

    /** All pairs but those that are hidden: of q [B, H, T, d] and k, v [B, G, L, .], bool [T, L]. */
    PartialAttention pairs(Tensor q, Tensor k, Tensor v, Tensor hidden) {
        return split(queries(q)
                .matmul(keys(k).transpose(-1, -2))
                .maskedFill(hidden, 0)
                .matmul(perHead(counted(v))));
    }

    /** Continues from the memory of {@code state}, which is updated; arguments as for {@link #parallel}. */
    PartialAttention chunk(
            MixerState state, Tensor q, Tensor k, Tensor v, @Nullable Tensor logGate, @Nullable Tensor documents) {
        Tensor memory = state.get(MEMORY);
        long tokens = q.size(2);
        MatrixMemory.Result result = MatrixMemory.chunk(
                queries(q),
                keys(last(k, tokens)),
                values(v, tokens),
                logGate,
                memory,
                Documents.of(documents, tokens - k.size(2)));
        keep(state, result.memory());
        return split(result.y());
    }

    /** Puts {@code memory} in the place of what the state holds. */
    static void keep(MixerState state, Tensor memory) {
        keep(state, MEMORY, memory);
    }

    /** The same of any tensor of a state. */
    static void keep(MixerState state, String name, Tensor fresh) {
        if (Gradients.enabled()) { // the graph may still need what is there
            state.put(name, fresh.detach().copy());
        } else {
            state.get(name).copy_(fresh);
        }
    }

    /**
     * One token a row, which writes k and v [B, G, 1, .].
     *
     * @param writes 0 for rows that write nothing [B | 1, 1, 1, 1], or null where all do
     */
    PartialAttention step(
            MixerState state, Tensor q, Tensor k, Tensor v, @Nullable Tensor logGate, @Nullable Tensor writes) {
        Tensor counted = writes == null ? counted(v) : counted(v).mul(writes);
        return split(MatrixMemory.step(queries(q), keys(k), counted, logGate, state.get(MEMORY)));
    }

    /** One token a row that writes nothing into a memory that is empty still. */
    PartialAttention read(MixerState state, Tensor q) {
        return split(MatrixMemory.read(queries(q), state.get(MEMORY)));
    }

    /** As {@link #parallel}, by kernels with gradients of their own; arguments in float32, {@code logGate} clamped. */
    PartialAttention learn(Tensor q, Tensor k, Tensor v, @Nullable Tensor logGate, Tape tape) {
        long tokens = q.size(2);
        return MatrixMemoryFunction.weigh(queries(q), last(keys(k), tokens), last(v, tokens), logGate, tape);
    }

    Tensor queries(Tensor q) {
        return Hedgehog.features(q, queryMap); // [B, H, T, f]
    }

    Tensor keys(Tensor k) {
        return Hedgehog.sharedFeatures(k, keyMap, dims.group()); // [B, H, T, f]
    }

    private Tensor values(Tensor v, long tokens) {
        return perHead(last(counted(v), tokens)); // [B, H, T, e + 1]
    }

    /** Values with a column of ones, which becomes the mass. */
    static Tensor counted(Tensor v) {
        return v.pad(1, 0, 1); // [B, G, L, e + 1]
    }

    /** Zeros for tokens that write nothing, [B, G, T, .] from [B, G, L, .]; no key matters whose counted value is 0. */
    private static Tensor last(Tensor x, long tokens) {
        long absent = tokens - x.size(2);
        return absent == 0 ? x : x.pad(0, 0, 0, absent, 0);
    }

    Tensor perHead(Tensor x) {
        return dims.group() == 1 ? x : x.repeatInterleave(dims.group(), 1);
    }

    /** What was read of such values [B, H, T, e + 1]. */
    static PartialAttention split(Tensor counted) {
        long width = counted.size(3) - 1;
        return new PartialAttention(counted.narrow(3, 0, width), counted.narrow(3, width, 1));
    }
}
