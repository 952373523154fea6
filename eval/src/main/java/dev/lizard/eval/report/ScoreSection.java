package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Teacher, students and rivals side by side on all they were asked. */
final class ScoreSection {
    private ScoreSection() {}

    static Section of(ResultSet results) {
        Map<String, Map<String, Measured>> rows = new LinkedHashMap<>();
        Set<String> models = new LinkedHashSet<>();
        results.models().forEach(model -> models.add(model.name()));
        Set<String> scored = new LinkedHashSet<>();
        for (Measured figure : byTask(Measurements.of(results))) {
            rows.computeIfAbsent(name(figure), name -> new LinkedHashMap<>()).putIfAbsent(figure.model(), figure);
            scored.add(figure.model());
        }
        List<Pairing> pairings = Pairing.of(results);
        Set<String> paired = new LinkedHashSet<>();
        pairings.forEach(pair -> paired.addAll(List.of(pair.teacher(), pair.student())));
        paired.retainAll(scored);
        Set<String> others = new LinkedHashSet<>(models);
        others.addAll(scored);
        others.retainAll(scored);
        others.removeAll(paired);
        List<Table.Column> columns = new ArrayList<>(List.of(new Table.Column("Task", "")));
        paired.forEach(model -> columns.add(new Table.Column(model, "95 % interval")));
        pairings.forEach(pair -> columns.add(
                new Table.Column(pairings.size() == 1 ? "Difference" : pair.student(), "less " + pair.teacher())));
        others.forEach(model -> columns.add(new Table.Column(model, "95 % interval")));
        columns.add(new Table.Column("Items", ""));
        List<Table.Row> table = new ArrayList<>();
        rows.forEach((name, figures) -> table.add(row(name, figures, paired, pairings, others)));
        return new Section(
                "Side by side",
                "Every score with its 95 % interval. A difference is in bold where its interval leaves zero out: only"
                        + " there has something been lost or gained that these items can show.",
                table.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, table))));
    }

    /** Sizes of a task after one another; parts of answers are left to the grids. */
    private static List<Measured> byTask(List<Measured> figures) {
        Map<String, List<Measured>> tasks = new LinkedHashMap<>();
        for (Measured figure : figures) {
            if (!figure.task().equals(Measured.HELD_OUT) && !figure.metric().equals("digits")) {
                tasks.computeIfAbsent(figure.task(), task -> new ArrayList<>()).add(figure);
            }
        }
        return tasks.values().stream().flatMap(List::stream).toList();
    }

    private static String name(Measured figure) {
        return figure.what() + ": " + Metric.of(figure.metric()).words();
    }

    private static Table.Row row(
            String name,
            Map<String, Measured> figures,
            Set<String> paired,
            List<Pairing> pairings,
            Set<String> others) {
        List<Table.Cell> cells = new ArrayList<>();
        paired.forEach(model -> cells.add(cell(figures.get(model))));
        Measured any = figures.values().iterator().next();
        for (Pairing pair : pairings) {
            cells.add(pair.difference(any).map(ScoreSection::difference).orElseGet(Table.Cell.Absent::new));
        }
        others.forEach(model -> cells.add(cell(figures.get(model))));
        Optional<Long> most = figures.values().stream()
                .map(Measured::n)
                .filter(n -> n != null)
                .max(Long::compare);
        cells.add(Table.number(most.map(Long::doubleValue).orElse(null), Units.GENERAL));
        return new Table.Row(name, "", cells);
    }

    private static Table.Cell cell(@Nullable Measured figure) {
        return figure == null
                ? new Table.Cell.Absent()
                : Table.ranged(figure.value(), Metric.of(figure.metric()).units(), figure.interval());
    }

    private static Table.Cell difference(Difference difference) {
        boolean shown =
                difference.outcome() == Difference.Outcome.LOST || difference.outcome() == Difference.Outcome.GAINED;
        return new Table.Cell.Ranged(difference.value(), difference.size(), difference.range(), shown);
    }
}
