package dev.lizard.eval.run;

import dev.lizard.eval.task.Task;
import java.util.List;

/**
 * A task as one model answered it.
 *
 * @param items in the task's order
 * @param seconds that this run took for those that it asked itself
 * @param read tokens that were read for these
 */
public record TaskOutcome(String model, Task task, List<ItemResult> items, double seconds, long read) {
    /** How many items were longer than what the model was trained for. */
    public long beyond() {
        return items.stream().filter(ItemResult::beyond).count();
    }
}
