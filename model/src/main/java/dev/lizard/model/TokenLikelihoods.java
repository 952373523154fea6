package dev.lizard.model;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model says of tokens, in nats: −log p(target | what came before). Logits are made, widened to float32 and
 * dropped for some rows (tokens) at a time, so that those of a long text never exist.
 */
public final class TokenLikelihoods {
    private static final int ROWS = 512;
    /** A card is busy only with larger pieces. */
    private static final int ROWS_CUDA = 4096;

    /** Sees some rows of log-probabilities. */
    @FunctionalInterface
    public interface Reader {
        /**
         * Called for each piece, in order.
         *
         * @param from number of rows before these
         * @param logs log-probabilities [n, V], which live until the call returns
         */
        void read(long from, Tensor logs);
    }

    private TokenLikelihoods() {}

    /** Rows of logits that exist at once. */
    private static int rows(LanguageModel model) {
        return Math.min(model.device().isCuda() ? ROWS_CUDA : ROWS, Losses.rows(model));
    }

    /**
     * Negative log-likelihood of each target, without gradients.
     *
     * @param hidden final hidden states [B, T, D]
     * @param targets int64 [B, T], each the token that follows
     * @return float32 [B, T]; 0 where the target is {@link Losses#IGNORE_INDEX}
     */
    public static Tensor nll(LanguageModel model, Tensor hidden, Tensor targets) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor flat = flat(hidden); // [N, D]
            Tensor goals = targets.reshape(flat.size(0)); // [N]
            int rows = rows(model);
            List<Tensor> pieces = new ArrayList<>();
            for (long from = 0; from < flat.size(0); from += rows) {
                long length = Math.min(rows, flat.size(0) - from);
                try (Scope piece = Scope.open()) {
                    pieces.add(
                            piece.promote(rowNll(model, flat.narrow(0, from, length), goals.narrow(0, from, length))));
                }
            }
            return work.promote(Tensors.cat(pieces, 0).to(DType.FLOAT32).view(targets.shape()));
        }
    }

    /** Log-probabilities of all tokens after each of the hidden states [B, T, D], without gradients. */
    public static void read(LanguageModel model, Tensor hidden, Reader reader) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor flat = flat(hidden); // [N, D]
            int rows = rows(model);
            for (long from = 0; from < flat.size(0); from += rows) {
                try (Scope piece = Scope.open()) {
                    reader.read(from, logs(model, flat.narrow(0, from, Math.min(rows, flat.size(0) - from))));
                }
            }
        }
    }

    /** The likeliest token after each of the hidden states [B, T, D], row by row, without gradients. */
    public static long[] likeliest(LanguageModel model, Tensor hidden) {
        long[] all = new long[Math.toIntExact(hidden.size(0) * hidden.size(1))];
        read(model, hidden, (from, logs) -> {
            long[] best = logs.argmax(1).longs();
            System.arraycopy(best, 0, all, (int) from, best.length);
        });
        return all;
    }

    /** Log-probabilities [n, V] of all tokens after so few hidden states [n, D] that their logits may exist at once. */
    public static Tensor logs(LanguageModel model, Tensor hidden) {
        return wide(model.logits(hidden)).logSoftmax(-1);
    }

    /** Hidden states [n, D] and targets [n] to [n], with gradients. */
    static Tensor rowNll(LanguageModel model, Tensor hidden, Tensor targets) {
        return wide(model.logits(hidden)).crossEntropyRows(targets);
    }

    /** Logits in float32 where they are narrower. */
    static Tensor wide(Tensor logits) {
        return logits.dtype() == DType.BFLOAT16 ? logits.to(DType.FLOAT32) : logits;
    }

    private static Tensor flat(Tensor hidden) {
        return hidden.detach().reshape(hidden.size(0) * hidden.size(1), hidden.size(2));
    }
}
