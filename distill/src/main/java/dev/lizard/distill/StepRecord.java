package dev.lizard.distill;

/**
 * One line of {@code log.jsonl}. The fields up to {@code gradNorm} are the same in every run with the same seed; the
 * others are wall-clock. A step's time runs from when its work begins to be queued to when its update is; where that
 * begins before the step before is logged, its logging counts in it.
 *
 * @param stage name of the stage
 * @param step step of the stage, from 1
 * @param tokens tokens seen in the stage
 * @param loss mean loss of the step, before its update
 * @param lr learning rate of the groups whose factor is 1
 * @param gradNorm Euclidean norm of the gradient before clipping
 * @param tokensPerS tokens a second in this step
 * @param elapsedS seconds of work in this stage, those before an interruption included
 * @param memoryBytes resident memory of the process
 */
public record StepRecord(
        String stage,
        long step,
        long tokens,
        double loss,
        double lr,
        double gradNorm,
        double tokensPerS,
        double elapsedS,
        long memoryBytes) {}
