package dev.lizard.mixer;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/** Plain Java arrays and the small formulas that the naive twins share. Vectors are rows. */
final class Plain {
    private Plain() {}

    /** The matrix at (i, j) of a tensor [I, J, rows, columns]. */
    static double[][] matrix(Tensor tensor, long i, long j) {
        return matrix(tensor.select(0, i).select(0, j));
    }

    static double[][] matrix(Tensor tensor) {
        try (Scope scope = Scope.open()) {
            int rows = (int) tensor.size(0);
            int columns = (int) tensor.size(1);
            double[] flat = tensor.doubles();
            double[][] matrix = new double[rows][columns];
            for (int r = 0; r < rows; r++) {
                System.arraycopy(flat, r * columns, matrix[r], 0, columns);
            }
            return matrix;
        }
    }

    /** Matrices [I][J][rows][columns] as a float64 tensor. */
    static Tensor tensor(double[][][][] values) {
        int rows = values[0][0].length;
        int columns = values[0][0][0].length;
        double[] flat = new double[values.length * values[0].length * rows * columns];
        int at = 0;
        for (double[][][] outer : values) {
            for (double[][] matrix : outer) {
                for (double[] row : matrix) {
                    System.arraycopy(row, 0, flat, at, columns);
                    at += columns;
                }
            }
        }
        return Tensors.of(flat, values.length, values[0].length, rows, columns);
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** log Σ exp. */
    static double logSumExp(double[] logits) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit);
        }
        return Math.log(sum);
    }

    /** x turned by position · frequency in each pair (i, i + d/2). */
    static double[] turned(double[] x, double[] frequencies, long position) {
        int half = frequencies.length;
        double[] y = new double[2 * half];
        for (int i = 0; i < half; i++) {
            double cos = Math.cos(position * frequencies[i]);
            double sin = Math.sin(position * frequencies[i]);
            y[i] = x[i] * cos - x[i + half] * sin;
            y[i + half] = x[i + half] * cos + x[i] * sin;
        }
        return y;
    }

    /** Rows turned by their own positions, the first at 0. */
    static double[][] turned(double[][] x, double[] frequencies) {
        double[][] y = new double[x.length][];
        for (int t = 0; t < x.length; t++) {
            y[t] = turned(x[t], frequencies, t);
        }
        return y;
    }

    /** Hedgehog: softmax(x W) and softmax(−x W), not below 1e-12; map [d][f/2]. */
    static double[] features(double[] x, double[][] map) {
        int half = map[0].length;
        double[] z = new double[half];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < half; j++) {
                z[j] += x[i] * map[i][j];
            }
        }
        double positive = 0;
        double negative = 0;
        for (double value : z) {
            positive += Math.exp(value);
            negative += Math.exp(-value);
        }
        double[] features = new double[2 * half];
        for (int j = 0; j < half; j++) {
            features[j] = Math.max(1e-12, Math.exp(z[j]) / positive);
            features[j + half] = Math.max(1e-12, Math.exp(-z[j]) / negative);
        }
        return features;
    }

    /** v with a one appended. */
    static double[] counted(double[] v) {
        double[] counted = java.util.Arrays.copyOf(v, v.length + 1);
        counted[v.length] = 1;
        return counted;
    }

    /** Numerator and mass, side by side in a row, divided; {@code otherwise} where the mass is zero. */
    static double[] divided(double[] row, double otherwise) {
        int width = row.length - 1;
        double[] y = new double[width];
        for (int i = 0; i < width; i++) {
            y[i] = row[width] == 0 ? otherwise : row[i] / row[width];
        }
        return y;
    }

    /** a + factor b. */
    static double[] plus(double[] a, double factor, double[] b) {
        double[] sum = a.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += factor * b[i];
        }
        return sum;
    }
}
