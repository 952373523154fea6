package dev.lizard.eval.result;

/**
 * What asking a model a task took.
 *
 * @param items that were asked
 * @param beyond how many of them were longer than the model was trained for
 * @param tokens read, what items share counted once; without those that an earlier run had answered
 * @param seconds in which they were
 */
public record TaskEffort(String model, String task, int items, long beyond, long tokens, double seconds) {}
