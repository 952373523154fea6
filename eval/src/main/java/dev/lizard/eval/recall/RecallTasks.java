package dev.lizard.eval.recall;

import dev.lizard.eval.task.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The tasks of recall and long context. */
public final class RecallTasks {
    private RecallTasks() {}

    public static List<Task> all() {
        List<Task> all = new ArrayList<>();
        for (Answering by : Answering.values()) {
            Arrays.stream(NeedleTask.Kind.values())
                    .map(kind -> new NeedleTask(kind, by))
                    .forEach(all::add);
            Arrays.stream(ListTask.Kind.values())
                    .map(kind -> new ListTask(kind, by))
                    .forEach(all::add);
        }
        all.add(new PositionTask());
        return all;
    }
}
