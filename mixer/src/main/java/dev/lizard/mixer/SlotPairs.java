package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * Keys, not turned, and values as slots hold them: in the model's type, or each vector as whole numbers of at most 127
 * with a scale, c = round(u / s) and s = max |u| / 127.
 *
 * @param pairs key and value side by side [B, G, n, 2 d]
 * @param marks score, and with whole numbers the scales of key and value: [B, G, n, 1 or 3]
 * @param positions of the tokens, counted from 1; 0 where there is none: int32 [B, G, n, 1]
 */
record SlotPairs(Tensor pairs, Tensor marks, Tensor positions) {
    private static final String PAIRS = "slots.pairs";
    private static final String MARKS = "slots.marks";
    private static final String POSITIONS = "slots.positions";

    static final double MOST = 127;
    /** Keeps a vector of zeros from being divided by zero. */
    static final double SMALLEST = 1e-30;

    static void create(
            MixerState state, SlotType type, HeadDims dims, long slots, int batch, DType model, Device device) {
        long[] shape = {batch, dims.keyHeads(), slots};
        DType held = type == SlotType.INT8 ? DType.INT8 : model;
        state.put(PAIRS, Tensors.zeros(held, device, shape[0], shape[1], shape[2], 2L * dims.headWidth()));
        state.put(MARKS, Tensors.zeros(Mixer.computing(model), device, shape[0], shape[1], shape[2], (long)
                type.marks()));
        state.put(POSITIONS, Tensors.zeros(DType.INT32, device, shape[0], shape[1], shape[2], 1));
    }

    static SlotPairs in(MixerState state) {
        return new SlotPairs(state.get(PAIRS), state.get(MARKS), state.get(POSITIONS));
    }

    /**
     * As a state would hold them.
     *
     * @param k [B, G, n, d]
     * @param v likewise
     * @param scores [B, G, n]
     * @param positions counted from 1, broadcast over [B, G, n, 1]
     * @param like slots of a state whose types they get
     */
    static SlotPairs of(Tensor k, Tensor v, Tensor scores, Tensor positions, SlotPairs like) {
        Tensor own = positions.to(DType.INT32).expand(k.size(0), k.size(1), k.size(2), 1);
        Tensor score = scores.detach().unsqueeze(-1);
        if (like.pairs.dtype() != DType.INT8) {
            Tensor pairs = Tensors.cat(-1, k, v).detach().to(like.pairs.dtype());
            return new SlotPairs(pairs, score, own);
        }
        Tensor both = Tensors.cat(-1, k, v).detach().view(k.size(0), k.size(1), k.size(2), 2, k.size(3));
        Tensor scale = scale(both); // [B, G, n, 2, 1]
        Tensor codes = codes(both, scale).to(DType.INT8).view(k.size(0), k.size(1), k.size(2), 2 * k.size(3));
        return new SlotPairs(codes, Tensors.cat(-1, score, scale.squeeze(4)), own);
    }

    private static Tensor scale(Tensor x) {
        return x.abs().amax(-1, true).clampMin(SMALLEST).mul(1 / MOST);
    }

    private static Tensor codes(Tensor x, Tensor scale) {
        return x.div(scale).round();
    }

    /** Keys or values as they are read after they were held; gradients go by what rounding does. */
    static Tensor rounded(Tensor x, SlotType type) {
        if (type == SlotType.MODEL) {
            return x;
        }
        Tensor plain = x.detach();
        Tensor scale = scale(plain);
        return passed(x, codes(plain, scale).mul(scale));
    }

    /** {@code value}, with the gradients of {@code source}. */
    private static Tensor passed(Tensor source, Tensor value) {
        return Gradients.enabled() && source.requiresGrad() ? source.add(value.sub(source.detach())) : value;
    }

    /** Keys [B, G, n, d] to compute with. */
    Tensor keys(long width, DType dtype) {
        return decoded(KEY, width, dtype);
    }

    /** Values [B, G, n, d] to compute with. */
    Tensor values(long width, DType dtype) {
        return decoded(VALUE, width, dtype);
    }

    private Tensor decoded(int which, long width, DType dtype) {
        Tensor x = pairs.narrow(3, which * width, width).to(dtype);
        return marks.size(3) == 1 ? x : x.mul(marks.narrow(3, 1L + which, 1));
    }

    static final int KEY = 0;
    static final int VALUE = 1;

    /** Keys or values [B, G, n, d] as they are held, without their scale. */
    Tensor numbers(int which) {
        long width = pairs.size(3) / 2;
        return pairs.narrow(3, which * width, width);
    }

    /** The scale of those [B, G, n, 1]; null where it is 1. */
    @Nullable
    Tensor scale(int which) {
        return marks.size(3) == 1 ? null : marks.narrow(3, 1L + which, 1);
    }

    /** The first {@code count} slots, as views. */
    SlotPairs first(long count) {
        return new SlotPairs(pairs.narrow(2, 0, count), marks.narrow(2, 0, count), positions.narrow(2, 0, count));
    }

    /** [B, G, n]. */
    Tensor scores() {
        return marks.select(3, 0);
    }

    /** Those at {@code rows} of the slots of all heads, one below another: int64 [B G m] to [B, G, m, .]. */
    SlotPairs at(Tensor rows) {
        return new SlotPairs(picked(pairs, rows), picked(marks, rows), picked(positions, rows));
    }

    /** Rows of x [B, G, n, e] read as [B G n, e]: int64 [B G m] to [B, G, m, e]. */
    static Tensor picked(Tensor x, Tensor rows) {
        return x.reshape(-1, x.size(3)).indexSelect(0, rows).view(x.size(0), x.size(1), -1, x.size(3));
    }

    /** int64 [B, G, m] of numbers below {@code count} as rows of [B G count]. */
    static Tensor rows(Tensor index, long count) {
        long heads = index.size(0) * index.size(1);
        return Tensors.arange(0, heads, index.device())
                .mul(count)
                .view(index.size(0), index.size(1), 1)
                .add(index)
                .reshape(-1);
    }

    SlotPairs and(SlotPairs others) {
        return new SlotPairs(
                Tensors.cat(2, pairs, others.pairs),
                Tensors.cat(2, marks, others.marks),
                Tensors.cat(2, positions, others.positions));
    }

    /** {@code condition} [B, G, 1] ? this : other, of one slot a head. */
    SlotPairs unless(Tensor condition, SlotPairs other) {
        Tensor there = condition.unsqueeze(-1);
        return new SlotPairs(
                Tensors.where(there, other.pairs, pairs),
                Tensors.where(there, other.marks, marks),
                Tensors.where(there, other.positions, positions));
    }

    /** Overwrites the rows of a state's slots by those of {@code source}. */
    void put(Tensor rows, SlotPairs source) {
        put(pairs, rows, source.pairs);
        put(marks, rows, source.marks);
        put(positions, rows, source.positions);
    }

    private static void put(Tensor to, Tensor rows, Tensor source) {
        to.view(-1, to.size(3)).indexCopy_(0, rows, source.reshape(-1, source.size(3)));
    }

    /** Overwrites the first slots of a state. */
    void fill(SlotPairs source) {
        pairs.narrow(2, 0, source.pairs.size(2)).copy_(source.pairs);
        marks.narrow(2, 0, source.marks.size(2)).copy_(source.marks);
        positions.narrow(2, 0, source.positions.size(2)).copy_(source.positions);
    }

    /** The first {@code count} slots, the best first; of two equal scores the later token is the better. */
    SlotPairs ranked(long count) {
        if (count == 0) {
            return first(0);
        }
        Tensor score = scores().narrow(2, 0, count); // [B, G, n]
        Tensor position = positions.select(3, 0).narrow(2, 0, count);
        Tensor[] better = new Tensor[(int) Math.ceilDiv(count, BLOCK)];
        for (int block = 0; block < better.length; block++) {
            long from = block * BLOCK;
            long length = Math.min(BLOCK, count - from);
            Tensor own = score.narrow(2, from, length).unsqueeze(3);
            Tensor place = position.narrow(2, from, length).unsqueeze(3);
            Tensor equal = own.eq(score.unsqueeze(2)).logicalAnd(place.lt(position.unsqueeze(2)));
            better[block] = own.lt(score.unsqueeze(2)).logicalOr(equal).sum(3, false);
        }
        Tensor order = Tensors.cat(2, better).neg().topK(count, 2).indices();
        return at(rows(order, pairs.size(2)));
    }

    /** Slots that are compared with all others at once. */
    private static final long BLOCK = 256;
}
