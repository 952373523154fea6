package dev.lizard.eval.report;

import java.util.List;

/**
 * A line of a chart, labelled at its end.
 *
 * @param tone CSS class that gives its colour and dash
 * @param marks whether each point has a mark with its value to hover over
 */
record Line(String name, String tone, List<Point> points, boolean marks) {
    record Point(double x, double y) {}

    Line {
        points = List.copyOf(points);
    }

    double last() {
        return points.getLast().y();
    }
}
