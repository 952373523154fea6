package dev.lizard.model;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.FusedOps;
import java.util.ArrayList;
import java.util.List;

/**
 * Next-token losses that never hold the logits of a whole batch: they are made, used and dropped for a few rows (tokens)
 * at a time. Logits are widened to float32 before the softmax.
 *
 * <p>Targets are int64 [B, T], each the token that follows; those of {@value #IGNORE_INDEX} do not count.
 */
public final class Losses {
    /** The target that does not count. */
    public static final long IGNORE_INDEX = -100;

    /** Logits of so many numbers exist at a time: 128 MiB on the CPU. */
    private static final long LOGITS = 1L << 25;
    /** A card is busy only with larger pieces. */
    private static final long LOGITS_CUDA = 1L << 27;

    private Losses() {}

    /** How many tokens' logits a model should make at a time. */
    public static int rows(LanguageModel model) {
        return rows(model.vocabulary(), model.device());
    }

    /** As {@link #rows(LanguageModel)}, of a model that is yet to be made. */
    public static int rows(int vocabulary, Device device) {
        long logits = device.isCuda() ? LOGITS_CUDA : LOGITS;
        long rows = Math.max(64, logits / vocabulary);
        return (int) (device.isCuda() ? Long.highestOneBit(rows) : rows);
    }

    /** As {@link #nextToken(Decoder, Tensor, Tensor, int, double)} with factor 1. */
    public static Tensor nextToken(Decoder decoder, Tensor hidden, Tensor targets, int rows) {
        return nextToken(decoder, hidden, targets, rows, 1);
    }

    /**
     * Mean cross-entropy in nats over the targets that count, back-propagated at once: the graph is cut at
     * {@code hidden}, each piece of rows sends its share back to the cut, and what arrived there goes on through
     * {@code hidden} in one pass.
     *
     * @param hidden final hidden states [B, T, D], with their graph
     * @param rows tokens whose logits [rows, V] exist at a time
     * @param factor multiplies the gradients (not the result), as for one of several accumulated batches
     * @return the loss, a scalar without graph; 0 where no target counts
     */
    public static Tensor nextToken(Decoder decoder, Tensor hidden, Tensor targets, int rows, double factor) {
        try (Scope work = Scope.open()) {
            Tensor flat = flat(hidden); // [N, D]
            Tensor goals = targets.reshape(flat.size(0)); // [N]
            Tensor count = goals.ge(0.0).to(DType.FLOAT32).sum().clampMin(1);
            Tensor gradient = Tensors.empty(flat.dtype(), flat.device(), flat.shape());
            List<Tensor> losses = new ArrayList<>();
            for (long from = 0; from < flat.size(0); from += rows) {
                long length = Math.min(rows, flat.size(0) - from);
                try (Scope piece = Scope.open()) {
                    Tensor part = flat.narrow(0, from, length);
                    Tensor goal = goals.narrow(0, from, length);
                    Tensor place = gradient.narrow(0, from, length);
                    losses.add(piece.promote(
                            fuses(decoder)
                                    ? fused(decoder, part, goal, count, place, factor)
                                    : composed(decoder, part, goal, count, place, factor)));
                }
            }
            if (hidden.requiresGrad()) {
                hidden.backward(gradient.view(hidden.shape()));
            }
            return work.promote(Tensors.cat(losses, 0).sum().div(count));
        }
    }

    /** The sum of the rows' losses [1]; the gradient of their hidden states goes to {@code place}. */
    private static Tensor composed(
            Decoder decoder, Tensor rows, Tensor goals, Tensor count, Tensor place, double factor) {
        Tensor cut = rows.detach().requiresGrad(true);
        Tensor sum = TokenLikelihoods.rowNll(decoder, cut, goals).sum();
        sum.div(count).mul(factor).backward();
        place.copy_(gradient(cut));
        return sum.detach().to(DType.FLOAT32).view(1);
    }

    private static boolean fuses(Decoder decoder) {
        Tensor weight = decoder.head().tensor();
        return !weight.requiresGrad()
                && weight.dtype() == decoder.dtype()
                && decoder.config().vocabSize() % 8 == 0
                && FusedOps.serve(weight);
    }

    /** The losses themselves [n], where the output layer is frozen: the logits' memory becomes their gradient's. */
    private static Tensor fused(Decoder decoder, Tensor rows, Tensor goals, Tensor count, Tensor place, double factor) {
        Tensor logits = decoder.logits(rows); // [n, V]
        Tensor losses = FusedOps.crossEntropy_(logits, goals, count, factor);
        place.addmm_(logits, decoder.head().use(), 0, 1); // [n, D]
        return losses;
    }

    private static Tensor gradient(Tensor cut) {
        Tensor gradient = cut.grad();
        if (gradient == null) {
            throw new IllegalStateException("no gradient arrived at the hidden states: gradients are switched off");
        }
        return gradient;
    }

    private static Tensor flat(Tensor hidden) {
        return hidden.detach().reshape(hidden.size(0) * hidden.size(1), hidden.size(2));
    }
}
