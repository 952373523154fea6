package dev.lizard.mixer;

/** Softmax over a window, undivided, of one head in plain loops. */
final class WindowTwin {
    private WindowTwin() {}

    /** Outputs [T][d] of q, k, v [T][d], the first token at position 0; {@code sinks} may be none. */
    static double[][] run(
            double[][] q, double[][] k, double[][] v, double[] frequencies, int window, int early, double[] sinks) {
        double sink = sinks.length == 0 ? Double.NEGATIVE_INFINITY : Plain.logSumExp(sinks);
        double[][] turnedQ = Plain.turned(q, frequencies);
        double[][] turnedK = Plain.turned(k, frequencies);
        double[][] y = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            y[t] = Plain.divided(at(t, turnedQ, turnedK, v, window, early, sink), Double.NaN);
        }
        return y;
    }

    /**
     * Numerator [d] and, last, mass of query t over keys j ≤ t with t − w < j or j < m; the maximum of scores and sink
     * is subtracted.
     *
     * @param early m
     * @param sink logit that takes part in maximum and mass, or −∞ for none
     */
    static double[] at(int t, double[][] q, double[][] k, double[][] v, int window, int early, double sink) {
        double maximum = sink;
        for (int j = 0; j <= t; j++) {
            if (seen(t, j, window, early)) {
                maximum = Math.max(maximum, score(q[t], k[j]));
            }
        }
        double[] row = new double[v[0].length + 1];
        for (int j = 0; j <= t; j++) {
            if (seen(t, j, window, early)) {
                row = Plain.plus(row, Math.exp(score(q[t], k[j]) - maximum), Plain.counted(v[j]));
            }
        }
        row[row.length - 1] += Math.exp(sink - maximum);
        return row;
    }

    private static boolean seen(int t, int j, int window, int early) {
        return t - window < j || j < early;
    }

    private static double score(double[] q, double[] k) {
        return Plain.dot(q, k) / Math.sqrt(q.length);
    }
}
