package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.SlotAttention;
import dev.lizard.tensor.kernel.SlotInputs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** What {@code slots.cu} computes forwards, from the description at its head alone, in the dtype of its inputs on the CPU. */
final class SlotTwin implements ExactPiece.Kernels {
    /** Queries at once. */
    private static final long ROWS = 128;

    private int calls;

    int calls() {
        return calls;
    }

    @Override
    public SlotAttention.Result forward(SlotInputs in, @Nullable Tensor scores) {
        calls++;
        try (Scope scope = Scope.open()) {
            long tokens = in.q().size(2);
            DType wide = Mixer.computing(in.q().dtype());
            Tensor k = in.k().to(wide);
            Tensor v = in.v().to(wide);
            Tensor until = until(in, scores); // [B, G, T]
            Tensor time = Tensors.arange(0, tokens, Device.CPU);
            Tensor rounds = time.ge((double) in.rounded()).view(1, 1, -1, 1);
            Tensor nearK = turned(in, k);
            Tensor oldK = turned(in, Tensors.where(rounds, bytes(k), k));
            Tensor oldV = Tensors.where(rounds, bytes(v), v);
            Tensor q = turned(in, in.q().to(wide));
            long[] longest = until.to(DType.INT64).amax(1, false).amax(0, false).longs();
            List<Tensor> parts = new ArrayList<>();
            for (long from = 0; from < tokens; from += ROWS) {
                try (Scope tile = Scope.open()) {
                    long count = Math.min(ROWS, tokens - from);
                    long[] read = read(longest, in.window(), from, from + count);
                    Tensor column = Tensors.of(read, read.length);
                    parts.add(tile.promote(rows(
                            in,
                            q.narrow(2, from, count),
                            time.narrow(0, from, count).unsqueeze(-1),
                            column,
                            List.of(nearK, oldK, v, oldV).stream()
                                    .map(x -> x.indexSelect(2, column))
                                    .toList(),
                            until.indexSelect(2, column))));
                }
            }
            Tensor y = Tensors.cat(parts, 2).to(in.q().dtype());
            return new SlotAttention.Result(scope.promote(y), new SlotAttention.Saved(scope.promote(until), y));
        }
    }

    /** Keys that some of the queries may read. */
    private static long[] read(long[] longest, int window, long from, long end) {
        return LongStream.range(0, end)
                .filter(j -> j > from - window || longest[(int) j] > from)
                .toArray();
    }

    /** y of queries [B, H, n, d] at times [n, 1] that read columns [c] of keys and values. */
    private static Tensor rows(SlotInputs in, Tensor q, Tensor row, Tensor column, List<Tensor> read, Tensor until) {
        int group = (int) (q.size(1) / until.size(1));
        Tensor nearK = read.get(0);
        Tensor oldK = read.get(1);
        Tensor v = read.get(2);
        Tensor oldV = read.get(3);
        Tensor distance = row.sub(column.unsqueeze(0)); // [n, c]
        Tensor near = distance.ge(0).logicalAnd(distance.lt((double) in.window()));
        Tensor old = distance.ge((double) in.window())
                .logicalAnd(row.lt(until.unsqueeze(2).repeatInterleave(group, 1))); // [B, H, n, c]
        double scale = 1 / Math.sqrt((double) q.size(3));
        Tensor score = Tensors.where(near, products(q, nearK, group), products(q, oldK, group))
                .mul(scale)
                .maskedFill(near.logicalOr(old).eq(0), Double.NEGATIVE_INFINITY);
        Tensor top = score.amax(-1, true);
        Tensor sink = in.sink();
        Tensor logit = sink == null ? null : sink.to(q.dtype()).view(1, -1, 1, 1);
        top = logit == null ? top : top.maximum(logit);
        Tensor weights = score.sub(top).exp();
        Tensor mass = weights.sum(3, true);
        mass = logit == null ? mass : mass.add(logit.sub(top).exp());
        Tensor others = weights.maskedFill(near.eq(0), 0);
        Tensor y = others.matmul(v.repeatInterleave(group, 1))
                .add(weights.sub(others).matmul(oldV.repeatInterleave(group, 1)));
        return y.div(mass);
    }

    private static Tensor products(Tensor q, Tensor k, int group) {
        return q.matmul(k.repeatInterleave(group, 1).transpose(-1, -2));
    }

    private static Tensor turned(SlotInputs in, Tensor x) {
        long half = x.size(3) / 2;
        Tensor a = x.narrow(3, 0, half);
        Tensor c = x.narrow(3, half, half);
        Tensor cos = in.cos().narrow(1, 0, half);
        Tensor sin = in.sin().narrow(1, 0, half);
        return Tensors.cat(3, a.mul(cos).sub(c.mul(sin)), c.mul(cos).add(a.mul(sin)));
    }

    private static Tensor bytes(Tensor x) {
        Tensor scale = x.abs().amax(-1, true).clampMin(1e-30).mul(1 / 127.0);
        return x.div(scale).round().mul(scale);
    }

    /** Who is read until when, by counting. */
    private static Tensor until(SlotInputs in, @Nullable Tensor scores) {
        int batch = (int) in.k().size(0);
        int groups = (int) in.k().size(1);
        int tokens = (int) in.k().size(2);
        int last = tokens - in.window(); // who leaves is before
        long[] until = new long[batch * groups * tokens];
        double[] all = scores == null ? new double[0] : scores.doubles();
        for (int head = 0; head < batch * groups; head++) {
            double[] own = scores == null ? all : Arrays.copyOfRange(all, head * tokens, (head + 1) * tokens);
            for (int j = 0; j < tokens; j++) {
                int end = tokens;
                if (j >= in.first() && j < last) {
                    end = scores == null ? j + in.window() : end(own, j, in, last, tokens);
                }
                until[head * tokens + j] = end;
            }
        }
        return Tensors.of(until, batch, groups, tokens).to(DType.INT32);
    }

    private static int end(double[] scores, int j, SlotInputs in, int last, int tokens) {
        int better = 0;
        for (int i = in.first(); i < last; i++) {
            better += scores[i] > scores[j] || (scores[i] == scores[j] && i > j) ? 1 : 0;
            if (better == in.slots()) {
                return Math.max(i, j) + in.window();
            }
        }
        return tokens;
    }
}
