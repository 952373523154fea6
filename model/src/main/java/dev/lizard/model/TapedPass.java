package dev.lizard.model;

import dev.lizard.mixer.Form;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerInput;
import dev.lizard.mixer.Positions;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The pass of training through a decoder: as the plain one, with operations that have gradients of their own on a tape.
 *
 * @param at where the tokens stand; it outlives the way back
 * @param recompute keeps only the input of each layer and computes the layer again on the way back
 * @param observer sees each layer once, with gradients on, through leaves where a gradient is wanted
 */
record TapedPass(
        List<Block> blocks,
        List<Mixer> mixers,
        Norm last,
        Positions at,
        Form form,
        boolean recompute,
        @Nullable MixerObserver observer) {
    /** The embedded ids [B, T, D] to final hidden states [B, T, D]. */
    Tensor run(Tensor embedded, Tape tape) {
        ResidualStream x = observed(ResidualStream.of(embedded), 0, tape);
        for (int i = 0; i < blocks.size(); i++) {
            Block block = blocks.get(i);
            int layer = i;
            Tape.Part part = (in, inner) -> block.apply(in, at, to -> heads(layer, to, inner), inner);
            ResidualStream before = x;
            x = recompute
                    ? ResidualStream.of(tape.recompute(part, before.sum()))
                    : block.apply(before, at, to -> heads(layer, to, tape), tape);
            before.close();
            x = observed(x, i + 1, tape);
        }
        try (Scope work = Scope.open()) {
            Tensor normed = last.fuses(x.base(), tape) ? last.fused(x, tape).normed() : last.apply(x.sum());
            x.close();
            return work.promote(normed);
        }
    }

    private Tensor heads(int layer, MixerInput in, Tape tape) {
        Tensor heads = mixers.get(layer).forward(in, form, tape); // [B, H, T, d]
        if (observer == null || !Gradients.enabled()) { // off where the layer is computed once more later
            return heads;
        }
        Tensor cut = tape.cut(heads);
        observer.observe(layer, in, cut);
        return cut;
    }

    private ResidualStream observed(ResidualStream x, int depth, Tape tape) {
        if (observer == null) {
            return x;
        }
        Tensor cut = tape.cut(x.sum());
        observer.hidden(depth, cut);
        if (cut != x.base()) {
            x.close();
        }
        return ResidualStream.of(cut);
    }
}
