package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** At which sizes a student recalls less than its teacher, and at which more. */
record RecallVerdict(Pairing pair, @Nullable Integer trainedLength) {
    /** Below it a model can as good as not do it. */
    private static final double FLOOR = 0.05;

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
        tasks.forEach((task, rows) -> {
            sizes(rows, Difference.Outcome.LOST, lost, "Recall (%s): behind at %s.", task);
            sizes(rows, Difference.Outcome.GAINED, kept, "Recall (%s): ahead of the teacher at %s.", task);
            List<Difference> able = rows.stream()
                    .filter(row ->
                            row.teacher().value() > FLOOR || row.student().value() > FLOOR)
                    .toList();
            sizes(able, Difference.Outcome.OPEN, kept, "Recall (%s): no loss can be shown at %s.", task);
            if (able.size() < rows.size()) {
                open.add("Recall (%s): at some sizes neither can do it.".formatted(task));
            }
            rows.stream()
                    .filter(this::within)
                    .reduce((first, second) -> second)
                    .ifPresent(row -> brief.add(new Verdict.Brief(
                            "%s \u2192 %s".formatted(rough(row.teacher()), rough(row.student())),
                            "recall (%s) at size %s, from teacher to student".formatted(task, size(row)))));
        });
    }

    private static String rough(Measured share) {
        return Units.ROUGH_PERCENT.show(share.value());
    }

    private boolean within(Difference row) {
        return trainedLength == null
                || Double.parseDouble(row.student().traits().get(Measured.SIZE)) <= trainedLength;
    }

    private static void sizes(
            List<Difference> rows, Difference.Outcome outcome, List<String> lines, String sentence, String task) {
        String sizes = rows.stream()
                .filter(row -> row.outcome() == outcome)
                .map(row -> "%s (%s \u2192 %s)".formatted(size(row), rough(row.teacher()), rough(row.student())))
                .collect(Collectors.joining(", "));
        if (!sizes.isEmpty()) {
            lines.add(sentence.formatted(task, sizes));
        }
    }

    private static String size(Difference row) {
        return Units.LENGTH.show(Double.parseDouble(row.student().traits().get(Measured.SIZE)));
    }
}
