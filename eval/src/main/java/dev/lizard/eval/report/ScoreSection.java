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
        for (Measured figure : Measurements.of(results)) {
            if (!figure.task().equals(Measured.HELD_OUT)) {
                rows.computeIfAbsent(name(figure), name -> new LinkedHashMap<>())
                        .putIfAbsent(figure.model(), figure);
                scored.add(figure.model());
            }
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
        pairings.forEach(pair -> columns.add(new Table.Column(
                pairings.size() == 1 ? "Difference" : pair.student() + " less " + pair.teacher(),
                "student less teacher")));
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
        if (figure == null) {
            return new Table.Cell.Absent();
        }
        Units units = Metric.of(figure.metric()).units();
        Interval interval = figure.interval();
        return interval == null
                ? Table.number(figure.value(), units)
                : new Table.Cell.Range(figure.value(), units, interval);
    }

    private static Table.Cell difference(Difference difference) {
        return switch (difference.outcome()) {
            case LOST, GAINED -> new Table.Cell.Strong(difference.show());
            case OPEN, UNKNOWN -> Table.shown(difference.show());
        };
    }
}
