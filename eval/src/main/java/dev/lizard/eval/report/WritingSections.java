package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import dev.lizard.eval.result.Agreement;
import dev.lizard.eval.result.Answered;
import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.Repetition;
import dev.lizard.eval.result.ResultSet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How the models write: beside the teacher, again and again, in answers. */
final class WritingSections {
    private WritingSections() {}

    static Section agreement(ResultSet results) {
        if (results.agreements().isEmpty()) {
            return Section.none();
        }
        List<Section.Block> blocks = new ArrayList<>();
        Map<String, List<Line>> forced = new LinkedHashMap<>();
        Map<String, List<Line>> free = new LinkedHashMap<>();
        for (Agreement row : results.agreements()) {
            String tone = Tone.of(results, row.model());
            add(forced, row.set(), new Line(row.model(), tone, points(row.forcedByPosition())));
            add(free, row.set(), new Line(row.model(), tone, points(row.freeByPosition())));
        }
        forced.forEach((set, lines) -> {
            blocks.add(chart("After the teacher's text, " + set + ".", "The same first choice there.", lines));
            blocks.add(chart(
                    "Each after its own, " + set + ".", "The same token written.", free.getOrDefault(set, List.of())));
        });
        blocks.add(new Section.Tabular("", agreements(results)));
        return new Section(
                "Written beside the teacher",
                "Both write the likeliest token, again and again, after the same prompts. Once two texts differ they"
                        + " go on apart, so the share of equal tokens falls even where each choice is good; after the"
                        + " teacher's own text it tells how often the choice is the same.",
                blocks);
    }

    private static void add(Map<String, List<Line>> sets, String set, Line line) {
        sets.computeIfAbsent(set, key -> new ArrayList<>()).add(line);
    }

    private static List<Line.Point> points(List<Bucket> buckets) {
        return buckets.stream()
                .map(bucket -> new Line.Point(
                        bucket.to(),
                        bucket.value(),
                        Interval.ofShare(bucket.value(), Math.clamp(bucket.count(), 1, Integer.MAX_VALUE))))
                .toList();
    }

    private static Section.Figure chart(String title, String reading, List<Line> lines) {
        Axis x = new Axis("tokens written, log axis", LineCharts.logX(lines), Units.LENGTH, 6);
        Axis y = new Axis("equal tokens", new Scale.Linear(0, 1), Units.ROUGH_PERCENT, 4);
        return new Section.Figure(title, reading, new LineChart(title, x, y, lines).svg());
    }

    private static Table agreements(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Model", ""),
                new Table.Column("Prompts", ""),
                new Table.Column("How many", ""),
                new Table.Column("Equal at first", "tokens, 95 % interval"),
                new Table.Column("Of at most", "tokens"),
                new Table.Column("Wholly equal", ""),
                new Table.Column("After the teacher's text", "95 % interval"),
                new Table.Column("After its own", "95 % interval"));
        List<Table.Row> rows = new ArrayList<>();
        for (Agreement row : results.agreements()) {
            rows.add(new Table.Row(
                    row.model(),
                    Tone.of(results, row.model()),
                    List.of(
                            Table.text(row.set()),
                            Table.number((double) row.prompts(), Units.GENERAL),
                            ranged(row.together(), row.togetherError(), Units.GENERAL),
                            Table.number((double) row.tokens(), Units.GENERAL),
                            Table.number(row.whole(), Units.ROUGH_PERCENT),
                            ranged(row.forced(), row.forcedError(), Units.PERCENT),
                            ranged(row.free(), row.freeError(), Units.PERCENT))));
        }
        return new Table(columns, rows);
    }

    private static Table.Cell ranged(double mean, @Nullable Double error, Units units) {
        return Table.ranged(mean, units, InsideSections.interval(mean, error));
    }

    static Section repetition(ResultSet results) {
        List<Table.Column> columns = List.of(
                new Table.Column("Who wrote", ""),
                new Table.Column("Tokens", ""),
                new Table.Column("Repeated", "95 % interval"),
                new Table.Column("Distinct 1", "-grams"),
                new Table.Column("Distinct 2", "-grams"),
                new Table.Column("Distinct 3", "-grams"),
                new Table.Column("Distinct 4", "-grams"),
                new Table.Column("Longest loop", "tokens"),
                new Table.Column("Its period", "tokens"));
        List<Table.Row> rows = new ArrayList<>();
        for (Repetition row : results.repetitions()) {
            List<Table.Cell> cells = new ArrayList<>();
            cells.add(Table.number((double) row.tokens(), Units.COUNT));
            cells.add(ranged(row.repeated(), row.repeatedError(), Units.PERCENT));
            for (int n = 0; n < 4; n++) {
                cells.add(
                        Table.number(n < row.distinct().size() ? row.distinct().get(n) : null, Units.PERCENT));
            }
            cells.add(Table.number((double) row.longestLoop(), Units.GENERAL));
            cells.add(Table.number((double) row.period(), Units.GENERAL));
            rows.add(new Table.Row(row.model(), Tone.of(results, row.model()), cells));
        }
        return new Section(
                "Repetition",
                "What a model repeats when it writes on and on, greedily, past the ends of texts: the share of tokens"
                        + " that stand in a run of four which the text had before, different n-grams over all, and the"
                        + " longest stretch that says the same at least twice in a row.",
                rows.isEmpty() ? List.of() : List.of(new Section.Tabular("", new Table(columns, rows))));
    }

    static Section answers(ResultSet results) {
        Map<String, List<Answered>> byPrompt = new LinkedHashMap<>();
        for (Answered row : results.answers()) {
            byPrompt.computeIfAbsent(row.kind() + ": " + row.prompt(), prompt -> new ArrayList<>())
                    .add(row);
        }
        StringBuilder html = new StringBuilder();
        StringBuilder markdown = new StringBuilder();
        byPrompt.forEach((prompt, rows) -> {
            html.append("<figure class=\"answers\"><figcaption>%s</figcaption><div>".formatted(escape(prompt)));
            markdown.append("**%s**\n\n".formatted(plain(prompt)));
            for (Answered row : rows) {
                String rest = row.ended() ? "" : " \u2026";
                String text = row.text().strip() + rest;
                html.append("<blockquote class=\"%s\"><b>%s</b> %s</blockquote>"
                        .formatted(Tone.of(results, row.model()), escape(row.model()), escape(text)));
                markdown.append("- **%s**: %s\n".formatted(plain(row.model()), plain(text)));
            }
            html.append("</div></figure>");
            markdown.append('\n');
        });
        return new Section(
                "Answers side by side",
                "The same prompts answered greedily; dots where an answer was cut.",
                html.isEmpty() ? List.of() : List.of(new Section.Text("", html.toString(), markdown.toString())));
    }
}
