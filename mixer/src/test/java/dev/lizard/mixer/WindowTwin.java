package dev.lizard.mixer;

/** Softmax over a window, undivided, of one head in plain loops. */
final class WindowTwin {
    private WindowTwin() {}

    /** Outputs [T][d] of q, k, v [T][d], the first token at position 0; {@code sinks} may be none. */
    static double[][] run(
            double[][] q, double[][] k, double[][] v, double[] frequencies, int window, int early, double[] sinks) {
        return run(q, k, v, frequencies, window, early, sinks, 0);
    }

    /** The same with first tokens read no farther away than {@code limit}, if that is above 0. */
    static double[][] run(
            double[][] q,
            double[][] k,
            double[][] v,
            double[] frequencies,
            int window,
            int early,
            double[] sinks,
            int limit) {
        double sink = sinks.length == 0 ? Double.NEGATIVE_INFINITY : Plain.logSumExp(sinks);
        double[][] turnedQ = Plain.turned(q, frequencies);
        double[][] turnedK = Plain.turned(k, frequencies);
        double[][] y = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] far = limited(q[t], t, limit, frequencies);
            y[t] = Plain.divided(at(t, turnedQ[t], far, turnedK, v, window, early, sink), Double.NaN);
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
        return at(t, q[t], q[t], k, v, window, early, sink);
    }

    /** The same of a query as it meets the window, and as it meets first tokens outside it. */
    static double[] at(
            int t, double[] near, double[] far, double[][] k, double[][] v, int window, int early, double sink) {
        double maximum = sink;
        for (int j = 0; j <= t; j++) {
            if (seen(t, j, window, early)) {
                maximum = Math.max(maximum, score(j > t - window ? near : far, k[j]));
            }
        }
        double[] row = new double[v[0].length + 1];
        for (int j = 0; j <= t; j++) {
            if (seen(t, j, window, early)) {
                double score = score(j > t - window ? near : far, k[j]);
                row = Plain.plus(row, Math.exp(score - maximum), Plain.counted(v[j]));
            }
        }
        row[row.length - 1] += Math.exp(sink - maximum);
        return row;
    }

    /** A query at {@code t} as first tokens meet it. */
    static double[] limited(double[] q, int t, int limit, double[] frequencies) {
        return Plain.turned(q, frequencies, limit == 0 ? t : Math.min(t, limit));
    }

    private static boolean seen(int t, int j, int window, int early) {
        return t - window < j || j < early;
    }

    private static double score(double[] q, double[] k) {
        return Plain.dot(q, k) / Math.sqrt(q.length);
    }
}
