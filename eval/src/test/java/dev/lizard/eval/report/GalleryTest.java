package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the charts draw, told by their texts and places. */
class GalleryTest {
    private static final Axis SHARE = new Axis("answers wholly right", new Scale.Linear(0, 1), Units.ROUGH_PERCENT, 4);
    private static final Axis BYTES =
            new Axis("bytes of state, log axis", Scale.Log.around(4_096, 1_048_576, 4), Units.BYTES, 6);

    @Test
    void aSmallGridPrintsItsValuesAndItsIntervals() {
        String svg = grid(5, 4, 0).svg();
        assertThat(svg).contains("data-value=\"1.0\">100 %</text>", "depth 4, 2K: 100 % (95 %: 93 to 100 %)");
        assertThat(svg)
                .contains("cell-strong", "<desc>5 rows (depth) and 4 columns (length, tokens), from 0 % to 100 %");
    }

    static HeatMap grid(int rows, int columns, double low) {
        List<List<HeatMap.Cell>> cells = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            List<HeatMap.Cell> row = new ArrayList<>();
            for (int c = 0; c < columns; c++) {
                double value = low + (1 - low) * (r * columns + c) / (rows * columns - 1.0);
                row.add(r == 1 && c == 2 ? null : new HeatMap.Cell(value, Interval.ofShare(value, 50)));
            }
            cells.add(row);
        }
        return new HeatMap(
                "Passkey",
                "depth",
                IntStream.range(0, rows).mapToObj(r -> "depth " + r).toList(),
                "length, tokens",
                IntStream.range(0, columns)
                        .mapToObj(c -> Units.LENGTH.show(256 << (c % 10)))
                        .toList(),
                cells,
                Units.ROUGH_PERCENT,
                low,
                1);
    }

    static List<Section.Block> all() {
        List<Line> dots = new ArrayList<>();
        List<Line> curves = new ArrayList<>();
        String[] tones = {
            "t-teacher",
            "t-student",
            "t-window",
            "t-linear",
            "t-transferred",
            "t-swapped",
            "t-m1",
            "t-m2",
            "t-m3",
            "t-m4",
            "t-m5",
            "t-m6"
        };
        for (int i = 0; i < 8; i++) {
            List<Line.Point> points = new ArrayList<>();
            for (int k = 0; k < 4; k++) {
                double y = Math.min(1, 0.1 * i + 0.15 * k);
                points.add(new Line.Point(4_096 * Math.pow(4, k), y, Interval.ofShare(y, 40)));
            }
            dots.add(new Line(
                    i < 7 ? "mixer " + i : "gated delta rule of a long name", tones[i], points, Line.Style.DOTS));
        }
        for (int i = 0; i < 3; i++) {
            List<Line.Point> points = new ArrayList<>();
            for (int k = 0; k < 30; k++) {
                double y = 0.5 + 0.2 * i + 0.1 * Math.sin(k / 4.0);
                points.add(new Line.Point(4_096 * Math.pow(1.2, k), y, Interval.ofShare(y, 400)));
            }
            curves.add(new Line("model " + i, tones[i], points, Line.Style.PLAIN));
        }
        List<BarChart.Bar> bars = new ArrayList<>();
        for (String group : List.of("A", "B", "C")) {
            for (int i = 0; i < 2; i++) {
                double v = 0.1 * (i + 1) * (group.equals("C") ? -1 : 1);
                bars.add(new BarChart.Bar(
                        "option " + group, "model number " + i, tones[i], v, new Interval(v - .04, v + .03)));
            }
        }
        List<Histogram.Bin> one = IntStream.range(0, 20)
                .mapToObj(i -> new Histogram.Bin(i / 20.0, (i + 1) / 20.0, Math.exp(-Math.pow(i - 12, 2) / 20.0)))
                .toList();
        List<Histogram.Bin> two = IntStream.range(0, 20)
                .mapToObj(i -> new Histogram.Bin(i / 20.0, (i + 1) / 20.0, Math.exp(-Math.pow(i - 6, 2) / 40.0)))
                .toList();
        Axis gate = new Axis("gate", new Scale.Linear(0, 1), Units.GENERAL, 5);
        Axis share = new Axis("share of heads", new Scale.Linear(0, 1), Units.ROUGH_PERCENT, 4);
        return List.of(
                new Section.Figure("Grid.", "r", grid(5, 4, 0).svg()),
                new Section.Figure("Wide grid.", "r", grid(6, 14, -1).svg()),
                new Section.Figure("Matrix.", "r", grid(64, 64, 0).svg()),
                new Section.Figure("Scatter.", "r", new LineChart("Frontier", BYTES, SHARE, dots).svg()),
                new Section.Figure("Curves.", "r", new LineChart("Curves", BYTES, SHARE, curves).svg()),
                new Section.Figure(
                        "Bars.", "r", new BarChart("Letters", "share of answers", Units.PERCENT, bars).svg()),
                new Section.Figure(
                        "Hist.",
                        "r",
                        new Histogram("Gates", gate, share, List.of(new Histogram.Series("a", "t-student", one)))
                                .svg()),
                new Section.Figure(
                        "Hists.",
                        "r",
                        new Histogram(
                                        "Gates",
                                        gate,
                                        share,
                                        List.of(
                                                new Histogram.Series("first", "t-student", one),
                                                new Histogram.Series("second", "t-window", two)))
                                .svg()));
    }

    @Test
    void aLargeMatrixStaysSmall() {
        String svg = grid(128, 128, 0).svg();
        assertThat(svg).contains("class=\"heat\"").doesNotContain("data-value");
        assertThat(svg.length()).isLessThan(40_000);
    }

    @Test
    void everyPrimitiveNamesWhatItDraws() {
        for (Section.Block block : all()) {
            String html = block.html("<p></p>");
            assertThat(html).contains("role=\"img\" aria-label=\"", "<desc>", "</svg><p></p></figure>");
            assertThat(html).doesNotContain("NaN", "Infinity", "null");
        }
    }

    @Test
    void barsBelowZeroGoToTheLeft() {
        String svg = new BarChart(
                        "t",
                        "points",
                        Units.FINE,
                        List.of(
                                new BarChart.Bar("", "a", "t-student", -1, new Interval(-1.5, -0.5)),
                                new BarChart.Bar("", "b", "t-other", 1, null)))
                .svg();
        assertThat(svg)
                .contains("class=\"bar-value end\"", "data-value=\"-1.0\">\u22121.000</text>", "class=\"error\"");
    }
}
