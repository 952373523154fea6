package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A grid of values as strength of colour: printed in the cells where these are wide enough, told by a legend otherwise.
 * Values below zero have a colour of their own; an absent one leaves its cell empty.
 *
 * @param cells by rows, from top to bottom
 * @param low value without colour; below zero, zero has none
 * @param high value in full colour
 */
record HeatMap(
        String title,
        String rowName,
        List<String> rows,
        String columnName,
        List<String> columns,
        List<? extends List<? extends @Nullable Cell>> cells,
        Units units,
        double low,
        double high) {
    private static final double TOP = 28;
    private static final double LONGEST_NAME = 130;
    private static final double TALLEST = 26;
    private static final double RIGHT = Svg.WIDTH - 4;

    /** From this strength on, print is in the colour of the paper. */
    private static final double STRONG = 0.62;

    /** More cells than this are drawn in steps of colour, as areas. */
    private static final int MOST_CELLS = 900;

    private static final int STEPS = 16;

    record Cell(double value, @Nullable Interval interval) {
        Cell(double value) {
            this(value, null);
        }
    }

    String svg() {
        double left = 8 + Math.min(LONGEST_NAME, widest(rows));
        double width = (RIGHT - left) / Math.max(1, columns.size());
        boolean printed = width >= 5 + printedWidth();
        double height = printed ? TALLEST : Math.min(TALLEST, Math.max(width, 110.0 / Math.max(1, rows.size())));
        double base = TOP + height * rows.size();
        Svg svg = new Svg(base + Axis.BELOW + (printed ? 0 : 40), title, description());
        svg.text("axis-name", 0, 14, Svg.brief(rowName, Svg.WIDTH));
        double free = 0;
        for (int i = 0; i < rows.size(); i++) {
            double y = TOP + height * (i + 0.5) + 4;
            if (y >= free) {
                svg.text("tick end", left - 6, y, Svg.brief(rows.get(i), LONGEST_NAME));
                free = y + 12;
            }
        }
        if (!printed && rows.size() * columns.size() > MOST_CELLS) {
            areas(svg, left, width, height);
        } else {
            cells(svg, left, width, height, printed);
        }
        svg.path("cell-frame", "M%s %sH%sV%sH%sz".formatted(at(left), at(TOP), at(RIGHT), at(base), at(left)));
        columns(svg, left, width, base);
        if (!printed) {
            legend(svg, left, base + Axis.BELOW + 6);
        }
        return svg.done();
    }

    private double printedWidth() {
        return cells.stream()
                .flatMap(List::stream)
                .filter(cell -> cell != null)
                .mapToDouble(cell -> Svg.width(units.show(cell.value())))
                .max()
                .orElse(0);
    }

    private static double widest(List<String> names) {
        return names.stream().mapToDouble(Svg::width).max().orElse(0);
    }

    /** -1 to 1; the sign tells the colour. */
    private double strength(double value) {
        double inside = Math.clamp(value, low, high);
        double share = low < 0
                ? inside / Math.max(-low, Math.max(high, Scale.SMALLEST))
                : (inside - low) / Math.max(high - low, Scale.SMALLEST);
        return Double.isNaN(share) ? 0 : Math.clamp(share, -1.0, 1.0);
    }

    private static String hue(double strength) {
        return strength < 0 ? "cold" : "heat";
    }

    private void cells(Svg svg, double left, double width, double height, boolean printed) {
        for (int row = 0; row < rows.size(); row++) {
            for (int column = 0; column < columns.size(); column++) {
                Cell cell = cells.get(row).get(column);
                if (cell == null) {
                    continue;
                }
                double strength = strength(cell.value());
                double x = left + width * column;
                double y = TOP + height * row;
                String interval = cell.interval() == null
                        ? ""
                        : " (95 %: " + cell.interval().show(units) + ")";
                svg.rect(
                        hue(strength),
                        x,
                        y,
                        width,
                        height,
                        Math.abs(strength),
                        "%s, %s: %s%s"
                                .formatted(rows.get(row), columns.get(column), units.show(cell.value()), interval));
                if (printed) {
                    String css = Math.abs(strength) > STRONG ? "cell-strong mid" : "cell mid";
                    svg.number(css, x + width / 2, y + height / 2 + 4, cell.value(), units);
                }
            }
        }
    }

    /** One path a step of colour, so that a large matrix stays small. */
    private void areas(Svg svg, double left, double width, double height) {
        for (int step = -STEPS; step <= STEPS; step++) {
            StringBuilder path = new StringBuilder();
            for (int row = 0; row < rows.size() && step != 0; row++) {
                int from = 0;
                while (from < columns.size()) {
                    int to = from;
                    while (to < columns.size() && step(row, to) == step) {
                        to++;
                    }
                    if (to > from) {
                        path.append("M%s %sH%sv%sH%sz"
                                .formatted(
                                        at(left + width * from),
                                        at(TOP + height * row),
                                        at(left + width * to),
                                        at(height, 2),
                                        at(left + width * from)));
                    }
                    from = Math.max(to, from + 1);
                }
            }
            if (!path.isEmpty()) {
                svg.shade(hue(step), path, Math.abs(step) / (double) STEPS);
            }
        }
    }

    private int step(int row, int column) {
        Cell cell = cells.get(row).get(column);
        return cell == null ? 0 : (int) Math.round(STEPS * strength(cell.value()));
    }

    private void columns(Svg svg, double left, double width, double base) {
        double free = 0;
        for (int i = 0; i < columns.size(); i++) {
            double middle = left + width * (i + 0.5);
            double half = Svg.width(columns.get(i)) / 2;
            if (middle - half >= free && middle + half <= Svg.WIDTH + 6) {
                svg.text("tick mid", middle, base + 16, columns.get(i));
                free = middle + half + 5;
            }
        }
        svg.text("axis-name end", RIGHT, base + 34, Svg.brief(columnName, Svg.WIDTH));
    }

    private void legend(Svg svg, double left, double y) {
        double from = low < 0 ? -Math.max(-low, high) : low;
        double to = low < 0 ? -from : high;
        double width = (RIGHT - left) / (2 * STEPS + 1);
        for (int i = 0; i <= 2 * STEPS; i++) {
            double value = from + (to - from) * i / (2 * STEPS);
            double strength = strength(value);
            svg.rect(hue(strength), left + width * i, y, width, 9, Math.abs(strength), null);
        }
        svg.path("cell-frame", "M%s %sH%sv9H%sz".formatted(at(left), at(y), at(RIGHT), at(left)));
        svg.text("tick", left, y + 23, units.show(from)).text("tick end", RIGHT, y + 23, units.show(to));
        if (low < 0) {
            svg.text("tick mid", (left + RIGHT) / 2, y + 23, units.show(0));
        }
    }

    private String description() {
        return "%d rows (%s) and %d columns (%s), from %s to %s"
                .formatted(rows.size(), rowName, columns.size(), columnName, units.show(low), units.show(high));
    }
}
