package dev.lizard.distill;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run would do and need. Time comes from a short calibration on this machine, memory and FLOPs from formulas:
 * all are estimates.
 *
 * @param replaced the layers that get the new mixer
 * @param kept the layers that keep their softmax
 * @param parameters new numbers by group
 * @param dataTokens tokens of the corpus
 * @param stages one after the other
 * @param weightBytes memory of the teacher
 * @param seconds all stages together, without measurements
 * @param memoryBytes the most that a stage takes
 * @param availableBytes what is there for it, weights included; null where the system does not tell
 * @param warnings what will not work, or hardly is what was meant, in words
 */
public record Plan(
        List<Integer> replaced,
        List<Integer> kept,
        Map<String, Long> parameters,
        long dataTokens,
        List<Stage> stages,
        long weightBytes,
        double seconds,
        long memoryBytes,
        @Nullable Long availableBytes,
        List<String> warnings) {
    /**
     * One stage.
     *
     * @param name as in the recipe
     * @param trainable numbers that move
     * @param tokens that are seen, whole steps
     * @param steps number of updates
     * @param epochs passes over the training part of the corpus
     * @param flops floating-point operations
     * @param memoryBytes weights, optimiser and activations
     * @param seconds at the calibrated speed
     */
    public record Stage(
            String name,
            long trainable,
            long tokens,
            long steps,
            double epochs,
            double flops,
            long memoryBytes,
            double seconds) {}

    public Plan {
        replaced = List.copyOf(replaced);
        kept = List.copyOf(kept);
        stages = List.copyOf(stages);
        warnings = List.copyOf(warnings);
    }
}
