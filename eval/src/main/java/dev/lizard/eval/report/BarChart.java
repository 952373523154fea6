package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;
import static dev.lizard.eval.report.Markup.brief;
import static dev.lizard.eval.report.Markup.escape;

import java.util.List;

/**
 * Horizontal bars from zero, each with its name before it and its value after it.
 *
 * @param label what is measured, with its unit
 */
record BarChart(String title, String label, Units units, List<Bar> bars) {
    private static final int WIDTH = 440;
    private static final int TOP = 30;
    private static final int ROW = 27;
    private static final int THICK = 15;
    private static final int VALUE = 66;
    private static final double LETTER = 6.6;
    private static final int LONGEST_NAME = 28;

    record Bar(String name, String tone, double value) {}

    String svg() {
        int height = TOP + ROW * bars.size() + 6;
        double names = 14
                + LETTER
                        * bars.stream()
                                .mapToInt(bar -> brief(bar.name(), LONGEST_NAME).length())
                                .max()
                                .orElse(0);
        double most = bars.stream().mapToDouble(Bar::value).max().orElse(0);
        StringBuilder out = new StringBuilder();
        out.append("<svg class=\"chart\" viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\">"
                .formatted(WIDTH, height, escape(title)));
        out.append("<text class=\"axis-name\" x=\"0\" y=\"14\">%s</text>".formatted(escape(label)));
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            double y = TOP + ROW * i;
            double length = most > 0 ? Math.max(1, (WIDTH - names - VALUE) * (bar.value() / most)) : 1;
            String middle = at(y + THICK / 2.0 + 4);
            out.append("<text class=\"bar-name end\" x=\"%s\" y=\"%s\">%s</text>"
                    .formatted(at(names - 8), middle, escape(brief(bar.name(), LONGEST_NAME))));
            out.append("<rect class=\"bar %s\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"2\"/>"
                    .formatted(bar.tone(), at(names), at(y), at(length), THICK));
            out.append("<text class=\"bar-value\" x=\"%s\" y=\"%s\" data-value=\"%s\">%s</text>"
                    .formatted(at(names + length + 6), middle, bar.value(), units.show(bar.value())));
        }
        return out.append("</svg>").toString();
    }
}
