package dev.lizard.eval.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A line of a chart, labelled at its end.
 *
 * @param tone CSS class that gives its colour and dash
 * @param marks whether each point has a mark with its value to hover over
 */
record Line(String name, String tone, List<Point> points, boolean marks) {
    /** @param interval drawn as a whisker, where it is known */
    record Point(double x, double y, @Nullable Interval interval) {
        Point(double x, double y) {
            this(x, y, null);
        }
    }

    Line {
        points = List.copyOf(points);
    }

    double last() {
        return points.getLast().y();
    }
}
