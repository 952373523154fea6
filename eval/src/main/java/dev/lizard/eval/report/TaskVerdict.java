package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** On which tasks a student is behind its teacher, and on which that cannot be told. */
record TaskVerdict(Pairing pair) {
    private static final int MOST_NAMED = 6;

    void tell(List<String> kept, List<String> lost, List<String> open, List<Verdict.Brief> brief) {
        List<Difference> tasks = tasks();
        if (tasks.isEmpty()) {
            open.add("No task was run on both.");
            return;
        }
        List<Difference> behind = with(tasks, Difference.Outcome.LOST);
        List<Difference> ahead = with(tasks, Difference.Outcome.GAINED);
        List<Difference> even = with(tasks, Difference.Outcome.OPEN);
        List<Difference> unknown = with(tasks, Difference.Outcome.UNKNOWN);
        if (!ahead.isEmpty()) {
            kept.add("Ahead of the teacher on %s.".formatted(named(ahead)));
        }
        if (!even.isEmpty()) {
            double hidden = even.stream()
                    .filter(row -> row.metric().share())
                    .mapToDouble(Difference::possibleLoss)
                    .max()
                    .orElse(0);
            String size = hidden > 0
                    ? String.format(Locale.ROOT, " Up to %.1f points could be lost unseen.", 100 * hidden)
                    : "";
            kept.add("No loss can be shown on %s.%s".formatted(named(even), size));
        }
        if (!behind.isEmpty()) {
            lost.add("Behind the teacher on %s.".formatted(named(behind)));
        }
        if (!unknown.isEmpty()) {
            open.add("Without an interval, so neither kept nor lost: %s.".formatted(named(unknown)));
        }
        int told = tasks.size() - unknown.size();
        if (told > 0) {
            String most = behind.isEmpty()
                    ? ""
                    : ", most on %s: %s"
                            .formatted(
                                    behind.getFirst().student().task(),
                                    behind.getFirst().show());
            brief.add(new Verdict.Brief(
                    "%d of %d".formatted(behind.size(), told), "tasks on which a loss can be shown" + most));
        }
    }

    /** One figure a task: the accuracy by length where there is one, as is usual, otherwise its first. */
    private List<Difference> tasks() {
        Map<String, Difference> tasks = new LinkedHashMap<>();
        for (Difference row : pair.differences()) {
            String task = row.student().task();
            if (!task.equals(Measured.HELD_OUT) && row.student().traits().isEmpty()) {
                if (!tasks.containsKey(task) || row.student().metric().equals("acc_norm")) {
                    tasks.put(task, row);
                }
            }
        }
        return new ArrayList<>(tasks.values());
    }

    private static List<Difference> with(List<Difference> tasks, Difference.Outcome outcome) {
        return tasks.stream()
                .filter(row -> row.outcome() == outcome)
                .sorted(Comparator.comparingDouble(row -> -Math.abs(row.value())))
                .toList();
    }

    private static String named(List<Difference> rows) {
        List<String> names = new ArrayList<>(rows.stream()
                .limit(MOST_NAMED)
                .map(row -> row.student().task() + " " + row.story())
                .toList());
        if (rows.size() > MOST_NAMED) {
            names.add((rows.size() - MOST_NAMED) + " more in the table");
        }
        return String.join("; ", names);
    }
}
