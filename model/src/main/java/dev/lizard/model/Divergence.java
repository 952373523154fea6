package dev.lizard.model;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Positions;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.jspecify.annotations.Nullable;

/**
 * KL(teacher || student) of the next token (Hinton et al. 2015): with p and q the softmax of both logits over τ,
 *
 * <pre>
 *   L = τ² · mean over tokens of Σ_j p_j (log p_j − log q_j)
 * </pre>
 *
 * <p>With {@code topK} k > 0, j runs over the teacher's k likeliest tokens and p is the softmax over these alone; q
 * stays that of all tokens, so that what the student gives to others is a loss. Logits [n, V] of both models exist for
 * a few rows (tokens) at a time.
 *
 * @param temperature τ
 * @param topK k; 0 for the whole vocabulary
 */
public record Divergence(double temperature, int topK) {
    /**
     * What a teacher gave.
     *
     * @param hidden final hidden states [B, T, D]
     * @param head weight of its output layer [V, D]
     */
    public record Taught(Tensor hidden, Tensor head) {}

    /**
     * Runs a teacher on int64 ids [B, T], without gradients; {@code observer} sees each layer.
     *
     * @param documents as for {@link Decoder#positions}
     */
    public static Taught taught(
            Decoder teacher, Tensor ids, @Nullable Tensor documents, @Nullable MixerObserver observer) {
        try (Gradients off = Gradients.off();
                Positions at = teacher.positions(documents)) {
            return new Taught(
                    teacher.hidden(ids, at, Form.CHUNK, observer),
                    teacher.head().use());
        }
    }

    /**
     * The mean divergence, a scalar without graph; its gradient times {@code factor} is added to those of {@code hidden}
     * and of the student's output layer.
     *
     * @param hidden the student's final hidden states [B, T, D], a leaf
     * @param targets int64 [B, T]: tokens whose target is negative do not count; null where all do
     */
    public Tensor loss(Decoder student, Tensor hidden, Taught taught, @Nullable Tensor targets, double factor) {
        long rows = hidden.size(0) * hidden.size(1);
        int piecewise = Losses.rows(student);
        try (Scope work = Scope.open()) {
            Tensor total = Tensors.zeros(DType.FLOAT32, student.device());
            Tensor from = taught.hidden.reshape(rows, taught.hidden.size(2)); // [N, D]
            Tensor counts =
                    targets == null ? null : targets.reshape(rows).ge(0.0).to(DType.FLOAT32); // [N]
            Tensor whole = counts == null ? null : counts.sum().clampMin(1);
            for (long first = 0; first < rows; first += piecewise) {
                try (Scope piece = Scope.open()) {
                    long count = Math.min(piecewise, rows - first);
                    Tensor mine = logs(
                            student.logits(hidden.reshape(rows, hidden.size(2)).narrow(0, first, count))); // [n, V]
                    Tensor terms = terms(teacher(from.narrow(0, first, count), taught.head), mine);
                    Tensor part = counts == null || whole == null
                            ? terms.sum().div((double) rows)
                            : terms.sum(1, false)
                                    .mul(counts.narrow(0, first, count).to(terms.dtype()))
                                    .sum()
                                    .div(whole.to(terms.dtype()));
                    part = part.mul(temperature * temperature);
                    part.mul(factor).backward();
                    total.add_(part.detach().to(DType.FLOAT32));
                }
            }
            return work.promote(total);
        }
    }

    private static Tensor teacher(Tensor rows, Tensor head) {
        try (Gradients off = Gradients.off()) {
            return rows.linear(head, null); // [n, V]
        }
    }

    /** p_j (log p_j − log q_j) [n, V], or [n, k]. */
    private Tensor terms(Tensor taught, Tensor mine) {
        boolean all = topK == 0 || topK >= taught.size(1);
        Tensor.TopK best = all ? null : taught.topK(topK, 1);
        Tensor goal = logs(best == null ? taught : best.values());
        return goal.exp().mul(goal.sub(best == null ? mine : mine.gather(1, best.indices())));
    }

    /** Log-probabilities of softened logits, in float32 where they are narrower. */
    private Tensor logs(Tensor logits) {
        Tensor wide = TokenLikelihoods.wide(logits);
        return (temperature == 1 ? wide : wide.div(temperature)).logSoftmax(-1);
    }
}
