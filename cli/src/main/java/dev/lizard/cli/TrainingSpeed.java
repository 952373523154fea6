package dev.lizard.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lizard.base.Quantiles;
import dev.lizard.distill.StageMeter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench train} found; written as JSON it is the line that it promises.
 *
 * @param kind {@code train}
 * @param device where, and {@code dtype} in what
 * @param batch B, sequences of a pass of {@code sequenceLength} tokens
 * @param stages one after the other
 */
record TrainingSpeed(
        @JsonProperty("case") String kind,
        String device,
        String dtype,
        long batch,
        long sequenceLength,
        List<Stage> stages) {
    /**
     * One stage of the recipe.
     *
     * @param tokensPerS median over the steps, {@code slowest} and {@code fastest} of them
     * @param msPerStep at the median speed
     * @param memoryBytes most memory held
     * @param tflops achieved, 10¹² operations a second, counted by formula
     * @param ofPeak that over the peak given; absent without one
     */
    record Stage(
            String stage,
            double tokensPerS,
            double slowest,
            double fastest,
            double msPerStep,
            long memoryBytes,
            double tflops,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Double ofPeak) {
        private static final double TERA = 1e12;

        static Stage of(StageMeter.Speed speed, @Nullable Double peak) {
            Quantiles speeds =
                    Quantiles.of(speed.tokensPerS().stream().mapToDouble(s -> s).toArray());
            double tflops = speeds.median() * speed.flopsPerToken() / TERA;
            return new Stage(
                    speed.stage(),
                    speeds.median(),
                    speeds.least(),
                    speeds.most(),
                    1000 * speed.tokensPerStep() / speeds.median(),
                    speed.memoryBytes(),
                    tflops,
                    peak == null ? null : tflops / peak);
        }
    }
}
