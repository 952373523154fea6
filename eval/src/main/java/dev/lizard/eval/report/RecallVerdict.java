package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** At which sizes a student recalls less than its teacher, and at which more. */
record RecallVerdict(Pairing pair, @Nullable Integer trainedLength) {
    /** Below it a model can as good as not do it. */
    private static final double FLOOR = 0.05;

    private static final int MOST_TOLD = 4;

    private static final Set<String> METRICS = Set.of("exact", "written");

    void tell(List<String> kept, List<String> lost, List<String> open, List<Verdict.Brief> brief) {
        Map<String, List<Difference>> tasks = new LinkedHashMap<>();
        for (Difference row : pair.differences()) {
            if (METRICS.contains(row.student().metric())
                    && row.student().traits().containsKey(Measured.SIZE)) {
                tasks.computeIfAbsent(row.student().task(), task -> new ArrayList<>())
                        .add(row);
            }
        }
        if (tasks.isEmpty()) {
            open.add("Recall was not measured on both.");
        }
        told(tasks, Difference.Outcome.LOST, lost, "behind");
        told(tasks, Difference.Outcome.GAINED, kept, "ahead of the teacher");
        told(able(tasks), Difference.Outcome.OPEN, kept, "no loss can be shown");
        String unable = tasks.entrySet().stream()
                .filter(task -> task.getValue().stream().anyMatch(row -> !able(row)))
                .map(Map.Entry::getKey)
                .collect(Collectors.joining(", "));
        if (!unable.isEmpty()) {
            open.add("Recall (%s): at some sizes neither can do it.".formatted(unable));
        }
        worst(tasks)
                .ifPresent(row -> brief.add(new Verdict.Brief(
                        "%s \u2192 %s".formatted(rough(row.teacher()), rough(row.student())),
                        "recall (%s) at size %s, from teacher to student%s"
                                .formatted(
                                        row.student().task(),
                                        size(row),
                                        tasks.size() == 1
                                                ? ""
                                                : ", the most lost of %d tasks".formatted(tasks.size())))));
    }

    private static boolean able(Difference row) {
        return row.teacher().value() > FLOOR || row.student().value() > FLOOR;
    }

    private static Map<String, List<Difference>> able(Map<String, List<Difference>> tasks) {
        Map<String, List<Difference>> able = new LinkedHashMap<>();
        tasks.forEach((task, rows) ->
                able.put(task, rows.stream().filter(RecallVerdict::able).toList()));
        return able;
    }

    /** Where most is lost at the largest size that both know. */
    private Optional<Difference> worst(Map<String, List<Difference>> tasks) {
        return tasks.values().stream()
                .map(rows -> rows.stream().filter(this::within).reduce((first, second) -> second))
                .flatMap(Optional::stream)
                .min(Comparator.comparingDouble(Difference::value));
    }

    private static String rough(Measured share) {
        return Units.ROUGH_PERCENT.show(share.value());
    }

    private boolean within(Difference row) {
        return trainedLength == null
                || Double.parseDouble(row.student().traits().get(Measured.SIZE)) <= trainedLength;
    }

    private static void told(
            Map<String, List<Difference>> tasks, Difference.Outcome outcome, List<String> lines, String words) {
        List<String> told = new ArrayList<>();
        tasks.forEach((task, rows) -> {
            String sizes = rows.stream()
                    .filter(row -> row.outcome() == outcome)
                    .map(row -> "%s (%s \u2192 %s)".formatted(size(row), rough(row.teacher()), rough(row.student())))
                    .collect(Collectors.joining(", "));
            if (!sizes.isEmpty()) {
                told.add("Recall (%s): %s at %s.".formatted(task, words, sizes));
            }
        });
        lines.addAll(told.subList(0, Math.min(MOST_TOLD, told.size())));
        if (told.size() > MOST_TOLD) {
            lines.add("Recall: %s in %d more tasks, see the table.".formatted(words, told.size() - MOST_TOLD));
        }
    }

    private static String size(Difference row) {
        return Units.LENGTH.show(Double.parseDouble(row.student().traits().get(Measured.SIZE)));
    }
}
