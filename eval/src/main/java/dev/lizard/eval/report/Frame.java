package dev.lizard.eval.report;

/** The plane between two axes: places of values, grid and labels. */
record Frame(Axis x, Axis y, double left, double top, double right, double bottom) {
    private static final double LONGEST_TICK = 96;

    /** With as much room before it as the ticks of the vertical axis need. */
    static Frame of(Axis x, Axis y, double top, double right, double bottom) {
        double widest = y.scale().ticks(y.ticks()).stream()
                .mapToDouble(tick -> Svg.width(y.units().show(tick)))
                .max()
                .orElse(0);
        return new Frame(x, y, Math.clamp(widest + 9, 30, LONGEST_TICK), top, right, bottom);
    }

    double px(double value) {
        return left + x.scale().place(value) * (right - left);
    }

    double py(double value) {
        return bottom - y.scale().place(value) * (bottom - top);
    }

    void draw(Svg svg) {
        svg.text("axis-name", 0, top - 18, Svg.brief(y.label(), Svg.WIDTH));
        for (double tick : y.scale().ticks(y.ticks())) {
            svg.line("grid", left, py(tick), right, py(tick));
            svg.text("tick end", left - 6, py(tick) + 4, y.units().show(tick));
        }
        svg.line("base", left, bottom, right, bottom);
        x.below(svg, left, right, bottom);
    }
}
