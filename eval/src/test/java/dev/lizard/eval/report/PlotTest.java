package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PlotTest {
    @Test
    void linearScalesEndOnRoundTicks() {
        Scale.Linear scale = Scale.Linear.around(1.03, 2.47);
        assertThat(scale.low()).isCloseTo(1.0, Offset.offset(1e-9));
        assertThat(scale.high()).isBetween(2.47, 2.6 + 1e-9);
        assertThat(scale.place(scale.low())).isZero();
        assertThat(scale.place(scale.high())).isEqualTo(1);
        assertThat(scale.ticks(5)).hasSizeBetween(4, 9).isSorted();
        assertThat(Scale.Linear.around(0.02, 3).low()).isZero();
        assertThat(Scale.Linear.around(5, 5).ticks(5)).isNotEmpty();
    }

    @Test
    void logarithmicScalesPlacePowersEvenly() {
        Scale.Log scale = Scale.Log.around(3, 800, 10);
        assertThat(scale.ticks(5)).containsExactly(1.0, 10.0, 100.0, 1_000.0);
        assertThat(scale.place(10)).isCloseTo(1 / 3.0, Offset.offset(1e-12));
        assertThat(Scale.Log.tight(64, 65_536, 2).ticks(6))
                .hasSizeLessThanOrEqualTo(6)
                .startsWith(64.0);
    }

    @Test
    void numbersAreShort() {
        assertThat(Units.BYTES.show(1_572_864)).isEqualTo("1.5 MiB");
        assertThat(Units.BYTES.show(512)).isEqualTo("512 B");
        assertThat(Units.COUNT.show(3_899)).isEqualTo("3.9 k");
        assertThat(Units.LENGTH.show(65_536)).isEqualTo("64K");
        assertThat(Units.LENGTH.show(1_000)).isEqualTo("1,000");
        assertThat(Units.PERCENT.show(0.9444)).isEqualTo("94.4 %");
        assertThat(Units.FINE.show(-0.5)).isEqualTo("\u22120.500");
        assertThat(Units.FINE.show(Double.NaN)).isEqualTo("\u2013");
        assertThat(Units.GENERAL.show(0.00041)).isEqualTo("4.1e\u221204");
    }

    @Test
    void labelsOfLinesThatEndTogetherDoNotOverlap() {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            lines.add(new Line(
                    "model " + i, "t-other", List.of(new Line.Point(1, 1), new Line.Point(10, 1 + 0.001 * i)), true));
        }
        Axis axis = new Axis("x", Scale.Linear.around(0, 10), Units.GENERAL, 5);
        String svg = new LineChart("t", axis, axis, lines, null, "").svg();
        Matcher label =
                Pattern.compile("<text class=\"label[^>]* y=\"([\\d.]+)\"").matcher(svg);
        List<Double> places = new ArrayList<>();
        while (label.find()) {
            places.add(Double.parseDouble(label.group(1)));
        }
        assertThat(places).hasSize(8);
        for (int i = 1; i < places.size(); i++) {
            assertThat(places.get(i) - places.get(i - 1)).isGreaterThanOrEqualTo(14);
        }
    }
}
