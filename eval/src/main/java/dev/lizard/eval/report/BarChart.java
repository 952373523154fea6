package dev.lizard.eval.report;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Horizontal bars from zero, to the left where negative, each with its name before it and its value after it.
 *
 * @param label what is measured, with its unit
 */
record BarChart(String title, String label, Units units, List<Bar> bars) {
    private static final double TOP = 28;
    private static final double ROW = 26;
    private static final double HEADING = 22;
    private static final double THICK = 15;
    private static final double LONGEST_NAME = 170;

    /**
     * @param group a heading above it where it differs from that of the bar before; may be empty
     * @param interval drawn as a whisker where it is known
     */
    record Bar(
            String group,
            String name,
            String tone,
            double value,
            @Nullable Interval interval) {
        Bar(String name, String tone, double value) {
            this("", name, tone, value, null);
        }

        double low() {
            return interval == null ? value : Math.min(value, interval.low());
        }

        double high() {
            return interval == null ? value : Math.max(value, interval.high());
        }
    }

    String svg() {
        double height = TOP + 6;
        String group = "";
        for (Bar bar : bars) {
            height += ROW + (bar.group().equals(group) ? 0 : HEADING);
            group = bar.group();
        }
        double names = 8 + Math.min(LONGEST_NAME, most(bar -> Svg.width(bar.name())));
        double after = 10 + most(bar -> Svg.bold(units.show(bar.value())));
        double low = Math.max(-Scale.LARGEST, Math.min(0, -most(bar -> -bar.low())));
        double high = Math.min(Scale.LARGEST, Math.max(0, most(Bar::high)));
        double before = low < 0 ? after : 0;
        Scale scale = new Scale.Linear(low, high > low ? high : low + 1);
        double left = names + before;
        double right = Svg.WIDTH - after;
        Svg svg = new Svg(height, title, description());
        svg.text("axis-name", 0, 14, Svg.brief(label, Svg.WIDTH));
        double y = TOP;
        group = "";
        for (Bar bar : bars) {
            if (!bar.group().equals(group)) {
                group = bar.group();
                svg.text("bar-group", 0, y + 13, Svg.brief(group, Svg.WIDTH));
                y += HEADING;
            }
            double zero = left + scale.place(0) * (right - left);
            double end = left + scale.place(bar.value()) * (right - left);
            draw(svg, bar, names, y, zero, end);
            Interval interval = bar.interval();
            double tip = end;
            if (interval != null) {
                double from = left + scale.place(interval.low()) * (right - left);
                double to = left + scale.place(interval.high()) * (right - left);
                svg.line("error", from, y + THICK / 2, to, y + THICK / 2);
                svg.line("error", from, y + THICK / 2 - 3, from, y + THICK / 2 + 3);
                svg.line("error", to, y + THICK / 2 - 3, to, y + THICK / 2 + 3);
                tip = bar.value() < 0 ? Math.min(from, end) : Math.max(to, end);
            }
            boolean negative = bar.value() < 0;
            svg.number(
                    negative ? "bar-value end" : "bar-value",
                    tip + (negative ? -6 : 6),
                    y + THICK / 2 + 4,
                    bar.value(),
                    units);
            y += ROW;
        }
        return svg.done();
    }

    private static void draw(Svg svg, Bar bar, double names, double y, double zero, double end) {
        svg.text("bar-name end", names - 8, y + THICK / 2 + 4, Svg.brief(bar.name(), LONGEST_NAME));
        svg.rect("bar " + bar.tone(), Math.min(zero, end), y, Math.max(1, Math.abs(end - zero)), THICK, 1, null);
    }

    private double most(ToDoubleFunction<Bar> of) {
        return bars.stream().mapToDouble(of).max().orElse(0);
    }

    private String description() {
        return label + ": "
                + String.join(
                        "; ",
                        bars.stream()
                                .map(bar -> "%s %s"
                                        .formatted((bar.group() + " " + bar.name()).strip(), units.show(bar.value())))
                                .toList());
    }
}
