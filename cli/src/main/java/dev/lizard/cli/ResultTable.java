package dev.lizard.cli;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.TaskScore;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Results as text tables for a terminal: quality, whole and by position, recall by length, cost by context. */
final class ResultTable {
    private static final int NAME = 26;

    private ResultTable() {}

    static String of(ResultSet results) {
        StringBuilder text = new StringBuilder();
        for (String sentence : results.story()) {
            text.append(sentence).append('\n');
        }
        text.append('\n').append(quality(results));
        text.append(positions(results));
        text.append(recall(results));
        List<Efficiency> cost = results.efficiency();
        text.append(cost("state, bytes", cost, e -> (double) e.stateBytes()));
        text.append(cost("writing, tokens/s", cost, Efficiency::decodeTokensPerSecond));
        text.append(cost("reading, tokens/s", cost, Efficiency::prefillTokensPerSecond));
        return text.toString().stripTrailing();
    }

    /** A column for each task beside those that all results have. */
    private static String quality(ResultSet results) {
        Set<String> tasks = new LinkedHashSet<>();
        results.tasks().forEach(score -> tasks.add(score.task()));
        StringBuilder text = new StringBuilder(row("", List.of("bits/byte", "KL", "same top")));
        for (ModelResult model : results.models()) {
            text.append(row(
                    model.name(),
                    List.of(
                            number("%.4f", model.bitsPerByte()),
                            number("%.4f", model.kl()),
                            number("%.3f", model.agreement()))));
        }
        for (String task : tasks) {
            text.append('\n').append(row(task, List.of()));
            for (TaskScore score : results.tasks()) {
                if (score.task().equals(task)) {
                    text.append(row(score.model(), List.of(number("%.4f", score.value()) + " " + score.metric())));
                }
            }
        }
        return text.toString();
    }

    private static String positions(ResultSet results) {
        Matrix matrix = new Matrix("bits/byte up to position");
        for (PositionCurve curve : results.positions()) {
            if (curve.metric().equals(PositionCurve.BITS_PER_BYTE)) {
                curve.buckets().forEach(b -> matrix.put(curve.model(), b.to(), number("%.3f", b.value())));
            }
        }
        return matrix.text();
    }

    private static String recall(ResultSet results) {
        Map<String, Matrix> tasks = new LinkedHashMap<>();
        for (Recall recall : results.recall()) {
            tasks.computeIfAbsent(recall.task(), task -> new Matrix(task + ", share right"))
                    .put(recall.model(), recall.length(), number("%.2f", recall.exact()));
        }
        StringBuilder text = new StringBuilder();
        tasks.values().forEach(matrix -> text.append(matrix.text()));
        return text.toString();
    }

    private static String cost(String title, List<Efficiency> rows, Function<Efficiency, @Nullable Double> value) {
        Matrix matrix = new Matrix(title);
        rows.forEach(row -> matrix.put(row.model(), row.context(), number("%,.0f", value.apply(row))));
        return matrix.text();
    }

    /** A row a model in the order they came, a column a length. */
    private static final class Matrix {
        private final String title;
        private final TreeSet<Long> columns = new TreeSet<>();
        private final Map<String, Map<Long, String>> rows = new LinkedHashMap<>();

        Matrix(String title) {
            this.title = title;
        }

        void put(String row, long column, String cell) {
            columns.add(column);
            rows.computeIfAbsent(row, name -> new HashMap<>()).put(column, cell);
        }

        /** With a blank line before it; nothing where there is nothing. */
        String text() {
            if (rows.isEmpty()) {
                return "";
            }
            List<String> heads = columns.stream()
                    .map(column -> String.format(Locale.ROOT, "%,d", column))
                    .toList();
            StringBuilder text = new StringBuilder("\n").append(row(title, heads));
            rows.forEach((name, cells) -> text.append(row(
                    name,
                    columns.stream()
                            .map(column -> cells.getOrDefault(column, "-"))
                            .toList())));
            return text.toString();
        }
    }

    private static String row(String name, List<String> cells) {
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%-" + NAME + "s", name));
        cells.forEach(cell -> text.append(String.format(Locale.ROOT, " %11s", cell)));
        return text.toString().stripTrailing() + "\n";
    }

    private static String number(String format, @Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, format, value);
    }
}
