package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.Divergence;
import dev.lizard.model.Losses;
import dev.lizard.model.MixerObserver;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A weighted sum of losses along the student's whole pass: of the next token, of the teacher's distribution, of its
 * hidden states. The gradient of the last is known while the pass goes forward, and waits at each layer's stream for
 * what comes back.
 *
 * @param decoder the student
 * @param teacher is asked once for each pass, where a loss needs it
 * @param parameters what is trained
 * @param loss what is minimised
 * @param recompute computes layers once more on the way back, to hold less
 */
record TaughtPass(Decoder decoder, Teacher teacher, ParameterBuffer parameters, Loss loss, boolean recompute)
        implements Objective {
    @Override
    public Tensor accumulate(Ids ids, double share) {
        try (Scope work = Scope.open();
                Positions at = decoder.positions(ids.documents());
                Tape tape = new Tape()) {
            List<Tensor> streams = new ArrayList<>();
            Divergence.Taught taught = loss.taught() ? ask(ids, streams, work) : null;
            List<Tensor> values = new ArrayList<>();
            Tensor hidden =
                    decoder.hidden(ids.inputs(), at, Form.CHUNK, tape, recompute, streams(streams, values, share));
            Tensor cut = hidden.detach().requiresGrad(true);
            for (Loss.Term term : loss.parts()) {
                values.add(value(term, cut, ids.targets(), taught, share));
            }
            Tensor gradient = cut.grad();
            if (gradient != null && hidden.requiresGrad()) {
                hidden.backward(gradient);
            }
            tape.unwind();
            Tensor total = Tensors.zeros(DType.FLOAT32, decoder.device());
            values.forEach(value -> total.add_(value.to(DType.FLOAT32)));
            return work.promote(total);
        }
    }

    private Divergence.Taught ask(Ids ids, List<Tensor> streams, Scope owner) {
        boolean hidden = loss.has(Loss.HiddenState.class);
        return teacher.ask(taught -> Divergence.taught(
                taught, ids.inputs(), ids.documents(), hidden ? BlockTransfer.collector(streams, owner) : null));
    }

    /** The term times its weight; its gradient goes to {@code cut}. That of hidden states is taken on the way. */
    private Tensor value(Loss.Term term, Tensor cut, Tensor targets, Divergence.@Nullable Taught taught, double share) {
        double weight = term.weight();
        return switch (term.loss()) {
            case Loss.NextToken _ ->
                Losses.nextToken(decoder, cut, targets, Losses.rows(decoder), share * weight)
                        .mul(weight);
            case Loss.Kl kl
            when taught != null ->
                new Divergence(kl.temperature(), kl.topK())
                        .loss(decoder, cut, taught, kl.responses() ? targets : null, weight * share)
                        .mul(weight);
            case Loss.HiddenState _ -> Tensors.zeros(DType.FLOAT32, decoder.device());
            default -> throw new IllegalStateException(term.loss() + " is not taken along the pass");
        };
    }

    private @Nullable MixerObserver streams(List<Tensor> goals, List<Tensor> values, double share) {
        double weight = loss.parts().stream()
                .filter(term -> term.loss() instanceof Loss.HiddenState)
                .mapToDouble(Loss.Term::weight)
                .sum();
        return weight == 0 ? null : new Matching(goals, values, weight / decoder.layers(), share);
    }

    /** Compares the stream after each block with the teacher's. */
    private record Matching(List<Tensor> goals, List<Tensor> values, double weight, double share)
            implements MixerObserver {
        @Override
        public void observe(int layer, MixerInput in, Tensor heads) {}

        @Override
        public void hidden(int depth, Tensor hidden) {
            if (depth == 0) {
                return; // no block has been
            }
            try (Scope layer = Scope.open()) {
                Distances error = Distances.length(hidden, goals.get(depth), 1);
                values.add(layer.promote(error.value().mul(weight)));
                if (hidden.requiresGrad()) {
                    Gradients.collect(hidden, error.gradient().mul(weight * share));
                }
            }
        }
    }

    @Override
    public String diagnose(Batch batch) {
        return NonFinite.first(decoder, batch, parameters);
    }
}
