package dev.lizard.model;

import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What reads token ids and foretells the next: all that sessions, scores and losses ask of a model. Hidden states stand
 * between its two halves so that nobody has to hold the logits of a whole text.
 */
public interface LanguageModel {
    /** V: ids are 0 to V − 1, and there is a logit for each. */
    int vocabulary();

    /** Type of hidden states and logits. */
    DType dtype();

    /** Where ids are read and hidden states lie. */
    Device device();

    /** Final hidden states [B, T, D] of whole sequences of int64 ids [B, T]. */
    Tensor hidden(Tensor ids, Form form);

    /** Scores of the next token [..., V] for hidden states [..., D]. */
    Tensor logits(Tensor hidden);

    /** An empty state for {@code batch} sequences. The caller closes it. */
    DecoderState newState(int batch);

    /** Reads T ≥ 1 more tokens: ids [B, T] to final hidden states [B, T, D], and updates the state. */
    Tensor advance(Tensor ids, DecoderState state);

    /** A step of {@code state} to be recorded and replayed, which the caller closes; null where steps cannot be. */
    default @Nullable GraphedDecode graphed(DecoderState state) {
        return null;
    }
}
