package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Against plain loops in float64 and their differences. */
@ExtendWith(LiveTensors.class)
class DistancesTest {
    private static final int ROWS = 6;
    private static final int WIDTH = 5;
    private static final double STEP = 1e-6;

    @FunctionalInterface
    private interface Naive {
        double of(double[] a, double[] b);
    }

    private static double length(double[] a, double[] b, int width) {
        double sum = 0;
        for (int row = 0; row < a.length / width; row++) {
            double squares = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                squares += (a[i] - b[i]) * (a[i] - b[i]);
            }
            sum += Math.sqrt(squares);
        }
        return sum * width / a.length;
    }

    private static double crossEntropy(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum -= b[i] * Math.log(a[i]);
        }
        return sum / ROWS;
    }

    private static double[] rows(int seed) {
        RandomStream random = new RandomStream(seed);
        double[] rows = new double[ROWS * WIDTH];
        for (int row = 0; row < ROWS; row++) {
            double sum = 0;
            for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                rows[i] = 0.05 + random.nextDouble();
                sum += rows[i];
            }
            for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
                rows[i] /= sum;
            }
        }
        return rows;
    }

    private static void same(Distances actual, Naive naive, double[] a, double[] b) {
        assertThat(actual.value().item()).isCloseTo(naive.of(a, b), within(1e-12));
        double[] gradient = actual.gradient().doubles();
        for (int i = 0; i < a.length; i++) {
            double[] up = a.clone();
            double[] down = a.clone();
            up[i] += STEP;
            down[i] -= STEP;
            assertThat(gradient[i])
                    .as("gradient %d", i)
                    .isCloseTo((naive.of(up, b) - naive.of(down, b)) / (2 * STEP), within(1e-7));
        }
    }

    @Test
    void lengthsOverOneAxisAndOverTwo() {
        double[] a = rows(1);
        double[] b = rows(2);
        try (Scope work = Scope.open()) {
            same(
                    Distances.length(Tensors.of(a, 2, 3, WIDTH), Tensors.of(b, 2, 3, WIDTH), 1),
                    (x, y) -> length(x, y, WIDTH),
                    a,
                    b);
            same(
                    Distances.length(Tensors.of(a, 2, 3, WIDTH), Tensors.of(b, 2, 3, WIDTH), 2),
                    (x, y) -> length(x, y, 3 * WIDTH),
                    a,
                    b);
        }
    }

    @Test
    void whatIsEqualHasNoDirection() {
        try (Scope work = Scope.open()) {
            Distances none = Distances.length(Tensors.of(rows(1), 6, WIDTH), Tensors.of(rows(1), 6, WIDTH), 1);
            assertThat(none.value().item()).isZero();
            assertThat(none.gradient().doubles()).containsOnly(0.0);
        }
    }

    @Test
    void crossEntropyOfRows() {
        double[] a = rows(3);
        double[] b = rows(4);
        try (Scope work = Scope.open()) {
            same(
                    Distances.crossEntropy(Tensors.of(a, ROWS, WIDTH), Tensors.of(b, ROWS, WIDTH)),
                    DistancesTest::crossEntropy,
                    a,
                    b);
        }
    }

    @Test
    void whatTheStudentDoesNotSeeCostsMuchAndHasNoGradient() {
        double[] a = {0, 1};
        double[] b = {0.5, 0.5};
        try (Scope work = Scope.open()) {
            Distances found = Distances.crossEntropy(Tensors.of(a, 1, 2), Tensors.of(b, 1, 2));
            assertThat(found.value().item()).isCloseTo(-0.5 * Math.log(1e-12), within(1e-9));
            assertThat(found.gradient().doubles()).containsExactly(-0.0, -0.5);
        }
    }
}
