package dev.lizard.eval.report;

import static dev.lizard.eval.report.Markup.at;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lines, or points, over a plane, named where they end; below it where names are long or many.
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
    private static final double TOP = 40;
    private static final double PLANE = 210;
    private static final double LABEL_GAP = 14.5;
    private static final double LONGEST_BESIDE = 92;
    private static final int MOST_BESIDE = 7;

    /** As many points with intervals get whiskers; more get a band. */
    private static final int MOST_WHISKERS = 9;

    /** Lines that can be distinguished; further ones are left to the tables. */
    private static final int MOST_LINES = 13;

    LineChart {
        lines = lines.stream()
                .filter(line -> !line.points().isEmpty())
                .limit(MOST_LINES)
                .toList();
    }

    LineChart(String title, Axis x, Axis y, List<Line> lines) {
        this(title, x, y, lines, null, "");
    }

    /** The vertical place of a label: where its line ends, and where there is room. */
    private record Label(Line line, double wanted, double placed) {}

    String svg() {
        List<Line> named = lines.stream().filter(line -> !line.name().isEmpty()).toList();
        double longest =
                named.stream().mapToDouble(line -> Svg.bold(line.name())).max().orElse(0);
        boolean beside = longest <= LONGEST_BESIDE
                && named.size() <= MOST_BESIDE
                && named.stream().noneMatch(line -> line.style() == Line.Style.DOTS);
        Frame frame = Frame.of(x, y, TOP, Svg.WIDTH - (beside ? longest + 16 : 12), TOP + PLANE);
        double below = TOP + PLANE + Axis.BELOW;
        Legend legend = new Legend(
                beside
                        ? List.of()
                        : named.stream()
                                .map(line -> new Legend.Entry(line.name(), line.tone()))
                                .toList());
        Svg svg = new Svg(below + legend.height(), title, description(named));
        frame.draw(svg);
        border(svg, frame);
        lines.forEach(line -> band(svg, frame, line));
        lines.forEach(line -> draw(svg, frame, line));
        if (beside) {
            labels(svg, frame, named);
        }
        legend.draw(svg, below);
        return svg.done();
    }

    /** From where to where each line goes. */
    private String description(List<Line> named) {
        List<String> words = new ArrayList<>();
        for (Line line : named) {
            Line.Point first = line.points().getFirst();
            Line.Point last = line.points().getLast();
            words.add("%s: %s at %s%s"
                    .formatted(
                            line.name(),
                            y.units().show(first.y()),
                            x.units().show(first.x()),
                            line.points().size() == 1
                                    ? ""
                                    : ", %s at %s"
                                            .formatted(
                                                    y.units().show(last.y()),
                                                    x.units().show(last.x()))));
        }
        return "%s over %s. %s".formatted(y.label(), x.label(), String.join("; ", words));
    }

    private void border(Svg svg, Frame frame) {
        double place = border == null ? 0 : x.scale().place(border);
        if (border == null || place <= 0 || place >= 1) {
            return;
        }
        double px = frame.px(border);
        svg.line("border", px, TOP - 12, px, TOP + PLANE);
        boolean late = px + 5 + Svg.width(borderLabel) > Svg.WIDTH;
        svg.text(late ? "note end" : "note", px + (late ? -5 : 5), TOP - 4, borderLabel);
    }

    private static boolean banded(Line line) {
        return line.points().size() > MOST_WHISKERS
                && line.points().stream().allMatch(point -> point.interval() != null);
    }

    private static void band(Svg svg, Frame frame, Line line) {
        if (!banded(line)) {
            return;
        }
        StringBuilder path = new StringBuilder();
        for (Line.Point point : line.points()) {
            step(path, frame.px(point.x()), frame.py(upper(point)));
        }
        for (Line.Point point : line.points().reversed()) {
            step(path, frame.px(point.x()), frame.py(lower(point)));
        }
        svg.path("band " + line.tone(), path.append('Z'));
    }

    private static double upper(Line.Point point) {
        return point.interval() == null ? point.y() : point.interval().high();
    }

    private static double lower(Line.Point point) {
        return point.interval() == null ? point.y() : point.interval().low();
    }

    private static void step(StringBuilder path, double x, double y) {
        path.append(path.isEmpty() ? "M" : "L").append(at(x)).append(' ').append(at(y));
    }

    private void draw(Svg svg, Frame frame, Line line) {
        if (line.style() != Line.Style.DOTS) {
            StringBuilder path = new StringBuilder();
            for (Line.Point point : line.points()) {
                step(path, frame.px(point.x()), frame.py(point.y()));
            }
            svg.path("line " + line.tone(), path);
        }
        if (line.style() == Line.Style.PLAIN) {
            return;
        }
        for (Line.Point point : line.points()) {
            Interval interval = point.interval();
            double px = frame.px(point.x());
            if (interval != null && !banded(line)) {
                svg.line("whisker " + line.tone(), px, frame.py(interval.low()), px, frame.py(interval.high()));
            }
            svg.mark(
                    line.tone(),
                    px,
                    frame.py(point.y()),
                    3,
                    " data-x=\"%s\" data-y=\"%s\"".formatted(point.x(), point.y()),
                    "%s, %s: %s%s"
                            .formatted(
                                    line.name(),
                                    x.units().show(point.x()),
                                    y.units().show(point.y()),
                                    interval == null
                                            ? ""
                                            : " (%s: %s)".formatted(interval.what(), interval.show(y.units()))));
        }
    }

    private static void labels(Svg svg, Frame frame, List<Line> named) {
        double column = frame.right() + 12;
        for (Label label : spread(frame, named)) {
            if (Math.abs(label.placed() - label.wanted()) > 3) {
                double end = frame.px(label.line().points().getLast().x());
                StringBuilder leader = new StringBuilder();
                step(leader, end + 4, label.wanted());
                step(leader, column - 2, label.placed());
                svg.path("leader", leader);
            }
            svg.text(
                    "label " + label.line().tone(),
                    column,
                    label.placed() + 4,
                    label.line().name());
        }
    }

    /** Pushes labels apart, then the whole stack back into the picture. */
    private static List<Label> spread(Frame frame, List<Line> named) {
        List<Line> ordered = named.stream()
                .sorted(Comparator.comparingDouble(line -> frame.py(line.last())))
                .toList();
        double[] place = new double[ordered.size()];
        double free = frame.top();
        for (int i = 0; i < place.length; i++) {
            place[i] = Math.max(frame.py(ordered.get(i).last()), free);
            free = place[i] + LABEL_GAP;
        }
        double limit = frame.bottom();
        for (int i = place.length - 1; i >= 0; i--) {
            place[i] = Math.min(place[i], limit);
            limit = place[i] - LABEL_GAP;
        }
        List<Label> labels = new ArrayList<>();
        for (int i = 0; i < place.length; i++) {
            labels.add(new Label(ordered.get(i), frame.py(ordered.get(i).last()), place[i]));
        }
        return labels;
    }
}
