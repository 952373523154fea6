package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.model.Losses;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;

/**
 * Next-token loss plus {@code weight} times KL(teacher || student), the mean over all tokens of
 * Σ p_teacher (log p_teacher − log p_student). The teacher is the same decoder with its own mixers and without LoRA,
 * run without gradients; logits of both exist for some rows at a time.
 *
 * @param decoder the student between calls
 * @param student knows how to change it into the teacher and back
 * @param weight of the divergence
 * @param recompute computes layers once more on the way back, to hold less
 */
record DistilledNextToken(Decoder decoder, Student student, double weight, boolean recompute) implements Objective {
    @Override
    public ParameterBuffer parameters() {
        return student.buffer();
    }

    @Override
    public Tensor accumulate(Tensor ids, Tensor targets, double share) {
        try (Scope work = Scope.open();
                Tape tape = new Tape()) {
            Tensor taught = teacherHidden(ids); // [B, T, D]
            Tensor hidden = decoder.hidden(ids, Form.CHUNK, tape, recompute); // [B, T, D]
            Tensor cut = hidden.detach().requiresGrad(true);
            Tensor loss = Losses.nextToken(decoder, cut, targets, Losses.rows(decoder), share);
            loss = loss.add(divergence(taught, cut, share).mul(weight));
            Tensor gradient = cut.grad();
            if (gradient == null) {
                throw new IllegalStateException("no gradient arrived at the hidden states");
            }
            tape.backward(hidden, gradient);
            return work.promote(loss);
        }
    }

    private Tensor teacherHidden(Tensor ids) {
        student.leave();
        try (Gradients off = Gradients.off()) {
            return decoder.hidden(ids, Form.CHUNK);
        } finally {
            student.enter();
        }
    }

    /** The mean divergence, a scalar; its gradient, times weight and share, is added to that of {@code hidden}. */
    private Tensor divergence(Tensor taught, Tensor hidden, double share) {
        long rows = hidden.size(0) * hidden.size(1);
        int piecewise = Losses.rows(decoder);
        Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
        Tensor from = taught.reshape(rows, taught.size(2));
        for (long first = 0; first < rows; first += piecewise) {
            try (Scope piece = Scope.open()) {
                long count = Math.min(piecewise, rows - first);
                Tensor mine = decoder.logits(
                                hidden.reshape(rows, hidden.size(2)).narrow(0, first, count))
                        .to(DType.FLOAT32)
                        .logSoftmax(-1); // [n, V]
                Tensor goal;
                try (Gradients off = Gradients.off()) {
                    goal = decoder.logits(from.narrow(0, first, count))
                            .to(DType.FLOAT32)
                            .logSoftmax(-1); // [n, V]
                }
                Tensor part = goal.exp().mul(goal.sub(mine)).sum().div((double) rows);
                part.mul(weight * share).backward();
                total.add_(part.detach());
            }
        }
        return total;
    }

    @Override
    public String diagnose(Batch batch) {
        return NonFinite.first(decoder, batch, parameters());
    }
}
