package dev.lizard.eval.metric;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.Efficiency;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class CrossingTest {
    private static Efficiency row(String model, long context, Double read, Double write, long bytes) {
        return new Efficiency(model, context, read, write, bytes);
    }

    /**
     * Writing: the teacher 400, 200, 100 tokens a second at 1K, 2K and 4K, so 1/400 s times context/1K; the student 150
     * everywhere. Equal at 1K · 400/150 = 2,730.67 tokens.
     */
    @Test
    void theCrossingIsWhereBothLinesInLogarithmsMeet() {
        List<Efficiency> rows = new ArrayList<>();
        for (long context : new long[] {1024, 2048, 4096}) {
            rows.add(row("teacher", context, null, 400.0 * 1024 / context, 100 * context));
            rows.add(row("student", context, null, 150.0, 250 * 1024));
        }
        List<Crossing> found = Crossing.of(rows);
        assertThat(found).extracting(Crossing::what).containsExactly("writing", "state");
        assertThat(found.getFirst().context()).isCloseTo(1024 * 400 / 150.0, Offset.offset(1e-9));
        assertThat(found.getLast().context()).isCloseTo(2.5 * 1024, Offset.offset(1e-9));
        assertThat(found.getFirst().told()).isEqualTo("student writes faster than teacher from about 2,731 tokens on");
        assertThat(found.getLast().told()).isEqualTo("student keeps less than teacher from about 2,560 tokens on");
    }

    @Test
    void cheaperFromTheStartOrNeverIsSaid() {
        List<Efficiency> rows = List.of(
                row("teacher", 1024, 100.0, 50.0, 10),
                row("teacher", 4096, 100.0, null, 40),
                row("student", 1024, 200.0, 40.0, 8),
                row("student", 4096, 150.0, 40.0, 8));
        assertThat(Crossing.of(rows).stream().map(Crossing::told))
                .containsExactly(
                        "student reads faster than teacher from the shortest length on, 1,024 tokens",
                        "student writes faster than teacher at no length up to 1,024 tokens",
                        "student keeps less than teacher from the shortest length on, 1,024 tokens");
    }

    /** Faster by chance at one length and slower after it: only what lasts counts. */
    @Test
    void onlyTheLastCrossingCounts() {
        List<Efficiency> rows = new ArrayList<>();
        double[] teacher = {100, 400, 100, 100};
        for (int i = 0; i < 4; i++) {
            rows.add(row("teacher", 1024L << i, null, teacher[i], 1024L << i));
            rows.add(row("student", 1024L << i, null, i == 0 ? 300.0 : 200.0, 1024));
        }
        Double context = Crossing.of(rows).getFirst().context();
        assertThat(context).isCloseTo(2048 * Math.sqrt(2), Offset.offset(1e-6));
    }

    @Test
    void devicesAndModelsThatGrowAlikeAreNotCompared() {
        Efficiency cpu = new Efficiency("teacher", 1024, null, 1.0, 10, "cpu", null, null, null, null);
        Efficiency longer = new Efficiency("teacher", 2048, null, 1.0, 20, "cpu", null, null, null, null);
        Efficiency cuda = new Efficiency("student", 1024, null, 9.0, 10, "cuda:0", null, null, null, null);
        assertThat(Crossing.of(List.of(cpu, longer, cuda))).isEmpty();
        assertThat(Crossing.of(List.of(row("a", 1, 1.0, 1.0, 5), row("b", 1, 1.0, 1.0, 6))))
                .isEmpty();
    }
}
