package dev.lizard.eval.report;

import dev.lizard.eval.result.RecallCell;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Recall over size and depth: a heat map a task and model, and the figures over all depths with their intervals. */
final class RecallGrids {
    private RecallGrids() {}

    static Section of(ResultSet results) {
        List<RecallCell> grids = results.recallGrids();
        if (grids.isEmpty()) {
            return Section.none();
        }
        List<Section.Block> blocks = new ArrayList<>();
        by(grids, RecallCell::task).forEach((task, cells) -> {
            boolean rules = cells.stream().allMatch(cell -> cell.depth() == null);
            by(drawn(cells), cell -> rules ? "" : cell.model())
                    .forEach((model, own) -> blocks.add(rules ? rules(task, own) : depths(task, model, own)));
        });
        Table all = table(results);
        if (!all.rows().isEmpty()) {
            blocks.add(new Section.Tabular("Over all depths.", all));
        }
        return new Section(
                "Recall by size and depth",
                "What was told at a depth of the text, 0 % at its beginning, is asked for at its end: the share of"
                        + " answers that are wholly right. With few samples a cell is rough; its interval of 95 % is"
                        + " told where it is pointed at, and in the table for all depths at once.",
                blocks);
    }

    /** One metric: the strictest there is. */
    private static List<RecallCell> drawn(List<RecallCell> cells) {
        String metric = cells.stream().anyMatch(cell -> cell.metric().equals(RecallCell.EXACT))
                ? RecallCell.EXACT
                : cells.getFirst().metric();
        return cells.stream().filter(cell -> cell.metric().equals(metric)).toList();
    }

    private static Section.Figure depths(String task, String model, List<RecallCell> cells) {
        List<Double> depths = cells.stream()
                .map(RecallCell::depth)
                .filter(Objects::nonNull)
                .distinct()
                .sorted()
                .toList();
        List<String> rows = depths.stream().map(Units.ROUGH_PERCENT::show).toList();
        String map = map(task + ", " + model, "depth", rows, cells, cell -> depths.indexOf(cell.depth()));
        return new Section.Figure(shown(task) + ", " + model + ".", "Answers wholly right.", map);
    }

    private static Section.Figure rules(String task, List<RecallCell> cells) {
        List<String> rows = cells.stream().map(RecallCell::model).distinct().toList();
        return new Section.Figure(
                shown(task) + ".",
                "Answers wholly right.",
                map(task, "rule", rows, cells, cell -> rows.indexOf(cell.model())));
    }

    private static String map(
            String title,
            String rowName,
            List<String> rows,
            List<RecallCell> cells,
            Function<RecallCell, Integer> row) {
        List<Integer> sizes =
                cells.stream().map(RecallCell::size).distinct().sorted().toList();
        List<List<HeatMap.@Nullable Cell>> grid = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            grid.add(new ArrayList<>(Collections.nCopies(sizes.size(), null)));
        }
        for (RecallCell cell : cells) {
            int at = row.apply(cell);
            if (at >= 0) {
                grid.get(at)
                        .set(
                                sizes.indexOf(cell.size()),
                                new HeatMap.Cell(cell.value(), Interval.ofShare(cell.value(), cell.samples())));
            }
        }
        List<String> columns =
                sizes.stream().map(size -> Units.LENGTH.show(size)).toList();
        return new HeatMap(title, rowName, rows, cells.getFirst().unit(), columns, grid, Units.PLAIN, 0, 1).svg();
    }

    private record Line(String task, String metric, String unit, int size) {
        String shown() {
            return "%s, %s %s: %s"
                    .formatted(
                            task,
                            Units.LENGTH.show(size),
                            unit,
                            Metric.of(metric).words());
        }
    }

    /** A line a task and size, a column a model: the table of many cells stays short. */
    private static Table table(ResultSet results) {
        List<RecallCell> deep = by(results.recallGrids(), RecallCell::task).values().stream()
                .flatMap(cells -> drawn(cells).stream())
                .filter(cell -> cell.depth() != null)
                .toList();
        List<String> models = deep.stream().map(RecallCell::model).distinct().toList();
        List<Table.Column> columns = new ArrayList<>(List.of(new Table.Column("Task", "")));
        models.forEach(model -> columns.add(new Table.Column(model, "95 % interval")));
        columns.add(new Table.Column("Samples", ""));
        List<Table.Row> rows = new ArrayList<>();
        by(deep, cell -> new Line(cell.task(), cell.metric(), cell.unit(), cell.size()))
                .forEach((line, cells) -> {
                    List<Table.Cell> figures = new ArrayList<>();
                    int most = 0;
                    for (String model : models) {
                        List<RecallCell> own = cells.stream()
                                .filter(cell -> cell.model().equals(model))
                                .toList();
                        int samples = own.stream().mapToInt(RecallCell::samples).sum();
                        figures.add(own.isEmpty() ? new Table.Cell.Absent() : share(own, samples));
                        most = Math.max(most, samples);
                    }
                    figures.add(Table.number((double) most, Units.GENERAL));
                    rows.add(new Table.Row(line.shown(), "", figures));
                });
        return new Table(columns, rows);
    }

    private static Table.Cell share(List<RecallCell> cells, int samples) {
        double right = cells.stream()
                        .mapToDouble(cell -> cell.value() * cell.samples())
                        .sum()
                / Math.max(1, samples);
        boolean hits = !cells.getFirst().metric().equals(RecallCell.DIGITS);
        return Table.ranged(right, Units.PERCENT, hits ? Interval.ofShare(right, samples) : null);
    }

    private static <K> SequencedMap<K, List<RecallCell>> by(List<RecallCell> cells, Function<RecallCell, K> key) {
        return cells.stream().collect(Collectors.groupingBy(key, LinkedHashMap::new, Collectors.toList()));
    }

    private static String shown(String task) {
        String words = task.replace('_', ' ');
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }
}
