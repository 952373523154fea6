package dev.lizard.mixer;

import dev.lizard.mixer.KvCacheSpec.Policy;
import java.util.ArrayList;
import java.util.List;

/** The query heads of one key head with a bounded cache, token by token over a list of who is held. */
record KvCacheTwin(KvCacheSpec spec, double[] frequencies) {
    /** Outputs [R][T][d] of the queries [R][T][d] that share k and v [T][d]. */
    double[][][] run(double[][][] q, double[][] k, double[][] v) {
        double[][][] y = new double[q.length][k.length][];
        double[] worth = new double[k.length];
        List<Integer> held = new ArrayList<>();
        for (int t = 0; t < k.length; t++) {
            held.add(t);
            if (held.size() > spec.fills()) {
                held.remove(Integer.valueOf(worst(held, worth, t)));
            }
            double[] paid = new double[k.length];
            for (int r = 0; r < q.length; r++) {
                double[] p = weights(q[r][t], k, held, t);
                double[] row = new double[v[0].length];
                for (int i = 0; i < p.length; i++) {
                    int j = held.get(i);
                    row = Plain.plus(row, p[i], value(v[j]));
                    paid[j] += p[i];
                }
                y[r][t] = row;
            }
            for (int j : held) {
                worth[j] = spec.policy() == Policy.H2O ? worth[j] + paid[j] : paid[j];
            }
        }
        return y;
    }

    private int worst(List<Integer> held, double[] worth, int t) {
        int worst = -1;
        for (int j : held) {
            boolean open = j >= spec.first() && j <= t - spec.window();
            if (open && (worst < 0 || worth[j] < worth[worst])) {
                worst = j;
            }
        }
        return worst;
    }

    private double[] weights(double[] q, double[][] k, List<Integer> held, int t) {
        double[] exp = new double[held.size()];
        double sum = 0;
        for (int i = 0; i < exp.length; i++) {
            int j = held.get(i);
            boolean far = spec.limit() > 0 && t - j > spec.limit();
            double[] key = Plain.turned(value(k[j]), frequencies, far ? 0 : j);
            double[] query = Plain.turned(q, frequencies, far ? spec.limit() : t);
            exp[i] = Math.exp(Plain.dot(query, key) / Math.sqrt(q.length));
            sum += exp[i];
        }
        for (int i = 0; i < exp.length; i++) {
            exp[i] /= sum;
        }
        return exp;
    }

    private double[] value(double[] x) {
        return spec.type() == SlotType.INT8 ? ExactTwin.rounded(x) : x;
    }
}
