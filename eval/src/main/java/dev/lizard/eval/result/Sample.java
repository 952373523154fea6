package dev.lizard.eval.result;

import org.jspecify.annotations.Nullable;

/**
 * What a model wrote after a prompt.
 *
 * @param prompt what is shown of it, at least its end
 * @param context tokens of the whole prompt, where it is known
 */
public record Sample(
        String model,
        String prompt,
        String continuation,
        @Nullable Integer context) {}
