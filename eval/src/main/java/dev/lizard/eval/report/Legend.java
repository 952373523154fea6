package dev.lizard.eval.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Names of series in rows of as many as fit, each after its mark. */
record Legend(List<Entry> entries) {
    private static final double ROW = 18;
    private static final double MARK = 16;
    private static final double GAP = 14;

    record Entry(String name, String tone) {}

    double height() {
        return place(null, 0);
    }

    void draw(Svg svg, double top) {
        place(svg, top);
    }

    private double place(@Nullable Svg svg, double top) {
        double x = 0;
        double y = top + ROW;
        for (Entry entry : entries) {
            String name = Svg.brief(entry.name(), Svg.WIDTH - MARK);
            double width = MARK + Svg.bold(name);
            if (x > 0 && x + width > Svg.WIDTH) {
                x = 0;
                y += ROW;
            }
            if (svg != null) {
                svg.mark(entry.tone(), x + 6, y - 8, 4, "", null);
                svg.text("label " + entry.tone(), x + MARK, y - 4, name);
            }
            x += width + GAP;
        }
        return entries.isEmpty() ? 0 : y - top;
    }
}
