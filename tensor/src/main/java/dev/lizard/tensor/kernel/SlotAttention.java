package dev.lizard.tensor.kernel;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.Dim;
import dev.lizard.tensor.cuda.Kernel;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.kernel.SlotProblem.Member;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Attention to exact keys that are kept for a while, over whole sequences on CUDA ({@code slots.cu}, whose head explains it):
 * products in bfloat16 with float32 sums, memory linear in T, no atomic operation.
 */
public final class SlotAttention {
    private static final double LOG2E = 1 / Math.log(2);

    private SlotAttention() {}

    /**
     * What is kept for the backward pass.
     *
     * @param until times from which on tokens are read no more once they have left the window, int32 [B, G, T]
     * @param lse logarithm to base 2 of each row's normaliser [B, H, T], float32
     */
    public record Saved(Tensor until, Tensor lse) {}

    /**
     * What a run leaves.
     *
     * @param y [B, H, T, d], bfloat16, a view of [B, T, H, d]
     */
    public record Result(Tensor y, Saved saved) {}

    /**
     * Gradients, those of q, k and v in bfloat16, views of [B, T, ., d].
     *
     * @param sink [H], float32, or null without sinks
     */
    public record Slopes(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor sink) {}

    /** Whether the kernels and their gradients take over a model of this type, heads of width d. */
    public static boolean serves(Device device, DType model, int width) {
        return Kernel.fits(device, need(model, width));
    }

    /** Why not; empty where they do. */
    public static Optional<String> refusal(Device device, DType model, int width) {
        return Kernel.refusal(device, need(model, width));
    }

    /** They multiply in bfloat16, so only models of that type are given to them. */
    static KernelNeed need(DType model, int width) {
        SlotSizes sizes = new SlotSizes(width);
        return KernelNeed.of(KernelPart.SLOTS, sizes.most())
                .onlyIf(model == DType.BFLOAT16 && sizes.served(), "d 64 or 128, in bfloat16");
    }

    /**
     * Runs the kernels on libtorch's current stream.
     *
     * @param scores r [B, G, T], float32, contiguous; null without slots
     * @throws LizardException ENVIRONMENT if the kernels cannot be compiled
     */
    public static Result forward(SlotInputs in, @Nullable Tensor scores) {
        try (Scope scope = Scope.open()) {
            SlotProblem problem = new SlotProblem(in, in.window());
            Tensor until = problem.put(Member.SCORES, in.slots() == 0 ? null : scores)
                    .ints(Member.UNTIL, in.batch(), in.keyHeads(), in.tokens());
            problem.launch("until", grid(Math.ceilDiv(in.tokens(), SlotSizes.THREADS), in), SlotSizes.THREADS, 0);
            prepare(problem, in);
            Tensor y =
                    problem.put(Member.SINK, in.sink()).bf16(Member.Y, in.batch(), in.tokens(), in.heads(), in.width());
            Tensor lse = problem.full(Member.LSE, in.batch(), in.heads(), in.tokens());
            problem.launch("forward", heads(in), SlotSizes.WIDE, in.sizes().forward());
            return new Result(scope.promote(y.transpose(1, 2)), new Saved(scope.promote(until), scope.promote(lse)));
        }
    }

    /** Blocks that share the tokens of each key head. */
    private static Dim grid(int blocks, SlotInputs in) {
        return Dim.of(blocks, in.keyHeads(), in.batch());
    }

    /** A block 128 queries of each head. */
    private static Dim heads(SlotInputs in) {
        return Dim.of(in.blocks(), in.heads(), in.batch());
    }

    /** Lists of old tokens, and rows as they are read. */
    private static void prepare(SlotProblem problem, SlotInputs in) {
        problem.ints(Member.LISTS, in.batch(), in.keyHeads(), in.blocks(), in.places(), 2);
        problem.ints(Member.LENGTHS, in.batch(), in.keyHeads(), in.blocks(), 2);
        problem.launch("lists", grid(in.blocks(), in), SlotSizes.WIDE, 0);
        problem.bf16(Member.OLD_K, in.batch(), in.keyHeads(), in.tokens(), in.width());
        problem.bf16(Member.OLD_V, in.batch(), in.keyHeads(), in.tokens(), in.width());
        turn(problem, in);
    }

    private static void turn(SlotProblem problem, SlotInputs in) {
        problem.bf16(Member.TURNED_Q, in.batch(), in.heads(), in.tokens(), in.width());
        problem.bf16(Member.TURNED_K, in.batch(), in.keyHeads(), in.tokens(), in.width());
        long rows = (long) in.batch() * in.tokens() * (in.heads() + in.keyHeads());
        int each = SlotSizes.WIDE / 32;
        problem.launch("prepare", Dim.of(Math.toIntExact(Math.ceilDiv(rows, each))), SlotSizes.WIDE, 0);
    }

    /**
     * Gradients of all that has some, from that of y.
     *
     * @param in what the forward pass read
     * @param y what it returned
     * @param saved what it kept
     * @param slope gradient of y [B, H, T, d]
     */
    public static Slopes backward(SlotInputs in, Tensor y, Saved saved, Tensor slope) {
        try (Scope scope = Scope.open()) {
            int batch = in.batch();
            int tokens = in.tokens();
            int groups = in.keyHeads();
            int width = in.width();
            Tensor dy = AlignedRows.of(slope.to(DType.BFLOAT16));
            SlotProblem problem = new SlotProblem(in, in.window())
                    .put(Member.DY, dy)
                    .put(Member.Y, y)
                    .put(Member.LSE, saved.lse)
                    .put(Member.UNTIL, saved.until);
            prepare(problem, in);
            Tensor delta = problem.full(Member.DELTA, batch, in.heads(), tokens);
            List<Tensor> slopes = problem.slopes();
            problem.launch("queries", heads(in), SlotSizes.WIDE, in.sizes().queries());
            if (tokens > in.window()) {
                problem.ints(Member.ORDER, batch, groups, SlotSizes.order(tokens));
                problem.launch("order", grid(SlotSizes.CLASSES, in), SlotSizes.WIDE, 0);
                problem.full(Member.SLOPE_K, batch, groups, tokens, width);
                problem.full(Member.SLOPE_V, batch, groups, tokens, width);
                int most = in.tiles() + SlotSizes.CLASSES;
                problem.launch(
                        "old_keys",
                        grid(most, in),
                        SlotSizes.THREADS,
                        in.sizes().keys());
            }
            problem.launch(
                    "near_keys",
                    grid(in.tiles(), in),
                    SlotSizes.THREADS,
                    in.sizes().keys());
            Tensor sink = in.sink();
            return new Slopes(
                    scope.promote(slopes.get(0).transpose(1, 2)),
                    scope.promote(slopes.get(1).transpose(1, 2)),
                    scope.promote(slopes.get(2).transpose(1, 2)),
                    sink == null ? null : scope.promote(sinkSlope(sink, saved.lse, delta)));
        }
    }

    /** Minus the sum over rows of exp(sink − lse) delta, since a sink's value is 0: [H]. */
    private static Tensor sinkSlope(Tensor sink, Tensor lse, Tensor delta) {
        Tensor share = sink.mul(LOG2E).view(1, -1, 1).sub(lse).mul(1 / LOG2E).exp(); // [B, H, T]
        return share.mul(delta).sum(2, false).sum(0, false).neg();
    }

    /**
     * What each key is looked at most, by queries from w tokens later on and any head of its group: their probability under
     * the softmax over all tokens so far, whatever m, K and sink; 0 where there is no such query.
     *
     * @return [B, G, T], float32
     */
    public static Tensor most(SlotInputs in) {
        try (Scope scope = Scope.open()) {
            SlotProblem all = new SlotProblem(in, in.tokens());
            turn(all, in);
            all.bf16(Member.Y, in.batch(), in.tokens(), in.heads(), in.width());
            all.full(Member.LSE, in.batch(), in.heads(), in.tokens());
            all.launch("forward", heads(in), SlotSizes.WIDE, in.sizes().forward());
            SlotProblem later = all.within(in.window());
            Tensor most = later.full(Member.MOST, in.batch(), in.keyHeads(), in.tokens());
            later.launch(
                    "columns",
                    grid(in.tiles(), in),
                    SlotSizes.THREADS,
                    in.sizes().keys());
            return scope.promote(most);
        }
    }
}
