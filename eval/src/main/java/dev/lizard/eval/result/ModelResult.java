package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * One model on the held-out text; absent numbers were not measured.
 *
 * @param name unique in its result set; curves refer to it
 * @param tokens tokens it was trained on in the conversion
 * @param nll mean negative log-likelihood of a token, nats
 * @param perplexity exp of {@code nll}
 * @param bitsPerByte negative log-likelihood in bits over the bytes of the text
 * @param kl mean KL(teacher || this) of the next token's distribution, nats
 * @param agreement share of positions whose most likely token is the teacher's, 0 to 1
 */
public record ModelResult(
        String name,
        Role role,
        @Nullable Long tokens,
        @Nullable Double nll,
        @Nullable Double perplexity,
        @Nullable Double bitsPerByte,
        @Nullable Double kl,
        @Nullable Double agreement) {}
