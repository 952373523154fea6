package dev.lizard.eval.report;

import dev.lizard.eval.result.ResultSet;
import java.util.List;

/** Ranges and drawing that the line charts of all sections share. */
final class LineCharts {
    private LineCharts() {}

    static Scale linear(List<Line> lines) {
        double low = Double.MAX_VALUE;
        double high = -Double.MAX_VALUE;
        for (Line line : lines) {
            for (Line.Point point : line.points()) {
                low = Math.min(low, point.y());
                high = Math.max(high, point.y());
            }
        }
        return Scale.Linear.around(low, high);
    }

    /** Whether a linear axis would press most of what is there into its lower quarter. */
    static boolean wide(List<Line> lines) {
        double[] values = lines.stream()
                .flatMap(line -> line.points().stream())
                .mapToDouble(Line.Point::y)
                .sorted()
                .toArray();
        return values.length > 0 && values[0] > 0 && 4 * values[values.length / 2] < values[values.length - 1];
    }

    static Scale logX(List<Line> lines) {
        double low = Double.MAX_VALUE;
        double high = 2;
        for (Line line : lines) {
            for (Line.Point point : line.points()) {
                low = Math.min(low, point.x());
                high = Math.max(high, point.x());
            }
        }
        return Scale.Log.tight(Math.max(1, Math.min(low, high)), high, 2);
    }

    static Scale logY(List<Line> lines, int base) {
        double low = Double.MAX_VALUE;
        double high = Double.MIN_NORMAL;
        for (Line line : lines) {
            for (Line.Point point : line.points()) {
                if (point.y() > 0) {
                    low = Math.min(low, point.y());
                    high = Math.max(high, point.y());
                }
            }
        }
        return Scale.Log.around(Math.min(low, high), high, base);
    }

    /** With the length that the teacher was trained on marked where the x axis is one of positions or lengths. */
    static String draw(String title, Axis x, Axis y, List<Line> lines, ResultSet results) {
        Double trained =
                results.trainedLength() == null ? null : results.trainedLength().doubleValue();
        return new LineChart(title, x, y, lines, trained, "teacher's trained length").svg();
    }
}
