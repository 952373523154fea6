package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.metric.Crossing;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Spread;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What it costs to run, and the rest: how to do it again. */
final class CostSections {
    private static final Units BYTES = Units.BYTES;
    private static final Units SPEED = Units.COUNT;

    private CostSections() {}

    static Section efficiency(ResultSet results) {
        List<Efficiency> rows = results.efficiency();
        if (rows.isEmpty()) {
            return Section.none();
        }
        List<Section.Block> blocks = new ArrayList<>();
        add(
                blocks,
                "State.",
                "What must be kept between two tokens.",
                BYTES,
                lines(results, bytes(Efficiency::stateBytes)));
        add(
                blocks,
                "Reading.",
                "The whole context.",
                SPEED,
                lines(results, row -> point(row, row.prefillTokensPerSecond(), row.prefillSpread())));
        add(
                blocks,
                "Writing.",
                "One token at a time.",
                SPEED,
                lines(results, row -> point(row, row.decodeTokensPerSecond(), row.decodeSpread())));
        add(
                blocks,
                "Memory.",
                "The most that was taken, weights included.",
                BYTES,
                lines(results, bytes(Efficiency::peakBytes)));
        blocks.add(table(results));
        List<Crossing> crossings = Crossing.of(rows);
        if (!crossings.isEmpty()) {
            blocks.add(crossings(crossings));
        }
        return new Section(
                "What a context costs",
                "The teacher keeps the keys and values of everything it has read. The student keeps a window and a"
                        + " memory of fixed size. Whiskers reach from the slowest repeat to the fastest.",
                blocks);
    }

    private static Function<Efficiency, Line.@Nullable Point> bytes(Function<Efficiency, @Nullable Long> of) {
        return row -> {
            Long bytes = of.apply(row);
            return bytes == null ? null : new Line.Point(row.context(), bytes);
        };
    }

    private static Line.@Nullable Point point(Efficiency row, @Nullable Double speed, @Nullable Spread spread) {
        return speed == null
                ? null
                : new Line.Point(
                        row.context(),
                        speed,
                        spread == null ? null : new Interval(spread.slowest(), spread.fastest(), "all repeats"));
    }

    private static void add(List<Section.Block> blocks, String title, String caption, Units units, List<Line> lines) {
        if (!lines.isEmpty()) {
            String label = units == BYTES ? "bytes, log axis" : "tokens a second, log axis";
            Axis x = new Axis("context, tokens, log axis", LineCharts.logX(lines), Units.LENGTH, 7);
            Axis y = new Axis(label, LineCharts.logY(lines, units == BYTES ? 4 : 10), units, 6);
            blocks.add(new Section.Figure(title, caption, new LineChart(title, x, y, lines).svg()));
        }
    }

    /** A line a model, or a model and device where there are several. */
    private static List<Line> lines(ResultSet results, Function<Efficiency, Line.@Nullable Point> of) {
        boolean devices = severalDevices(results);
        Map<String, List<Line.Point>> byName = new LinkedHashMap<>();
        Map<String, String> tones = new LinkedHashMap<>();
        for (Efficiency row : results.efficiency()) {
            Line.Point point = of.apply(row);
            if (point != null) {
                String name = devices && row.device() != null ? row.model() + ", " + row.device() : row.model();
                byName.computeIfAbsent(name, key -> new ArrayList<>()).add(point);
                tones.putIfAbsent(name, Tone.of(results, row.model()));
            }
        }
        List<Line> lines = new ArrayList<>();
        byName.forEach((name, points) -> lines.add(new Line(
                name,
                tones.getOrDefault(name, ""),
                points.stream()
                        .sorted(Comparator.comparingDouble(Line.Point::x))
                        .toList())));
        return lines;
    }

    private static boolean severalDevices(ResultSet results) {
        return results.efficiency().stream()
                        .map(Efficiency::device)
                        .filter(Objects::nonNull)
                        .distinct()
                        .count()
                > 1;
    }

    private static Section.Tabular table(ResultSet results) {
        boolean told = results.efficiency().stream()
                .anyMatch(row -> row.device() != null || row.peakBytes() != null || row.missing() != null);
        List<Table.Column> columns = new ArrayList<>(List.of(
                new Table.Column("Model", ""),
                new Table.Column("Context", "tokens"),
                new Table.Column("Reading", "tokens/s"),
                new Table.Column("Writing", "tokens/s"),
                new Table.Column("State", "bytes")));
        if (told) {
            columns.add(new Table.Column("Memory", "bytes"));
            columns.add(new Table.Column("Device", ""));
            columns.add(new Table.Column("Not measured", ""));
        }
        List<Table.Row> rows = new ArrayList<>();
        for (Efficiency row : results.efficiency()) {
            List<Table.Cell> cells = new ArrayList<>(List.of(
                    Table.number((double) row.context(), Units.LENGTH),
                    Table.number(row.prefillTokensPerSecond(), Units.COUNT),
                    Table.number(row.decodeTokensPerSecond(), Units.COUNT),
                    Table.number((double) row.stateBytes(), Units.BYTES)));
            if (told) {
                Long peak = row.peakBytes();
                cells.add(Table.number(peak == null ? null : (Double) peak.doubleValue(), Units.BYTES));
                cells.add(Table.text(row.device() == null ? "" : row.device()));
                cells.add(Table.text(row.missing() == null ? "" : row.missing()));
            }
            rows.add(new Table.Row(row.model(), Tone.of(results, row.model()), cells));
        }
        return new Section.Tabular("", new Table(columns, rows));
    }

    private static Section.Text crossings(List<Crossing> crossings) {
        StringBuilder html = new StringBuilder("<ul>");
        StringBuilder markdown = new StringBuilder();
        for (Crossing crossing : crossings) {
            html.append("<li>").append(escape(crossing.told())).append(".</li>");
            markdown.append("- ").append(plain(crossing.told())).append(".\n");
        }
        return new Section.Text(
                "From which context on it pays.", html.append("</ul>").toString(), markdown.toString());
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
