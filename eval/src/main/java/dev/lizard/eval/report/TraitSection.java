package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TraitScore;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Scores of parts of tasks, such as subjects; sizes and depths of recall have grids of their own. */
final class TraitSection {
    private TraitSection() {}

    static Section of(ResultSet results) {
        Map<String, Map<String, Map<String, TraitScore>>> tasks = new LinkedHashMap<>();
        Set<String> gridded = new LinkedHashSet<>();
        results.recallGrids().forEach(cell -> gridded.add(cell.task()));
        for (TraitScore score : results.traits()) {
            if (score.traits().size() == 1 && !gridded.contains(score.task().replaceFirst("@.*", ""))) {
                Map.Entry<String, String> trait =
                        score.traits().entrySet().iterator().next();
                tasks.computeIfAbsent(
                                "%s, by %s, %s"
                                        .formatted(
                                                score.task(),
                                                trait.getKey(),
                                                Metric.of(score.metric()).words()),
                                key -> new LinkedHashMap<>())
                        .computeIfAbsent(trait.getValue(), key -> new LinkedHashMap<>())
                        .put(score.model(), score);
            }
        }
        List<Section.Block> blocks = new ArrayList<>();
        tasks.forEach((title, parts) -> blocks.add(new Section.Tabular(title + ".", table(parts))));
        return new Section(
                "By part of a task",
                "Scores over the items that have something in common, with 95 % intervals: few items, wide intervals.",
                blocks);
    }

    private static Table table(Map<String, Map<String, TraitScore>> parts) {
        Set<String> models = new LinkedHashSet<>();
        parts.values().forEach(scores -> models.addAll(scores.keySet()));
        List<Table.Column> columns = new ArrayList<>(List.of(new Table.Column("Part", "")));
        models.forEach(model -> columns.add(new Table.Column(model, "95 % interval")));
        columns.add(new Table.Column("Items", ""));
        List<Table.Row> rows = new ArrayList<>();
        parts.forEach((part, scores) -> {
            List<Table.Cell> cells = new ArrayList<>();
            int items = 0;
            for (String model : models) {
                TraitScore score = scores.get(model);
                cells.add(score == null ? new Table.Cell.Absent() : cell(score));
                items = score == null ? items : Math.max(items, score.n());
            }
            cells.add(Table.number((double) items, Units.GENERAL));
            rows.add(new Table.Row(part, "", cells));
        });
        return new Table(columns, rows);
    }

    private static Table.Cell cell(TraitScore score) {
        Units units = Metric.of(score.metric()).units();
        Double error = score.stderr();
        return Table.ranged(
                score.value(), units, error == null ? null : Interval.ofScore(score.value(), error, score.n()));
    }
}
