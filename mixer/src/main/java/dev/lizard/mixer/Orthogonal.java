package dev.lizard.mixer;

import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/** Random matrices whose rows have length 1 and are at right angles. */
final class Orthogonal {
    private Orthogonal() {}

    /** Normal rows, each made free of those before it, in float64: [n, n] in float32. */
    static Tensor matrix(int n, RandomStream random) {
        double[][] rows = new double[n][n];
        for (int r = 0; r < n; r++) {
            for (int c = 0; c < n; c++) {
                rows[r][c] = random.nextGaussian();
            }
            for (int pass = 0; pass < 2; pass++) { // what the first leaves by rounding
                for (int before = 0; before < r; before++) {
                    subtract(rows[r], rows[before], dot(rows[r], rows[before]));
                }
            }
            double length = Math.sqrt(dot(rows[r], rows[r]));
            subtract(rows[r], rows[r], 1 - 1 / length);
        }
        float[] flat = new float[n * n];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = (float) rows[i / n][i % n];
        }
        return Tensors.of(flat, n, n);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** a − factor b, in place. */
    private static void subtract(double[] a, double[] b, double factor) {
        for (int i = 0; i < a.length; i++) {
            a[i] -= factor * b[i];
        }
    }
}
