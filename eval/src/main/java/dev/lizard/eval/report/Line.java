package dev.lizard.eval.report;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A series of a chart, named beside or below it.
 *
 * @param tone CSS class that gives its colour, dash and mark
 */
record Line(String name, String tone, List<Point> points, Style style) {
    enum Style {
        /** A mark with its value to hover over at each point. */
        MARKED,
        /** A line alone, for many points. */
        PLAIN,
        /** Marks alone: a scatter plot. */
        DOTS
    }

    /** @param interval drawn as a whisker, or as a band where points are many */
    record Point(double x, double y, @Nullable Interval interval) {
        Point(double x, double y) {
            this(x, y, null);
        }
    }

    Line {
        points = List.copyOf(points);
    }

    /** With a mark at each point. */
    Line(String name, String tone, List<Point> points) {
        this(name, tone, points, Style.MARKED);
    }

    double last() {
        return points.getLast().y();
    }
}
