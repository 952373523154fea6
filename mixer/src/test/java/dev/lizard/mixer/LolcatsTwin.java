package dev.lizard.mixer;

/** One head of LoLCATs over all pairs in plain loops: no recurrence, no shared code with {@link Lolcats}. */
record LolcatsTwin(LolcatsSpec spec, double[][] queryMap, double[][] keyMap, double g) {

    /** Outputs [T][d] for q, k, v [T][d], the first token at position {@code start}. */
    double[][] run(double[][] q, double[][] k, double[][] v, double[] frequencies, long start) {
        int tokens = q.length;
        double[][] turnedQ = new double[tokens][];
        double[][] turnedK = new double[tokens][];
        for (int t = 0; t < tokens; t++) {
            turnedQ[t] = Plain.turned(q[t], frequencies, start + t);
            turnedK[t] = Plain.turned(k[t], frequencies, start + t);
        }
        double[][] outputs = new double[tokens][];
        for (int t = 0; t < tokens; t++) {
            double[] far = new double[v[0].length + 1];
            for (int j = 0; j <= t - spec.window(); j++) {
                double weight = Plain.dot(Plain.features(turnedQ[t], queryMap), Plain.features(turnedK[j], keyMap));
                far = Plain.plus(far, weight, Plain.counted(v[j]));
            }
            double[] near = WindowTwin.at(t, turnedQ, turnedK, v, spec.window(), 0, Double.NEGATIVE_INFINITY);
            outputs[t] = switch (spec.branches()) {
                case BOTH -> Plain.divided(Plain.plus(far, g, near), Double.NaN);
                case WINDOW -> Plain.divided(near, 0);
                case LINEAR -> Plain.divided(far, 0);
            };
        }
        return outputs;
    }
}
