package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.Losses;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;

/**
 * Cross-entropy of the next token: the second stage of distillation, and training from scratch.
 *
 * @param decoder computes with the buffer's leaves wherever they are bound into it
 * @param parameters what is trained
 * @param recompute computes layers once more on the way back, to hold less
 */
public record NextToken(Decoder decoder, ParameterBuffer parameters, boolean recompute) implements Objective {
    /** Holds what the way back needs. */
    public NextToken(Decoder decoder, ParameterBuffer parameters) {
        this(decoder, parameters, false);
    }

    @Override
    public Tensor accumulate(Ids ids, double share) {
        try (Scope work = Scope.open();
                Positions at = decoder.positions(ids.documents());
                Tape tape = new Tape()) {
            Tensor hidden = decoder.hidden(ids.inputs(), at, Form.CHUNK, tape, recompute, null); // [B, T, D]
            Tensor loss = Losses.nextToken(decoder, hidden, ids.targets(), Losses.rows(decoder), share);
            tape.unwind();
            return work.promote(loss);
        }
    }

    @Override
    public boolean recordable() {
        boolean own = decoder.weights().values().stream().anyMatch(Tensor::requiresGrad); // not tried on a card yet
        return !own && decoder.trainsGraphed();
    }

    @Override
    public void keep(long tokens, Scope owner) {
        decoder.keep(tokens, owner);
    }

    @Override
    public String diagnose(Batch batch) {
        return NonFinite.first(decoder, batch, parameters);
    }
}
