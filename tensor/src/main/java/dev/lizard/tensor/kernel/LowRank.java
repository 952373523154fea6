package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.lang.foreign.Arena;
import java.util.List;

/** Factors of several low-rank updates of one input as two matrices, by one small kernel ({@code small.cu}) where it serves. */
public final class LowRank {
    private static final int MOST = 4; // as in small.cu
    private static final int BYTES = 2 * 8 * MOST + 2 * 8 + 4 * 4 * MOST + 4 * 6;
    /** Ranks are filled up so that rows begin at multiples of 16 bytes. */
    private static final int PIECE = 8;

    /**
     * An update of some of the outputs.
     *
     * @param a [r, D]
     * @param b [n, r]
     * @param first of its n outputs
     */
    public record Block(Tensor a, Tensor b, long first) {
        public long rank() {
            return a.size(0);
        }

        public long outputs() {
            return b.size(0);
        }
    }

    /**
     * All of them.
     *
     * @param down every A, one below the other, then zeros [R, D]
     * @param up every s B, as blocks, with zeros around [M, R]
     */
    public record Factors(List<Block> blocks, Tensor down, Tensor up) {
        /** R, a multiple of 8. */
        public long rank() {
            return down.size(0);
        }
    }

    private LowRank() {}

    /** For {@code outputs} outputs, M, rounded to {@code dtype}. */
    public static Factors stack(List<Block> blocks, double scale, long outputs, DType dtype) {
        Tensor a = blocks.getFirst().a();
        long ranks = blocks.stream().mapToLong(Block::rank).sum();
        long rank = Math.ceilDiv(ranks, PIECE) * PIECE;
        if (!serve(blocks, dtype)) {
            return composed(blocks, scale, outputs, rank, dtype);
        }
        Tensor down = Tensors.empty(dtype, a.device(), rank, a.size(1));
        Tensor up = Tensors.empty(dtype, a.device(), outputs, rank);
        try (Arena arena = Arena.ofConfined()) {
            ProblemWords problem = new ProblemWords(arena, BYTES);
            for (int i = 0; i < MOST; i++) {
                problem.pointers(i < blocks.size() ? blocks.get(i).a() : null);
                problem.pointers(i < blocks.size() ? blocks.get(i).b() : null);
            }
            problem.pointers(down, up);
            long before = 0;
            for (int i = 0; i < MOST; i++) {
                boolean there = i < blocks.size();
                int own = there ? (int) blocks.get(i).rank() : 0;
                int rows = there ? (int) blocks.get(i).outputs() : 0;
                problem.ints((int) before, own, there ? (int) blocks.get(i).first() : 0, rows);
                before += own;
            }
            problem.ints(blocks.size(), (int) a.size(1), (int) outputs, (int) rank);
            problem.ints(Float.floatToRawIntBits((float) scale), 0);
            SmallKernels.flat("stackFactors", dtype, down.device(), down.count() + up.count(), problem.done());
        }
        return new Factors(blocks, down, up);
    }

    private static boolean serve(List<Block> blocks, DType dtype) {
        return blocks.size() <= MOST
                && SmallKernels.serve(dtype, blocks.getFirst().a().device())
                && blocks.stream().allMatch(block -> dense(block.a()) && dense(block.b()));
    }

    private static boolean dense(Tensor factor) {
        return factor.dtype() == DType.FLOAT32 && factor.isContiguous();
    }

    private static Factors composed(List<Block> blocks, double scale, long outputs, long rank, DType dtype) {
        Device device = blocks.getFirst().a().device();
        Tensor down = Tensors.zeros(dtype, device, rank, blocks.getFirst().a().size(1));
        Tensor up = Tensors.zeros(dtype, device, outputs, rank);
        long before = 0;
        for (Block block : blocks) {
            down.narrow(0, before, block.rank()).copy_(block.a());
            up.narrow(0, block.first(), block.outputs())
                    .narrow(1, before, block.rank())
                    .copy_(block.b().mul(scale));
            before += block.rank();
        }
        return new Factors(blocks, down, up);
    }
}
