package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;
import static dev.lizard.eval.report.Markup.brief;
import static dev.lizard.eval.report.Markup.escape;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lines over a plane, named where they end rather than in a legend.
 *
 * @param border a value of x that a dashed line marks, or null
 * @param borderLabel what happens there
 */
record LineChart(
        String title,
        Axis x,
        Axis y,
        List<Line> lines,
        @Nullable Double border,
        String borderLabel) {
    private static final int WIDTH = 440;
    private static final int HEIGHT = 290;
    private static final int LEFT = 50;
    private static final int TOP = 40;
    private static final int BOTTOM = 46;
    private static final double LETTER = 7.1;
    private static final double LABEL_GAP = 14.5;

    private static final int LONGEST_NAME = 20;

    /** Lines that can be distinguished; further ones are left to the tables. */
    private static final int MOST_LINES = 12;

    LineChart {
        lines = List.copyOf(lines.subList(0, Math.min(MOST_LINES, lines.size())));
    }

    /** The vertical place of a label: where its line ends, and where there is room. */
    private record Label(Line line, double wanted, double placed) {}

    String svg() {
        StringBuilder out = new StringBuilder();
        out.append("<svg class=\"chart\" viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\">"
                .formatted(WIDTH, HEIGHT, escape(title)));
        out.append("<text class=\"axis-name\" x=\"0\" y=\"14\">%s</text>".formatted(escape(y.label())));
        grid(out);
        border(out);
        for (Line line : lines) {
            draw(out, line);
        }
        labels(out);
        return out.append("</svg>").toString();
    }

    private int right() {
        int longest = lines.stream().mapToInt(line -> name(line).length()).max().orElse(0);
        return Math.min(160, (int) (longest * LETTER) + 20);
    }

    private static String name(Line line) {
        return brief(line.name(), LONGEST_NAME);
    }

    private double left() {
        return LEFT;
    }

    private double px(double value) {
        return left() + x.scale().place(value) * (WIDTH - left() - right());
    }

    private double py(double value) {
        return HEIGHT - BOTTOM - y.scale().place(value) * (HEIGHT - BOTTOM - TOP);
    }

    private void grid(StringBuilder out) {
        double end = WIDTH - right();
        for (double tick : y.scale().ticks(y.ticks())) {
            out.append("<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                    .formatted(at(left()), at(end), at(py(tick)), at(py(tick))));
            out.append("<text class=\"tick end\" x=\"%s\" y=\"%s\">%s</text>"
                    .formatted(at(left() - 7), at(py(tick) + 4), y.units().show(tick)));
        }
        double base = HEIGHT - BOTTOM;
        out.append("<line class=\"base\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                .formatted(at(left()), at(end), at(base), at(base)));
        for (double tick : x.scale().ticks(x.ticks())) {
            out.append("<text class=\"tick mid\" x=\"%s\" y=\"%s\">%s</text>"
                    .formatted(at(px(tick)), at(base + 17), x.units().show(tick)));
        }
        out.append("<text class=\"axis-name end\" x=\"%s\" y=\"%s\">%s</text>"
                .formatted(at(end), at(HEIGHT - 8), escape(x.label())));
    }

    private void border(StringBuilder out) {
        if (border == null) {
            return;
        }
        double place = x.scale().place(border);
        if (place <= 0 || place >= 1) {
            return;
        }
        String x1 = at(px(border));
        out.append("<line class=\"border\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                .formatted(x1, x1, at(TOP - 18), at(HEIGHT - BOTTOM)));
        boolean late = place > 0.55;
        out.append("<text class=\"note%s\" x=\"%s\" y=\"%s\">%s</text>"
                .formatted(late ? " end" : "", at(px(border) + (late ? -5 : 5)), at(TOP - 9), escape(borderLabel)));
    }

    private void draw(StringBuilder out, Line line) {
        if (line.points().isEmpty()) {
            return;
        }
        StringBuilder path = new StringBuilder();
        for (Line.Point point : line.points()) {
            path.append(path.isEmpty() ? "M" : "L")
                    .append(at(px(point.x())))
                    .append(' ')
                    .append(at(py(point.y())));
        }
        out.append("<path class=\"line %s\" d=\"%s\"/>".formatted(line.tone(), path));
        if (!line.marks()) {
            return;
        }
        for (Line.Point point : line.points()) {
            whisker(out, line, point);
            out.append(("<circle class=\"mark %s\" cx=\"%s\" cy=\"%s\" r=\"2.8\""
                            + " data-x=\"%s\" data-y=\"%s\"><title>%s, %s: %s</title></circle>")
                    .formatted(
                            line.tone(),
                            at(px(point.x())),
                            at(py(point.y())),
                            point.x(),
                            point.y(),
                            escape(line.name()),
                            x.units().show(point.x()),
                            y.units().show(point.y())
                                    + (point.interval() == null
                                            ? ""
                                            : " (95 %: " + point.interval().show(y.units()) + ")")));
        }
    }

    private void whisker(StringBuilder out, Line line, Line.Point point) {
        if (point.interval() != null) {
            String place = at(px(point.x()));
            out.append("<line class=\"whisker %s\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                    .formatted(
                            line.tone(),
                            place,
                            place,
                            at(py(point.interval().low())),
                            at(py(point.interval().high()))));
        }
    }

    private void labels(StringBuilder out) {
        for (Label label : spread()) {
            double end = px(label.line().points().getLast().x());
            double column = WIDTH - right() + 12;
            if (Math.abs(label.placed() - label.wanted()) > 3) {
                out.append("<path class=\"leader\" d=\"M%s %sL%s %s\"/>"
                        .formatted(at(end + 4), at(label.wanted()), at(column - 2), at(label.placed())));
            }
            out.append("<text class=\"label %s\" x=\"%s\" y=\"%s\">%s</text>"
                    .formatted(label.line().tone(), at(column), at(label.placed() + 4), escape(name(label.line()))));
        }
    }

    /** Pushes labels apart, then the whole stack back into the picture. */
    private List<Label> spread() {
        List<Line> named = lines.stream()
                .filter(line -> !line.name().isEmpty() && !line.points().isEmpty())
                .sorted(Comparator.comparingDouble(line -> py(line.last())))
                .toList();
        double[] place = new double[named.size()];
        double free = TOP;
        for (int i = 0; i < place.length; i++) {
            place[i] = Math.max(py(named.get(i).last()), free);
            free = place[i] + LABEL_GAP;
        }
        double limit = HEIGHT - BOTTOM;
        for (int i = place.length - 1; i >= 0; i--) {
            place[i] = Math.min(place[i], limit);
            limit = place[i] - LABEL_GAP;
        }
        List<Label> labels = new ArrayList<>();
        for (int i = 0; i < place.length; i++) {
            labels.add(new Label(named.get(i), py(named.get(i).last()), place[i]));
        }
        return labels;
    }
}
