package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One token of exact memory without a far one in two kernels, its score and all else; {@code slot_decode.cu} has the formulas and the layout of its
 * work. The state it updates is that of the mixer: a ring of keys that are not turned and values, and slots.
 */
public final class SlotDecodeKernel {
    private static final int THREADS = 256;
    private static final int WARPS = THREADS / 32;
    private static final int MOST_GROUP = 8;

    /** Places of a block: what its weights have room for, and what is worth a block of its own where there are few. */
    private static final int MOST_PLACES = 1024;

    private static final int LEAST_PLACES = 64;

    /** Sequences whose scores a block computes at once, and the numbers of theirs that it has room for. */
    private static final int MOST_ROWS = 8;

    private static final int MOST_NUMBERS = 10_240;

    /** Blocks that a card has room for at once, about. */
    private static final int BLOCKS = 2 * 132;

    private record Made(int headWidth, int group, DType dtype, boolean whole, Device device) {}

    private static final Map<Made, SlotDecodeKernel> MADE = new ConcurrentHashMap<>();

    // Both wait before they read or write anything, so they may start early.
    private final Kernel score;
    private final Kernel step;

    private SlotDecodeKernel(Made made) {
        KernelSource source = KernelSource.of("slot_decode.cu")
                .define("D", made.headWidth)
                .define("R", made.group)
                .define("BF16", made.dtype == DType.BFLOAT16 ? 1 : 0)
                .define("INT8", made.whole ? 1 : 0)
                .define("THREADS", THREADS);
        score = Kernel.of(source, "slot_score", made.device).overlapping();
        step = Kernel.of(source, "slot_step", made.device).overlapping();
    }

    /**
     * The state, contiguous, float32 where nothing else is said.
     *
     * @param keys of the ring [B, G, m + w, d]
     * @param values of the ring [B, G, m + w, d]
     * @param scores of the ring [B, G, m + w, 1]
     * @param pairs of the slots [B, G, K, 2 d], int8 or the type of q
     * @param marks of the slots [B, G, K, 3 or 1]
     * @param positions of the slots, from 1, int32 [B, G, K, 1]
     */
    public record Memory(Tensor keys, Tensor values, Tensor scores, Tensor pairs, Tensor marks, Tensor positions) {}

    /**
     * Where the rows stand and how keys are turned.
     *
     * @param read tokens that each row has read, int64 [B], on the device
     * @param turns a token of each pair, as a fraction of 2^64: int64 [d/2], on the device
     * @param scale of turning
     * @param counters of the device
     */
    public record Clock(Tensor read, Tensor turns, double scale, DecodeCounters counters) {}

    /**
     * Sizes of what is kept.
     *
     * @param window w
     * @param first m
     * @param limit of distances, 0 for none
     */
    public record Sizes(int window, int first, int limit) {}

    /** Whether the kernel serves heads of d, R to a group, on {@code device}. */
    public static boolean serves(int headWidth, int group, DType dtype, Device device) {
        return device.isCuda() && Kernel.fits(device, need(headWidth, group, dtype));
    }

    static KernelNeed need(int headWidth, int group, DType dtype) {
        boolean served = (headWidth == 64 || headWidth == 128)
                && group <= MOST_GROUP
                && (dtype == DType.BFLOAT16 || dtype == DType.FLOAT32);
        int scores = 4 * (MOST_NUMBERS + MOST_ROWS * (1 + WARPS)) + 16;
        int fixed = 4 * (group + 5) * headWidth + 12 * WARPS + 8 * group + 32;
        return KernelNeed.of(
                        KernelPart.SLOT_DECODE,
                        served
                                ? Math.max(
                                        scores,
                                        sharedBytes(headWidth, group, places(MOST_PLACES, group, 1 << 20)) + fixed)
                                : 0)
                .onlyIf(served, "bfloat16 or float32, d 64 or 128, at most 8 heads a key/value head");
    }

    private static int sharedBytes(int headWidth, int group, int each) {
        return 4 * group * (each + WARPS * headWidth);
    }

    /** Places that each block of a head reads, of {@code all}, where {@code heads} key/value heads are read at once. */
    static int places(long all, int group, long heads) {
        long most = MOST_PLACES / (group > 4 ? 2 : 1);
        long parts = Math.max(Math.ceilDiv(all, most), Math.min(BLOCKS / Math.max(1, heads), all / LEAST_PLACES));
        return (int) Math.ceilDiv(all, Math.max(1, parts));
    }

    /**
     * What scores are made of, float32, contiguous.
     *
     * @param inWeight [E, D + 2 G d]
     * @param inBias [E]
     * @param outWeight [G, E]
     * @param outBias [G]
     */
    public record Score(Tensor inWeight, Tensor inBias, Tensor outWeight, Tensor outBias) {
        /** Whether a block has room for what a score is made of. */
        public boolean fits() {
            return inWeight.size(1) <= MOST_NUMBERS && inWeight.dtype() == DType.FLOAT32;
        }
    }

    /**
     * Queues the scores of a token of each sequence, as it competes: float32 [B, G, 1].
     *
     * @param x layer input [B, 1, D]
     * @param k before RoPE [B, G, 1, d]
     * @param v [B, G, 1, d]
     * @param group R
     * @param whole whether slots hold whole numbers
     * @param rate what a token's age counts, 0 for nothing
     */
    public static Tensor score(
            Tensor x, Tensor k, Tensor v, int group, boolean whole, Score score, Clock clock, double rate) {
        int batch = (int) x.size(0);
        int groups = (int) k.size(1);
        int width = (int) k.size(3);
        Made made = new Made(width, group, k.dtype(), whole, k.device());
        SlotDecodeKernel kernel = MADE.computeIfAbsent(made, SlotDecodeKernel::new);
        int units = (int) score.inWeight.size(0);
        int inputs = (int) score.inWeight.size(1);
        int rows = Math.clamp(MOST_NUMBERS / inputs, 1, Math.min(MOST_ROWS, batch));
        int blocks = Math.ceilDiv(units, WARPS);
        Tensor input = x.contiguous();
        Tensor key = DecodeKernel.rows(k);
        Tensor value = DecodeKernel.rows(v);
        Tensor parts = Tensors.empty(DType.FLOAT32, x.device(), batch, blocks, groups);
        Tensor scores = Tensors.empty(DType.FLOAT32, x.device(), batch, groups, 1);
        kernel.score.launch(
                Dim.of(blocks, Math.ceilDiv(batch, rows)),
                Dim.of(THREADS),
                4 * rows * inputs,
                input,
                key,
                value,
                (int) input.size(2),
                DecodeKernel.stride(key),
                DecodeKernel.stride(value),
                (int) input.size(2),
                groups * width,
                score.inWeight,
                score.inBias,
                score.outWeight,
                score.outBias,
                units,
                groups,
                clock.read,
                (float) rate,
                batch,
                rows,
                parts,
                clock.counters.zeros(batch),
                scores);
        return scores;
    }

    /**
     * Queues one step of B sequences; the state is updated.
     *
     * @param q before RoPE [B, H, 1, d]
     * @param k before RoPE [B, G, 1, d]
     * @param v [B, G, 1, d]
     * @param score of the token as it competes, float32 [B, G, 1]
     * @param sink [H], float32, or null
     * @return [B, H, 1, d] in the type of q
     */
    public static Tensor step(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor score,
            @Nullable Tensor sink,
            Memory memory,
            Clock clock,
            Sizes sizes) {
        int batch = (int) q.size(0);
        int groups = (int) k.size(1);
        int width = (int) q.size(3);
        int group = (int) q.size(1) / groups;
        boolean whole = memory.pairs.dtype() == DType.INT8;
        SlotDecodeKernel kernel =
                MADE.computeIfAbsent(new Made(width, group, q.dtype(), whole, q.device()), SlotDecodeKernel::new);
        int slots = (int) memory.pairs.size(2);
        long all = (long) sizes.window + sizes.first + slots;
        int each = places(all, group, (long) batch * groups);
        int parts = (int) Math.ceilDiv(all, each);
        Tensor query = DecodeKernel.rows(q);
        Tensor key = DecodeKernel.rows(k);
        Tensor value = DecodeKernel.rows(v);
        Tensor partial = Tensors.empty(DType.FLOAT32, q.device(), batch, groups, parts, group, width + 2L);
        Tensor y = Tensors.empty(q.dtype(), q.device(), batch, q.size(1), 1, width);
        kernel.step.launch(
                Dim.of(groups * parts, batch),
                Dim.of(THREADS),
                sharedBytes(width, group, each),
                query,
                key,
                value,
                score.contiguous(),
                DecodeKernel.stride(query),
                DecodeKernel.stride(key),
                DecodeKernel.stride(value),
                sink,
                memory.keys,
                memory.values,
                memory.scores,
                memory.pairs,
                memory.marks,
                memory.positions,
                clock.read,
                clock.turns,
                partial,
                clock.counters.zeros((long) batch * groups),
                y,
                groups,
                sizes.window,
                sizes.first,
                slots,
                sizes.limit,
                each,
                (float) (clock.scale * clock.scale / Math.sqrt(width)));
        return y;
    }
}
