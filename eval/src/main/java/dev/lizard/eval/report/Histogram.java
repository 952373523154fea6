package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;

import java.util.List;

/** How often values lie where: bars of one series, or the outlines of several over one another. */
record Histogram(String title, Axis x, Axis y, List<Series> series) {
    private static final double TOP = 40;
    private static final double PLANE = 150;

    record Series(String name, String tone, List<Bin> bins) {}

    /** @param height a count or a share of the values from {@code from} to {@code to} */
    record Bin(double from, double to, double height) {}

    String svg() {
        Frame frame = Frame.of(x, y, TOP, Svg.WIDTH - 12, TOP + PLANE);
        Legend legend = new Legend(
                series.size() < 2
                        ? List.of()
                        : series.stream()
                                .map(one -> new Legend.Entry(one.name(), one.tone()))
                                .toList());
        double below = TOP + PLANE + Axis.BELOW;
        Svg svg = new Svg(below + legend.height(), title, "%s over %s".formatted(y.label(), x.label()));
        frame.draw(svg);
        for (Series one : series) {
            if (series.size() == 1) {
                bars(svg, frame, one);
            } else {
                outline(svg, frame, one);
            }
        }
        legend.draw(svg, below);
        return svg.done();
    }

    private void bars(Svg svg, Frame frame, Series one) {
        for (Bin bin : one.bins()) {
            double from = frame.px(bin.from());
            double top = frame.py(bin.height());
            svg.rect(
                    "bar " + one.tone(),
                    from,
                    top,
                    frame.px(bin.to()) - from - 0.6,
                    frame.bottom() - top,
                    1,
                    hover(bin));
        }
    }

    private String hover(Bin bin) {
        return "%s to %s: %s"
                .formatted(
                        x.units().show(bin.from()),
                        x.units().show(bin.to()),
                        y.units().show(bin.height()));
    }

    private static void outline(Svg svg, Frame frame, Series one) {
        if (one.bins().isEmpty()) {
            return;
        }
        StringBuilder path = new StringBuilder(
                "M%s %s".formatted(at(frame.px(one.bins().getFirst().from())), at(frame.bottom())));
        for (Bin bin : one.bins()) {
            path.append("L%s %sH%s"
                    .formatted(at(frame.px(bin.from())), at(frame.py(bin.height())), at(frame.px(bin.to()))));
        }
        path.append("V").append(at(frame.bottom()));
        svg.path("band " + one.tone(), path).path("line " + one.tone(), path);
    }
}
