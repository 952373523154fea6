package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What it costs to run, and the rest: how to do it again. */
final class CostSections {
    private CostSections() {}

    static Section efficiency(ResultSet results) {
        if (results.efficiency().isEmpty()) {
            return Section.none();
        }
        List<Section.Block> figures = new ArrayList<>();
        List<Line> bytes = lines(results, row -> (double) row.stateBytes());
        figures.add(figure("State.", "What must be kept between two tokens.", "bytes, log axis", Units.BYTES, bytes));
        List<Line> decode = lines(results, Efficiency::decodeTokensPerSecond);
        if (!decode.isEmpty()) {
            figures.add(figure("Writing.", "One token at a time.", "tokens a second, log axis", Units.COUNT, decode));
        }
        figures.add(table(results.efficiency(), results));
        return new Section(
                "What a context costs",
                "The teacher keeps the keys and values of everything it has read. The student keeps a window and a"
                        + " memory of fixed size.",
                figures);
    }

    private static Section.Figure figure(String title, String caption, String label, Units units, List<Line> lines) {
        Axis x = new Axis("context, tokens, log axis", LineCharts.logX(lines), Units.LENGTH, 7);
        Axis y = new Axis(label, LineCharts.logY(lines, units == Units.BYTES ? 4 : 10), units, 6);
        return new Section.Figure(title, caption, new LineChart(title, x, y, lines).svg());
    }

    private static List<Line> lines(ResultSet results, Function<Efficiency, @Nullable Double> value) {
        Map<String, List<Line.Point>> byModel = new LinkedHashMap<>();
        for (Efficiency row : results.efficiency()) {
            Double y = value.apply(row);
            if (y != null) {
                byModel.computeIfAbsent(row.model(), model -> new ArrayList<>()).add(new Line.Point(row.context(), y));
            }
        }
        List<Line> lines = new ArrayList<>();
        byModel.forEach((model, points) -> lines.add(new Line(model, Tone.of(results, model), points)));
        return lines;
    }

    private static Section.Tabular table(List<Efficiency> efficiency, ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Context", "tokens"),
                new Table.Column("Reading", "tokens/s"),
                new Table.Column("Writing", "tokens/s"),
                new Table.Column("State", "bytes"));
        List<Table.Row> rows = new ArrayList<>();
        for (Efficiency row : efficiency) {
            rows.add(new Table.Row(
                    row.model(),
                    Tone.of(results, row.model()),
                    List.of(
                            Table.number((double) row.context(), Units.LENGTH),
                            Table.number(row.prefillTokensPerSecond(), Units.COUNT),
                            Table.number(row.decodeTokensPerSecond(), Units.COUNT),
                            Table.number((double) row.stateBytes(), Units.BYTES))));
        }
        return new Section.Tabular("", new Table(columns, rows));
    }

    static Section provenance(ResultSet results) {
        StringBuilder html = new StringBuilder("<dl>");
        StringBuilder markdown = new StringBuilder();
        results.provenance().forEach((key, value) -> {
            html.append("<dt>%s</dt><dd>%s</dd>".formatted(escape(key), escape(value)));
            markdown.append("- %s: %s\n".formatted(plain(key), plain(value)));
        });
        return new Section(
                "How to do it again",
                "Everything these numbers depend on.",
                results.provenance().isEmpty()
                        ? List.of()
                        : List.of(new Section.Text("", html.append("</dl>").toString(), markdown.toString())));
    }
}
