package dev.lizard.eval.frontier;

import dev.lizard.distill.Ids;
import dev.lizard.distill.Objective;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.Positions;
import dev.lizard.model.Decoder;
import dev.lizard.model.Losses;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;

/**
 * Cross-entropy of the few tokens that have a target: logits are made of these alone, which else would be most of the
 * work.
 *
 * @param asked at least so many targets as a batch has
 */
record AskedTokens(Decoder decoder, ParameterBuffer parameters, int asked) implements Objective {
    /** What is asked: hidden states [1, n, D] and targets [1, n]; where there are fewer, some targets do not count. */
    record Picked(Tensor hidden, Tensor targets) {}

    @Override
    public Tensor accumulate(Ids ids, double share) {
        try (Scope work = Scope.open();
                Positions at = decoder.positions(null);
                Tape tape = new Tape()) {
            Tensor hidden = decoder.hidden(ids.inputs(), at, Form.CHUNK, tape, false, null); // [B, T, D]
            Picked picked = pick(hidden, ids.targets(), asked);
            Tensor loss = Losses.nextToken(decoder, picked.hidden(), picked.targets(), Losses.rows(decoder), share);
            tape.unwind();
            return work.promote(loss);
        }
    }

    /** Of hidden states [B, T, D] those with a target; how many is known before, so nobody waits for the device. */
    static Picked pick(Tensor hidden, Tensor targets, int asked) {
        long width = hidden.size(2);
        Tensor goals = targets.reshape(hidden.size(0) * hidden.size(1)); // [N]
        Tensor places = goals.ge(0.0).to(DType.FLOAT32).topK(asked, 0).indices(); // [n]
        return new Picked(
                hidden.reshape(goals.size(0), width).indexSelect(0, places).view(1, asked, width),
                goals.indexSelect(0, places).view(1, asked));
    }

    @Override
    public String diagnose(Batch batch) {
        return "the loss";
    }
}
