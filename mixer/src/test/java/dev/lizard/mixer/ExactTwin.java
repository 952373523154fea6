package dev.lizard.mixer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * One head of exact memory, token by token in plain loops over a sorted list of slots, from its description in {@link
 * ExactSlots} and {@link SlotScore}. With a {@link LizardTwin} what is lost goes to that one's memory.
 *
 * @param sinks logits of the head, or none
 * @param far or null for none
 */
record ExactTwin(
        LizardSpec spec,
        Map<String, double[][]> score,
        double[] sinks,
        @org.jspecify.annotations.Nullable LizardTwin far,
        double[] frequencies) {
    private record Slot(int token, double score, double[] key, double[] value) {}

    /** The parameters of the score as matrices, vectors as one row. */
    static Map<String, double[][]> score(Map<String, dev.lizard.tensor.Tensor> parameters) {
        return Map.of(
                "w1",
                Plain.matrix(MixerSpec.need(parameters, SlotScore.IN_WEIGHT)),
                "b1",
                new double[][] {MixerSpec.need(parameters, SlotScore.IN_BIAS).doubles()},
                "w2",
                Plain.matrix(MixerSpec.need(parameters, SlotScore.OUT_WEIGHT)),
                "b2",
                new double[][] {MixerSpec.need(parameters, SlotScore.OUT_BIAS).doubles()});
    }

    /** r of a token for key head g. */
    double score(int g, double[] x, double[][][] keys, double[][][] values, int token) {
        List<Double> u = new ArrayList<>();
        for (double value : x) {
            u.add(value);
        }
        for (double[][][] part : new double[][][][] {keys, values}) {
            for (double[][] head : part) {
                for (double value : head[token]) {
                    u.add(value);
                }
            }
        }
        double square = u.stream().mapToDouble(a -> a * a).sum() / u.size();
        double r = need("b2")[0][g];
        for (int n = 0; n < need("w1").length; n++) {
            double z = need("b1")[0][n];
            for (int i = 0; i < u.size(); i++) {
                z += need("w1")[n][i] * u.get(i) / Math.sqrt(square + 1e-6);
            }
            r += need("w2")[g][n] * z * Plain.sigmoid(z);
        }
        return r;
    }

    private double[][] need(String name) {
        return java.util.Objects.requireNonNull(score.get(name));
    }

    /** Outputs [T][d] of a query head of key head {@code g}. */
    double[][] run(int g, double[][] x, double[][] q, double[][][] keys, double[][][] values) {
        double[] r = new double[q.length];
        for (int t = 0; t < q.length && spec.exact().slots() > 0; t++) {
            double h = spec.exact().halfLife();
            double own = spec.exact().learned()
                    ? Math.rint(64 * score(g, x[t], keys, values, t)) / 64
                    : RuleTwin.score(spec, g, keys[g], t);
            r[t] = own + (h == 0 ? 0 : t * Math.log(2) / h);
        }
        return run(r, x, q, keys[g], values[g]);
    }

    /** The same with given scores. */
    double[][] run(double[] r, double[][] x, double[][] q, double[][] k, double[][] v) {
        int w = spec.window();
        List<Slot> slots = new ArrayList<>();
        MatrixMemoryTwin memory = new MatrixMemoryTwin(new double[2 * spec.features()][v[0].length + 1]);
        double[][] y = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            if (far != null) {
                memory.decay(Plain.sigmoid(Plain.dot(far.gateWeight(), x[t]) + far.gateBias()));
            }
            if (t - w >= spec.first()) {
                int j = t - w;
                boolean whole = spec.exact().slots() > 0 && spec.exact().type() == SlotType.INT8;
                slots.add(new Slot(j, r[j], whole ? rounded(k[j]) : k[j], whole ? rounded(v[j]) : v[j]));
                slots.sort(Comparator.comparingDouble(Slot::score)
                        .thenComparing(Slot::token)
                        .reversed());
                if (slots.size() > spec.exact().slots()) {
                    Slot lost = slots.removeLast();
                    if (far != null) {
                        memory.write(Plain.features(lost.key, far.keyMap()), Plain.counted(lost.value));
                    }
                }
            }
            List<Double> logits = new ArrayList<>();
            List<double[]> read = new ArrayList<>();
            for (int j = 0; j <= t; j++) {
                if (t - j < w) {
                    logits.add(logit(q[t], t, k[j], j));
                    read.add(v[j]);
                } else if (j < spec.first()) {
                    logits.add(logit(q[t], limited(t), k[j], j));
                    read.add(v[j]);
                }
            }
            for (Slot slot : slots) {
                logits.add(logit(q[t], limited(t - slot.token), slot.key, 0));
                read.add(slot.value);
            }
            y[t] = joined(logits, read, far == null ? null : memory.read(Plain.features(q[t], far.queryMap())));
        }
        return y;
    }

    private int limited(int distance) {
        int limit = spec.exact().limit();
        return limit == 0 ? distance : Math.min(limit, distance);
    }

    private double logit(double[] q, int at, double[] k, int there) {
        return Plain.dot(Plain.turned(q, frequencies, at), Plain.turned(k, frequencies, there)) / Math.sqrt(q.length);
    }

    private double[] joined(
            List<Double> logits, List<double[]> read, double @org.jspecify.annotations.Nullable [] rest) {
        double sink = sinks.length == 0 ? Double.NEGATIVE_INFINITY : Plain.logSumExp(sinks);
        double top = Math.max(sink, logits.stream().mapToDouble(a -> a).max().orElseThrow());
        double[] row = new double[read.getFirst().length + 1];
        for (int i = 0; i < logits.size(); i++) {
            row = Plain.plus(row, Math.exp(logits.get(i) - top), Plain.counted(read.get(i)));
        }
        row[row.length - 1] += Math.exp(sink - top);
        if (rest == null) {
            return Plain.divided(row, Double.NaN);
        }
        return switch (spec.branches()) {
            case BOTH ->
                Plain.divided(
                        Plain.plus(rest, java.util.Objects.requireNonNull(far).share(), row), Double.NaN);
            case WINDOW -> Plain.divided(row, Double.NaN);
            case LINEAR -> Plain.divided(rest, 0);
        };
    }

    /** To whole numbers of at most 127 and back. */
    static double[] rounded(double[] x) {
        double most = 0;
        for (double value : x) {
            most = Math.max(most, Math.abs(value));
        }
        double[] y = new double[x.length];
        for (int i = 0; i < x.length && most > 0; i++) {
            double scale = most / 127;
            y[i] = Math.max(-127, Math.min(127, Math.rint(x[i] / scale))) * scale;
        }
        return y;
    }
}
