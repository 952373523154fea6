package dev.lizard.eval.result;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A task's score over those items that have something in common.
 *
 * @param traits what they have in common, such as {@code subject: anatomy}, or {@code length: 2048} and {@code depth: 0.5}
 */
public record TraitScore(
        String model,
        String task,
        String metric,
        Map<String, String> traits,
        double value,
        @Nullable Double stderr,
        int n) {}
