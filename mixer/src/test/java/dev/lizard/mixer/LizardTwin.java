package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;

/**
 * One head of Lizard, token by token in plain loops, from its description in {@link LizardSpec}.
 *
 * @param gateWeight W_γ [D]
 * @param share g, b or α, by variant
 */
record LizardTwin(
        LizardSpec spec,
        double[][] queryMap,
        double[][] keyMap,
        double[] gateWeight,
        double gateBias,
        double[] sinks,
        double share) {

    /** Outputs [T][d] for x [T][D] and q, k, v [T][d], the first token at position 0. */
    double[][] run(double[][] x, double[][] q, double[][] k, double[][] v, double[] frequencies) {
        boolean rope = spec.variant() != Variant.LITERAL;
        double[][] turnedQ = rope ? Plain.turned(q, frequencies) : q;
        double[][] turnedK = rope ? Plain.turned(k, frequencies) : k;
        double sink = sinks.length == 0 ? Double.NEGATIVE_INFINITY : Plain.logSumExp(sinks);
        int lag = spec.variant() == Variant.JOINT ? spec.window() : 0;
        MatrixMemoryTwin memory = new MatrixMemoryTwin(new double[2 * spec.features()][v[0].length + 1]);
        double[][] outputs = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            memory.decay(Plain.sigmoid(Plain.dot(gateWeight, x[t]) + gateBias));
            if (t - lag >= (lag == 0 ? 0 : spec.first())) {
                memory.write(Plain.features(k[t - lag], keyMap), Plain.counted(v[t - lag]));
            }
            double[] far = memory.read(Plain.features(q[t], queryMap));
            double[] early = rope ? WindowTwin.limited(q[t], t, spec.exact().limit(), frequencies) : q[t];
            double[] near = WindowTwin.at(t, turnedQ[t], early, turnedK, v, spec.window(), spec.first(), sink);
            outputs[t] = join(far, near);
        }
        return outputs;
    }

    private double[] join(double[] far, double[] near) {
        if (spec.branches() == Branches.WINDOW) {
            return Plain.divided(near, 0);
        }
        if (spec.branches() == Branches.LINEAR) {
            return Plain.divided(far, 0);
        }
        double[] anchor = Plain.divided(near, Double.NaN);
        return switch (spec.variant()) {
            case JOINT -> Plain.divided(Plain.plus(far, share, near), Double.NaN);
            case SUM -> {
                double[] linear = Plain.divided(far, Double.NaN);
                yield Plain.plus(anchor, share, Plain.plus(linear, -1, anchor));
            }
            case LITERAL -> Plain.plus(Plain.divided(far, Double.NaN), share, anchor);
        };
    }
}
