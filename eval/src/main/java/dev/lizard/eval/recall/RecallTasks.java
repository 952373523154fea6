package dev.lizard.eval.recall;

import dev.lizard.eval.task.Task;
import java.util.ArrayList;
import java.util.List;

/** The tasks of recall and long context. */
public final class RecallTasks {
    private RecallTasks() {}

    public static List<Task> all() {
        List<Task> all = new ArrayList<>();
        for (NeedleTask.Kind kind : NeedleTask.Kind.values()) {
            all.add(new NeedleTask(kind));
        }
        for (ListTask.Kind kind : ListTask.Kind.values()) {
            all.add(new ListTask(kind));
        }
        all.add(new PositionTask());
        return all;
    }
}
