package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The recurrence of selective state spaces in its three forms: E channels, each with N numbers that decay by rates of their
 * own.
 *
 * <pre>
 *   h_t = exp(Δ_t A) ∘ h_{t−1} + (Δ_t u_t) B_t          y_t = h_t C_t          h [E, N]
 * </pre>
 *
 * <p>No decay is shared by rows or columns of a matrix, so there is no product of matrices to make of it; what is left is a
 * scan. It goes by blocks: the tokens of all chunks at once, place by place. A first walk from zero gives what each chunk
 * writes, a product over chunks what enters each, and a second walk from there the outputs. So a text of T tokens takes some
 * √T operations, twice the work of one walk, and no table [T, E, N] but where its graph is kept ({@link ScanFunction}
 * keeps none).
 *
 * <p><b>Numerics.</b> Decays are formed as exp(Δ_t A) ≤ 1 and multiplied on; no sum of logarithms grows and nothing is
 * divided, so nothing can overflow and what underflows is forgotten.
 *
 * <p>Axes: B batch, T tokens, E channels, N numbers of a channel, M chunks, C tokens of one.
 */
final class SelectiveScan {
    /** Shortest chunk; longer texts have chunks of the root of their length. */
    private static final int CHUNK = 16;

    private SelectiveScan() {}

    /**
     * What the recurrence is made of.
     *
     * @param u [B, T, E]
     * @param step Δ, above 0 [B, T, E]
     * @param a A, below 0 [E, N]
     * @param b B [B, T, N]
     * @param c C [B, T, N]
     * @param starts 1 where a document begins that sees nothing before it, else 0 [B, T, 1]; null for none
     */
    record Inputs(
            Tensor u,
            Tensor step,
            Tensor a,
            Tensor b,
            Tensor c,
            @Nullable Tensor starts) {
        long tokens() {
            return u.size(1);
        }

        Inputs narrow(long from, long length) {
            return new Inputs(
                    u.narrow(1, from, length),
                    step.narrow(1, from, length),
                    a,
                    b.narrow(1, from, length),
                    c.narrow(1, from, length),
                    starts == null ? null : starts.narrow(1, from, length));
        }

        /** An empty state [B, E, N]. */
        Tensor empty() {
            return Tensors.zeros(u.dtype(), u.device(), u.size(0), a.size(0), a.size(1));
        }
    }

    /** Outputs [B, T, E] and the state [B, E, N] after the last token. */
    record Result(Tensor y, Tensor state) {}

    /**
     * All pairs: {@code y_t = Σ_{j ≤ t} (Σ_n C_tn B_jn exp(A_n Σ_{j<l≤t} Δ_l)) Δ_j u_j} for each channel.
     *
     * @param strangers pairs that do not see each other [B, 1, T, T], or null
     */
    static Tensor parallel(Inputs in, @Nullable Tensor strangers) {
        try (Scope scope = Scope.open()) {
            DType dtype = in.u.dtype();
            Tensor later = MatrixMemory.above(in.tokens(), in.u.device()); // [T, T]
            Tensor unseen = strangers == null ? later : later.logicalOr(strangers);
            Tensor sum = in.step.to(DType.FLOAT64).cumsum(1).transpose(1, 2); // [B, E, T]
            Tensor passed = sum.unsqueeze(-1)
                    .sub(sum.unsqueeze(-2))
                    .maskedFill(unseen, 0)
                    .to(dtype); // [B, E, T, T]
            Tensor weights = null;
            for (long n = 0; n < in.a.size(1); n++) {
                Tensor decay = passed.mul(in.a.select(1, n).view(1, -1, 1, 1)).exp(); // [B, E, T, T]
                Tensor pairs =
                        in.c.select(2, n).unsqueeze(-1).mul(in.b.select(2, n).unsqueeze(-2)); // [B, T, T]
                Tensor own = decay.mul(pairs.unsqueeze(1));
                weights = weights == null ? own : weights.add(own);
            }
            if (weights == null) {
                throw new IllegalArgumentException("a state without numbers");
            }
            Tensor written = in.step.mul(in.u).transpose(1, 2).unsqueeze(-1); // [B, E, T, 1]
            return scope.promote(
                    weights.maskedFill(unseen, 0).matmul(written).squeeze(-1).transpose(1, 2));
        }
    }

    /** By blocks, from {@code state}, which is not changed. */
    static Result chunk(Inputs in, Tensor state) {
        try (Scope scope = Scope.open()) {
            long tokens = in.tokens();
            int size = (int) Math.min(tokens, Math.max(CHUNK, (long) Math.ceil(Math.sqrt((double) tokens))));
            Walk walk = Walk.of(in, size);
            Tensor entering = walk.chunks() == 1 ? state.unsqueeze(1) : walk.entering(state); // [B, M, E, N]
            List<Tensor> outputs = new ArrayList<>();
            Tensor h = entering;
            for (int i = 0; i < size; i++) {
                h = walk.on(h, i);
                outputs.add(walk.read(h, i));
            }
            Tensor y = Tensors.stack(outputs, 2) // [B, M, C, E]
                    .reshape(in.u.size(0), walk.chunks() * size, in.u.size(2))
                    .narrow(1, 0, tokens);
            return new Result(scope.promote(y), scope.promote(h.select(1, walk.chunks() - 1)));
        }
    }

    /**
     * All chunks of a text, which are walked through together; places that fill up the last neither decay nor write.
     *
     * @param step [B, M, C, E]
     * @param written Δ u [B, M, C, E]
     * @param b [B, M, C, N]
     * @param c [B, M, C, N]
     * @param kept 0 where a document begins, else 1 [B, M, C, 1], or null
     */
    private record Walk(
            Tensor step,
            Tensor written,
            Tensor a,
            Tensor b,
            Tensor c,
            @Nullable Tensor kept) {
        static Walk of(Inputs in, int size) {
            return new Walk(
                    MatrixMemory.chunked(in.step, size),
                    MatrixMemory.chunked(in.step.mul(in.u), size),
                    in.a,
                    MatrixMemory.chunked(in.b, size),
                    MatrixMemory.chunked(in.c, size),
                    in.starts == null
                            ? null
                            : MatrixMemory.chunked(in.starts, size).neg().add(1));
        }

        long chunks() {
            return step.size(1);
        }

        /** h [B, M, E, N] after place i. */
        Tensor on(Tensor h, int i) {
            Tensor decay = step.select(2, i).unsqueeze(-1).mul(a).exp(); // [B, M, E, N]
            Tensor own = kept == null ? decay : decay.mul(kept.select(2, i).unsqueeze(-1));
            return h.mul(own)
                    .add(written.select(2, i).unsqueeze(-1).mul(b.select(2, i).unsqueeze(2)));
        }

        /** y [B, M, E] of place i. */
        Tensor read(Tensor h, int i) {
            return h.matmul(c.select(2, i).unsqueeze(-1)).squeeze(-1);
        }

        /** The state that enters each chunk [B, M, E, N]. */
        Tensor entering(Tensor state) {
            Tensor ends =
                    Tensors.zeros(state.dtype(), state.device(), state.size(0), chunks(), state.size(1), state.size(2));
            for (int i = 0; i < step.size(2); i++) {
                ends = on(ends, i);
            }
            Tensor whole = step.sum(2, false).unsqueeze(-1).mul(a).exp(); // [B, M, E, N]
            if (kept != null) { // without any beginning in it
                Tensor any = kept.neg().add(1).sum(2, false).eq(0.0).to(state.dtype()); // [B, M, 1]
                whole = whole.mul(any.unsqueeze(-1));
            }
            List<Tensor> entering = new ArrayList<>();
            Tensor h = state;
            for (long m = 0; m < chunks(); m++) {
                entering.add(h);
                h = h.mul(whole.select(1, m)).add(ends.select(1, m));
            }
            return Tensors.stack(entering, 1);
        }
    }

    /** One token, without gradients: updates {@code state} [B, E, N] in place and reads it, [B, 1, E]. */
    static Tensor step(Inputs in, Tensor state) {
        Tensor step = in.step.transpose(1, 2); // [B, E, 1]
        state.mul_(step.mul(in.a).exp());
        state.add_(step.mul(in.u.transpose(1, 2)).mul(in.b));
        return state.matmul(in.c.transpose(1, 2)).transpose(1, 2);
    }
}
