package dev.lizard.cli;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Results as text tables for a terminal: quality, recall by length, cost by context. */
final class ResultTable {
    private static final int NAME = 22;

    private ResultTable() {}

    static String of(ResultSet results) {
        StringBuilder text = new StringBuilder();
        for (String sentence : results.story()) {
            text.append(sentence).append('\n');
        }
        text.append('\n').append(quality(results.models()));
        TreeSet<String> tasks = new TreeSet<>();
        results.recall().forEach(recall -> tasks.add(recall.task()));
        for (String task : tasks) {
            List<Recall> rows =
                    results.recall().stream().filter(r -> r.task().equals(task)).toList();
            text.append('\n')
                    .append(matrix(
                            task + ", right",
                            rows,
                            Recall::model,
                            r -> (long) r.length(),
                            r -> String.format(Locale.ROOT, "%.2f", r.exact())));
        }
        List<Efficiency> cost = results.efficiency();
        text.append('\n')
                .append(matrix(
                        "state bytes",
                        cost,
                        Efficiency::model,
                        Efficiency::context,
                        e -> String.format(Locale.ROOT, "%,d", e.stateBytes())));
        text.append('\n')
                .append(matrix(
                        "tokens/s, decode",
                        cost,
                        Efficiency::model,
                        Efficiency::context,
                        e -> number("%,.0f", e.decodeTokensPerSecond())));
        return text.toString().stripTrailing();
    }

    private static String quality(List<ModelResult> models) {
        StringBuilder text = new StringBuilder(
                String.format(Locale.ROOT, "%-" + NAME + "s %12s %12s %12s%n", "", "bits/byte", "KL", "same top"));
        for (ModelResult model : models) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-" + NAME + "s %12s %12s %12s%n",
                    model.name(),
                    number("%.4f", model.bitsPerByte()),
                    number("%.4f", model.kl()),
                    number("%.3f", model.agreement())));
        }
        return text.toString();
    }

    /** A row a model, a column a length. */
    private static <T> String matrix(
            String title, List<T> values, Function<T, String> row, Function<T, Long> column, Function<T, String> cell) {
        TreeSet<Long> columns = new TreeSet<>();
        TreeMap<String, TreeMap<Long, String>> rows = new TreeMap<>();
        for (T value : values) {
            columns.add(column.apply(value));
            rows.computeIfAbsent(row.apply(value), name -> new TreeMap<>()).put(column.apply(value), cell.apply(value));
        }
        StringBuilder text = new StringBuilder(String.format(Locale.ROOT, "%-" + NAME + "s", title));
        columns.forEach(length -> text.append(String.format(Locale.ROOT, " %12s", String.format("%,d", length))));
        text.append('\n');
        rows.forEach((name, cells) -> {
            text.append(String.format(Locale.ROOT, "%-" + NAME + "s", name));
            columns.forEach(c -> text.append(String.format(Locale.ROOT, " %12s", cells.getOrDefault(c, "-"))));
            text.append('\n');
        });
        return text.toString();
    }

    private static String number(String format, @Nullable Double value) {
        return value == null ? "-" : String.format(Locale.ROOT, format, value);
    }
}
