package dev.lizard.mixer;

import java.util.Arrays;

/**
 * cos and sin of the turns of distances, for loops on the host: rows of d/2 numbers, of the first few thousand distances in
 * one table and of their multiples in another, so that memory hardly grows with the distance. Tables grow when asked to.
 */
final class HostAngles {
    /** Distances of the first table. */
    static final int NEAR = 4096;

    /** Rows of the multiples of one distance. */
    static final class Table {
        private final double[] frequencies;
        private final int step;
        private float[] cos = {};
        private float[] sin = {};

        private Table(double[] frequencies, int step) {
            this.frequencies = frequencies;
            this.step = step;
        }

        private synchronized void reach(int rows) {
            int from = cos.length;
            if (from >= rows * frequencies.length) {
                return;
            }
            cos = Arrays.copyOf(cos, Math.max(rows * frequencies.length, 2 * from));
            sin = Arrays.copyOf(sin, cos.length);
            for (int i = from; i < cos.length; i++) {
                int row = i / frequencies.length;
                double angle = (double) step * row * frequencies[i % frequencies.length];
                cos[i] = (float) Math.cos(angle);
                sin[i] = (float) Math.sin(angle);
            }
        }

        /** Copies row {@code row} to place {@code place} of [n, d/2] each. */
        void copy(int row, float[] toCos, float[] toSin, int place) {
            int half = frequencies.length;
            System.arraycopy(cos, row * half, toCos, place * half, half);
            System.arraycopy(sin, row * half, toSin, place * half, half);
        }
    }

    private final Table near;
    private final Table far;

    HostAngles(double[] frequencies) {
        near = new Table(frequencies, 1);
        far = new Table(frequencies, NEAR);
    }

    /** Makes sure of the rows of all distances up to {@code most}. */
    void reach(long most) {
        near.reach((int) Math.min(most + 1, NEAR));
        far.reach(Math.toIntExact(most / NEAR + 1));
    }

    /** Row n is distance n &lt; {@link #NEAR}. */
    Table near() {
        return near;
    }

    /** Row n is distance n times {@link #NEAR}. */
    Table far() {
        return far;
    }
}
