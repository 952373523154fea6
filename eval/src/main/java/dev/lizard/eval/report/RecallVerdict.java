package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** At which lengths a student recalls less than its teacher, and at which more. */
record RecallVerdict(Pairing pair, @Nullable Integer trainedLength) {
    /** Below it a model can as good as not do it. */
    private static final double FLOOR = 0.05;

    void tell(List<String> kept, List<String> lost, List<String> open, List<Verdict.Brief> brief) {
        Map<String, List<Difference>> tasks = new LinkedHashMap<>();
        for (Difference row : pair.differences()) {
            if (row.student().metric().equals("exact") && row.student().traits().containsKey("length")) {
                tasks.computeIfAbsent(row.student().task(), task -> new ArrayList<>())
                        .add(row);
            }
        }
        if (tasks.isEmpty()) {
            open.add("Recall was not measured on both.");
        }
        tasks.forEach((task, rows) -> {
            lengths(rows, Difference.Outcome.LOST, lost, "Recall (%s): behind at %s.", task);
            lengths(rows, Difference.Outcome.GAINED, kept, "Recall (%s): ahead of the teacher at %s.", task);
            List<Difference> able = rows.stream()
                    .filter(row ->
                            row.teacher().value() > FLOOR || row.student().value() > FLOOR)
                    .toList();
            lengths(able, Difference.Outcome.OPEN, kept, "Recall (%s): no loss can be shown at %s.", task);
            if (able.size() < rows.size()) {
                open.add("Recall (%s): at some lengths neither can do it.".formatted(task));
            }
            rows.stream()
                    .filter(this::within)
                    .reduce((first, second) -> second)
                    .ifPresent(row -> brief.add(new Verdict.Brief(
                            "%s \u2192 %s".formatted(rough(row.teacher()), rough(row.student())),
                            "recall (%s) at length %s, from teacher to student".formatted(task, length(row)))));
        });
    }

    private static String rough(Measured share) {
        return Units.ROUGH_PERCENT.show(share.value());
    }

    private boolean within(Difference row) {
        return trainedLength == null
                || Double.parseDouble(row.student().traits().get("length")) <= trainedLength;
    }

    private static void lengths(
            List<Difference> rows, Difference.Outcome outcome, List<String> lines, String sentence, String task) {
        String lengths = rows.stream()
                .filter(row -> row.outcome() == outcome)
                .map(row -> "%s (%s \u2192 %s)".formatted(length(row), rough(row.teacher()), rough(row.student())))
                .collect(Collectors.joining(", "));
        if (!lengths.isEmpty()) {
            lines.add(sentence.formatted(task, lengths));
        }
    }

    private static String length(Difference row) {
        return Units.LENGTH.show(Double.parseDouble(row.student().traits().get("length")));
    }
}
