package dev.lizard.eval.report;

import java.util.ArrayList;
import java.util.List;

/**
 * An axis: what it measures, its unit in the label, its scale and how its ticks are written.
 *
 * @param ticks about how many
 */
record Axis(String label, Scale scale, Units units, int ticks) {
    /** The height that labels and name below a drawing take. */
    static final double BELOW = 40;

    private static final double APART = 8;

    /** A tick and where its label's middle is. */
    record Tick(double value, double place, String text) {}

    /** Those whose labels do not touch; of two that do, the later one stays. */
    List<Tick> apart(double left, double right) {
        List<Tick> kept = new ArrayList<>();
        double free = Double.MAX_VALUE;
        for (double value : scale.ticks(ticks).reversed()) {
            String text = units.show(value);
            double place = left + Math.clamp(scale.place(value), 0.0, 1.0) * (right - left);
            double half = Svg.width(text) / 2;
            if (place + half <= free) {
                kept.addFirst(new Tick(value, Math.min(place, Svg.WIDTH - half), text));
                free = place - half - APART;
            }
        }
        return kept;
    }

    /** Ticks and name of a horizontal axis under a drawing that ends at {@code base}. */
    void below(Svg svg, double left, double right, double base) {
        for (Tick tick : apart(left, right)) {
            svg.text("tick mid", tick.place(), base + 16, tick.text());
        }
        double reach = Svg.width(label);
        svg.text("axis-name end", Math.max(right, Math.min(reach, Svg.WIDTH)), base + 34, Svg.brief(label, Svg.WIDTH));
    }
}
