package dev.lizard.mixer;

/** {@code M_t = G_t ∘ M_{t−1} + k_tᵀ v_t, o_t = q_t M_t} of one head in plain loops, token by token. */
final class MatrixMemoryTwin {
    private final double[][] memory;

    /** @param memory M_0 [f][e], which is changed */
    MatrixMemoryTwin(double[][] memory) {
        this.memory = memory;
    }

    /** Multiplies row r by gates[r], or by gates[0] where there is only one. */
    void decay(double... gates) {
        for (int r = 0; r < memory.length; r++) {
            for (int c = 0; c < memory[r].length; c++) {
                memory[r][c] *= gates[gates.length == 1 ? 0 : r];
            }
        }
    }

    void write(double[] k, double[] v) {
        for (int r = 0; r < memory.length; r++) {
            for (int c = 0; c < memory[r].length; c++) {
                memory[r][c] += k[r] * v[c];
            }
        }
    }

    double[] read(double[] q) {
        double[] o = new double[memory[0].length];
        for (int r = 0; r < memory.length; r++) {
            for (int c = 0; c < o.length; c++) {
                o[c] += q[r] * memory[r][c];
            }
        }
        return o;
    }

    /** All outputs [T][e] for q, k [T][f], v [T][e] and gates [T][f], [T][1], or null for none. */
    double[][] run(double[][] q, double[][] k, double[][] v, double[] @org.jspecify.annotations.Nullable [] gates) {
        double[][] outputs = new double[q.length][];
        for (int t = 0; t < q.length; t++) {
            if (gates != null) {
                decay(gates[t]);
            }
            write(k[t], v[t]);
            outputs[t] = read(q[t]);
        }
        return outputs;
    }
}
