package dev.lizard.distill;

import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.model.Losses;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;

/**
 * Cross-entropy of the next token: the second stage of distillation, and training from scratch.
 *
 * @param decoder computes with the buffer's leaves wherever they are bound into it
 * @param parameters what is trained
 * @param rows tokens whose logits exist at a time
 */
public record NextToken(Decoder decoder, ParameterBuffer parameters, int rows) implements Objective {
    /** Logits of so many numbers exist at a time. */
    private static final long LOGITS = 1L << 25;

    /** With as many rows at a time as keep the logits at 128 MiB. */
    public NextToken(Decoder decoder, ParameterBuffer parameters) {
        this(decoder, parameters, (int) Math.max(64, LOGITS / decoder.config().vocabSize()));
    }

    @Override
    public Tensor accumulate(Batch batch, double share) {
        try (Scope work = Scope.open()) {
            Tensor hidden = decoder.hidden(Ids.inputs(batch, decoder.device()), Form.CHUNK); // [B, T, D]
            Tensor targets = Ids.targets(batch, decoder.device()); // [B, T]
            return work.promote(Losses.nextToken(decoder, hidden, targets, rows, share));
        }
    }

    @Override
    public String diagnose(Batch batch) {
        return NonFinite.first(decoder, batch, parameters);
    }
}
