package dev.lizard.eval.result;

/** The loss of one training step. */
public record TrainingPoint(String stage, long step, long tokens, double loss) {}
