package dev.lizard.eval.report;

import java.util.List;

/**
 * Rows of pairs on one axis: a hollow mark before, a filled one after, a thread between them.
 *
 * @param before name of the hollow marks
 * @param after name of the filled marks
 */
record PairChart(String title, Axis x, List<Row> rows, String before, String after) {
    private static final double RIGHT = Svg.WIDTH - 16;
    private static final double TOP = 36;
    private static final double PAIR_GAP = 6.5;
    private static final double ROW_GAP = 10;

    record Pair(double before, double after) {}

    record Row(String name, List<Pair> pairs) {}

    String svg() {
        int pairs = rows.stream().mapToInt(row -> row.pairs().size()).sum();
        double base = TOP + pairs * PAIR_GAP + rows.size() * ROW_GAP;
        double left = 10
                + rows.stream().mapToDouble(row -> Svg.width(row.name())).max().orElse(0);
        Svg svg = new Svg(base + Axis.BELOW, title, x.label() + ", of " + rows.size() + " rows");
        svg.circle("hollow", left + 3, 10, 3).text("tick", left + 11, 14, before);
        double second = left + 26 + Svg.width(before);
        svg.circle("mark t-student", second, 10, 3).text("tick", second + 8, 14, after);
        for (Axis.Tick tick : x.apart(left, RIGHT)) {
            double place = px(left, tick.value());
            svg.line("grid", place, TOP - 6, place, base);
        }
        x.below(svg, left, RIGHT, base);
        double y = TOP + ROW_GAP / 2;
        for (Row row : rows) {
            double middle = y + (row.pairs().size() - 1) * PAIR_GAP / 2;
            svg.text("bar-name end", left - 8, middle + 4, row.name());
            for (Pair pair : row.pairs()) {
                double from = px(left, pair.before());
                double to = px(left, pair.after());
                svg.line("thread", from, y, to, y).circle("hollow", from, y, 2.4);
                svg.mark(
                        "t-student",
                        to,
                        y,
                        2.4,
                        "",
                        "%s: %s to %s"
                                .formatted(
                                        row.name(),
                                        x.units().show(pair.before()),
                                        x.units().show(pair.after())));
                y += PAIR_GAP;
            }
            y += ROW_GAP;
        }
        return svg.done();
    }

    private double px(double left, double value) {
        return left + Math.clamp(x.scale().place(value), 0.0, 1.0) * (RIGHT - left);
    }
}
