package dev.lizard.eval.task;

import java.util.Map;

/**
 * One question of a task.
 *
 * @param id unique in the task and the same in every run
 * @param traits what its score is also told by, such as {@code length: 2048, depth: 0.5} or {@code subject: anatomy}
 */
public record Item(String id, Request request, Map<String, String> traits, Judge judge) {
    /**
     * Turns an answer into values by the names of the task's measures. Values of other names are kept in the log; those of
     * {@link Task#PICKED} and {@link Task#RIGHT} become letter frequencies.
     */
    @FunctionalInterface
    public interface Judge {
        Map<String, Value> judge(Answer answer);
    }

    /**
     * A value and what it counts for; a measure is of the sum of one over the sum of the other.
     *
     * @param weight 1 for an item's hit or miss; words, bytes or tokens where these are counted
     */
    public record Value(double sum, double weight) {
        public static Value of(double value) {
            return new Value(value, 1);
        }

        public static Value of(boolean hit) {
            return of(hit ? 1 : 0);
        }
    }
}
