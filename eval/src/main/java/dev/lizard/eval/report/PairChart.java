package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;
import static dev.lizard.eval.report.Markup.escape;

import java.util.List;

/**
 * Rows of pairs on one axis: a hollow mark before, a filled one after, a thread between them.
 *
 * @param before name of the hollow marks
 * @param after name of the filled marks
 */
record PairChart(String title, Axis x, List<Row> rows, String before, String after) {
    private static final int WIDTH = 440;
    private static final int LEFT = 62;
    private static final int RIGHT = 16;
    private static final int TOP = 36;
    private static final int BOTTOM = 46;
    private static final double PAIR_GAP = 6.5;
    private static final double ROW_GAP = 10;

    record Pair(double before, double after) {}

    record Row(String name, List<Pair> pairs) {}

    String svg() {
        int pairs = rows.stream().mapToInt(row -> row.pairs().size()).sum();
        double height = TOP + pairs * PAIR_GAP + rows.size() * ROW_GAP + BOTTOM;
        StringBuilder out = new StringBuilder();
        out.append("<svg class=\"chart\" viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\">"
                .formatted(WIDTH, at(height), escape(title)));
        key(out);
        double base = height - BOTTOM;
        for (double tick : x.scale().ticks(x.ticks())) {
            String place = at(px(tick));
            out.append("<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                    .formatted(place, place, TOP - 6, at(base)));
            out.append("<text class=\"tick mid\" x=\"%s\" y=\"%s\">%s</text>"
                    .formatted(place, at(base + 17), x.units().show(tick)));
        }
        out.append("<text class=\"axis-name end\" x=\"%s\" y=\"%s\">%s</text>"
                .formatted(WIDTH - RIGHT, at(height - 8), escape(x.label())));
        double y = TOP + ROW_GAP / 2;
        for (Row row : rows) {
            double middle = y + (row.pairs().size() - 1) * PAIR_GAP / 2;
            out.append("<text class=\"bar-name end\" x=\"%s\" y=\"%s\">%s</text>"
                    .formatted(LEFT - 10, at(middle + 4), escape(row.name())));
            for (Pair pair : row.pairs()) {
                draw(out, row, pair, y);
                y += PAIR_GAP;
            }
            y += ROW_GAP;
        }
        return out.append("</svg>").toString();
    }

    private double px(double value) {
        return LEFT + Math.clamp(x.scale().place(value), 0.0, 1.0) * (WIDTH - LEFT - RIGHT);
    }

    private void key(StringBuilder out) {
        double second = LEFT + 22 + 6.6 * before.length();
        out.append("<circle class=\"hollow\" cx=\"%s\" cy=\"10\" r=\"3\"/>".formatted(LEFT + 3));
        out.append("<text class=\"tick\" x=\"%s\" y=\"14\">%s</text>".formatted(LEFT + 11, escape(before)));
        out.append("<circle class=\"mark t-student\" cx=\"%s\" cy=\"10\" r=\"3\"/>".formatted(at(second)));
        out.append("<text class=\"tick\" x=\"%s\" y=\"14\">%s</text>".formatted(at(second + 8), escape(after)));
    }

    private void draw(StringBuilder out, Row row, Pair pair, double y) {
        out.append("<line class=\"thread\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                .formatted(at(px(pair.before())), at(px(pair.after())), at(y), at(y)));
        out.append("<circle class=\"hollow\" cx=\"%s\" cy=\"%s\" r=\"2.4\"/>".formatted(at(px(pair.before())), at(y)));
        out.append("<circle class=\"mark t-student\" cx=\"%s\" cy=\"%s\" r=\"2.4\"><title>%s: %s to %s</title></circle>"
                .formatted(
                        at(px(pair.after())),
                        at(y),
                        escape(row.name()),
                        x.units().show(pair.before()),
                        x.units().show(pair.after())));
    }
}
