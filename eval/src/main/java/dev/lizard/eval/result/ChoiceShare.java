package dev.lizard.eval.result;

/**
 * How often a model picks a choice that all items of a task share, such as a letter.
 *
 * @param picked share of the items, 0 to 1
 * @param right share of the items of which it is the answer, 0 to 1
 */
public record ChoiceShare(String model, String task, String choice, double picked, double right, int n) {}
