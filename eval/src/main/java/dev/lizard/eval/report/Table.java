package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.brief;
import static dev.lizard.eval.report.Markup.escape;
import static dev.lizard.eval.report.Markup.plain;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A table whose number cells carry the exact value beside the rounded one that is shown. */
record Table(List<Column> columns, List<Row> rows) {
    /** As many columns fit on a telephone. */
    private static final int NARROW = 3;

    private static final int LONGEST_NAME = 80;

    /** @param unit in small print under the name, may be empty */
    record Column(String name, String unit) {}

    /** @param tone CSS class of the row's colour chip; empty for none */
    record Row(String name, String tone, List<Cell> cells) {}

    sealed interface Cell {
        record Words(String text) implements Cell {}

        record Shown(String text) implements Cell {}

        record Value(double value, Units units) implements Cell {}

        /** A value over its interval. */
        record Ranged(double value, String text, String interval, boolean strong) implements Cell {}

        /** Not measured; shown as a dash. */
        record Absent() implements Cell {}
    }

    static Cell text(String text) {
        return new Cell.Words(text);
    }

    /** Words that are numbers, set as such. */
    static Cell shown(String text) {
        return new Cell.Shown(text);
    }

    static Cell number(@Nullable Double value, Units units) {
        return value == null ? new Cell.Absent() : new Cell.Value(value, units);
    }

    /** With its interval below it, where there is one. */
    static Cell ranged(double value, Units units, @Nullable Interval interval) {
        return interval == null
                ? number(value, units)
                : new Cell.Ranged(value, units.show(value), interval.show(units), false);
    }

    String html() {
        String scroll = columns.size() > NARROW ? "scroll wide" : "scroll";
        StringBuilder out = new StringBuilder("<div class=\"%s\" tabindex=\"0\"><table><thead><tr>".formatted(scroll));
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            boolean words = i > 0 && !rows.isEmpty() && rows.getFirst().cells().get(i - 1) instanceof Cell.Words;
            String unit = column.unit().isEmpty() ? "" : "<small>" + escape(column.unit()) + "</small>";
            out.append("<th scope=\"col\"%s>%s%s</th>"
                    .formatted(words ? " class=\"text\"" : "", escape(column.name()), unit));
        }
        out.append("</tr></thead><tbody>");
        for (Row row : rows) {
            String chip = row.tone().isEmpty() ? "" : "<i class=\"chip " + row.tone() + "\"></i>";
            out.append("<tr class=\"%s\"><th scope=\"row\">%s%s</th>"
                    .formatted(row.tone(), chip, breakable(brief(row.name(), LONGEST_NAME))));
            for (Cell cell : row.cells()) {
                out.append(html(cell));
            }
            out.append("</tr>");
        }
        return out.append("</tbody></table></div>").toString();
    }

    /** Names of tasks may go on in the next line where words end. */
    private static String breakable(String name) {
        return escape(name).replace("_", "_<wbr>");
    }

    String markdown() {
        StringBuilder out = new StringBuilder("|");
        columns.forEach(column -> out.append(' ')
                .append(plain((column.name() + " " + column.unit()).strip()))
                .append(" |"));
        out.append("\n|").append("---|".repeat(columns.size())).append('\n');
        for (Row row : rows) {
            out.append("| ").append(plain(row.name())).append(" |");
            row.cells()
                    .forEach(cell -> out.append(' ').append(plain(words(cell))).append(" |"));
            out.append('\n');
        }
        return out.toString();
    }

    private static String words(Cell cell) {
        return switch (cell) {
            case Cell.Words(String text) -> text;
            case Cell.Shown(String text) -> text;
            case Cell.Ranged(double value, String text, String interval, boolean strong) ->
                interval.isEmpty() ? text : "%s (%s)".formatted(text, interval);
            case Cell.Value(double value, Units units) -> units.show(value);
            case Cell.Absent() -> "\u2013";
        };
    }

    private static String html(Cell cell) {
        return switch (cell) {
            case Cell.Words(String text) -> "<td class=\"text\">%s</td>".formatted(escape(text));
            case Cell.Shown(String text) -> "<td>%s</td>".formatted(escape(text));
            case Cell.Ranged(double value, String text, String interval, boolean strong) ->
                "<td data-value=\"%s\">%s%s%s<small>%s</small></td>"
                        .formatted(value, strong ? "<b>" : "", escape(text), strong ? "</b>" : "", escape(interval));
            case Cell.Value(double value, Units units) ->
                "<td data-value=\"%s\">%s</td>".formatted(value, units.show(value));
            case Cell.Absent() -> "<td class=\"absent\">\u2013</td>";
        };
    }
}
