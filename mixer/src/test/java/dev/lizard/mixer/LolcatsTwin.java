package dev.lizard.mixer;

/** One head of LoLCATs over all pairs in plain loops: no recurrence, no shared code with {@link LolcatsSpec}. */
record LolcatsTwin(LolcatsSpec spec, double[][] queryMap, double[][] keyMap, double g) {

    /** Outputs [T][d] for q, k, v [T][d], the first token at position 0. */
    double[][] run(double[][] q, double[][] k, double[][] v, double[] frequencies) {
        double[][] turnedQ = Plain.turned(q, frequencies);
        double[][] turnedK = Plain.turned(k, frequencies);
        double[][] outputs = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            double[] far = new double[v[0].length + 1];
            for (int j = spec.first(); j <= t - spec.window(); j++) {
                double weight = Plain.dot(Plain.features(turnedQ[t], queryMap), Plain.features(turnedK[j], keyMap));
                far = Plain.plus(far, weight, Plain.counted(v[j]));
            }
            double[] early = WindowTwin.limited(q[t], t, spec.limit(), frequencies);
            double[] near = WindowTwin.at(
                    t, turnedQ[t], early, turnedK, v, spec.window(), spec.first(), Double.NEGATIVE_INFINITY);
            outputs[t] = switch (spec.branches()) {
                case BOTH -> Plain.divided(Plain.plus(far, g, near), Double.NaN);
                case WINDOW -> Plain.divided(near, 0);
                case LINEAR -> Plain.divided(far, 0);
            };
        }
        return outputs;
    }
}
