package dev.lizard.mixer;

/** Softmax over a window, undivided, of one head in plain loops. */
final class WindowTwin {
    private WindowTwin() {}

    /**
     * Numerator [d] and, last, mass of query t over keys j with t − w < j ≤ t; the maximum of scores and sink is
     * subtracted.
     *
     * @param sink logit that takes part in maximum and mass, or −∞ for none
     */
    static double[] at(int t, double[][] q, double[][] k, double[][] v, int window, double sink) {
        int first = Math.max(0, t - window + 1);
        double maximum = sink;
        for (int j = first; j <= t; j++) {
            maximum = Math.max(maximum, score(q[t], k[j]));
        }
        double[] row = new double[v[0].length + 1];
        for (int j = first; j <= t; j++) {
            row = Plain.plus(row, Math.exp(score(q[t], k[j]) - maximum), Plain.counted(v[j]));
        }
        row[row.length - 1] += Math.exp(sink - maximum);
        return row;
    }

    private static double score(double[] q, double[] k) {
        return Plain.dot(q, k) / Math.sqrt(q.length);
    }
}
