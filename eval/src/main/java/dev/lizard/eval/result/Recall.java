package dev.lizard.eval.result;

/**
 * How often a model repeats what it was told.
 *
 * @param length bytes of the whole text
 * @param exact share of samples whose whole answer is right, 0 to 1
 * @param digits share of single answer tokens that are right, 0 to 1
 * @param samples number of samples
 */
public record Recall(String model, String task, int length, double exact, double digits, int samples) {}
