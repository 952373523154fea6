package dev.lizard.distill;

import dev.lizard.tensor.AdamW;

/**
 * How a stage is trained, whatever it minimises.
 *
 * @param stage its name in logs and checkpoints
 * @param batch B, sequences of one pass
 * @param accumulate passes whose gradients are averaged for one update
 * @param steps number of updates
 * @param learningRate peak rate, before the groups' factors
 * @param schedule the rate over the steps
 * @param adam moments and epsilon
 * @param clip limit of the gradient's norm; infinite for none
 * @param checkpointEvery steps between checkpoints; 0 for the last step only
 * @param measureEvery steps between held-out measurements; 0 for the last step only
 * @param precedingSteps updates of the stages before, so that checkpoints are numbered through
 */
public record TrainSettings(
        String stage,
        int batch,
        int accumulate,
        long steps,
        double learningRate,
        Schedule schedule,
        AdamW.Settings adam,
        double clip,
        long checkpointEvery,
        long measureEvery,
        long precedingSteps) {
    public TrainSettings {
        if (batch < 1 || accumulate < 1 || steps < 0 || checkpointEvery < 0 || measureEvery < 0) {
            throw new IllegalArgumentException("batch %d, accumulate %d, steps %d".formatted(batch, accumulate, steps));
        }
    }

    /** Sequences of one update. */
    public int sequencesPerStep() {
        return Math.multiplyExact(batch, accumulate);
    }
}
