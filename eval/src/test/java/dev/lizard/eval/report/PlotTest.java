package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    @ParameterizedTest
    @CsvSource({
        "0, 1e308",
        "-1.7e308, 1.7e308",
        "1e308, 1e308",
        "5e-324, 5e-324",
        "0, 5e-324",
        "0, 0",
        "-3, -3",
        "1, 1.0000000000000002",
        "1e17, 1.0000000000000002e17",
        "-1e-300, 1e300",
        "4, 2"
    })
    void ticksAreFewAndFiniteWhateverTheNumbers(double low, double high) {
        List<Scale> scales = List.of(
                Scale.Linear.around(low, high),
                Scale.Log.around(low, high, 2),
                Scale.Log.around(low, high, 10),
                Scale.Log.tight(Math.max(1, low), high, 2));
        for (Scale scale : scales) {
            assertThat(scale.ticks(5)).hasSizeBetween(1, 16).isSorted().doesNotHaveDuplicates();
            for (double value : new double[] {low, high, 0, -1e308, 1e308, 5e-324}) {
                assertThat(scale.place(value)).isBetween(0.0, 1.0);
            }
            assertThat(scale.ticks(5))
                    .allSatisfy(tick -> assertThat(scale.place(tick)).isBetween(0.0, 1.0));
        }
    }

    @Test
    void theEndOfALogarithmicAxisIsLabelled() {
        assertThat(Scale.Log.tight(64, 510, 2).ticks(6)).containsExactly(64.0, 128.0, 256.0, 510.0);
        assertThat(Scale.Log.tight(64, 2_100, 2).ticks(6)).endsWith(1_024.0, 2_100.0);
        assertThat(Scale.Log.around(1, 1e12, 10).ticks(5)).endsWith(1e12);
    }

    @Test
    void intervalsOfSharesAreWilsons() {
        Interval five = Interval.ofShare(1 / 20.0, 20);
        assertThat(five.low()).isCloseTo(0.0089, Offset.offset(1e-4));
        assertThat(five.high()).isCloseTo(0.2361, Offset.offset(1e-4));
        assertThat(Interval.ofShare(1, 20).showShare()).isEqualTo("84 to 100 %");
        assertThat(Interval.ofMean(0.6812, 0.0109).show(Units.FINE)).isEqualTo("0.660 to 0.703");
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
        assertThat(Units.LENGTH.show(0.25)).isEqualTo("0.25");
        assertThat(Units.FINE.show(1e308)).isEqualTo("1.00e+308");
        assertThat(Units.COUNT.show(1e300)).isEqualTo("1.00e+291 G");
        assertThat(Units.GENERAL.show(0.00041)).isEqualTo("4.1e\u221204");
    }

    @Test
    void labelsOfLinesThatEndTogetherDoNotOverlap() {
        List<Line> lines = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            lines.add(new Line(
                    "model " + i, "t-other", List.of(new Line.Point(1, 1), new Line.Point(10, 1 + 0.001 * i))));
        }
        Axis axis = new Axis("x", Scale.Linear.around(0, 10), Units.GENERAL, 5);
        String svg = new LineChart("t", axis, axis, lines).svg();
        Matcher label =
                Pattern.compile("<text class=\"label[^>]* y=\"([\\d.]+)\"").matcher(svg);
        List<Double> places = new ArrayList<>();
        while (label.find()) {
            places.add(Double.parseDouble(label.group(1)));
        }
        assertThat(places).hasSize(7);
        for (int i = 1; i < places.size(); i++) {
            assertThat(places.get(i) - places.get(i - 1)).isGreaterThanOrEqualTo(14);
        }
    }
}
