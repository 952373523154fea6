package dev.lizard.tensor.kernel;

/**
 * Shared memory of the kernels of {@code lizard_backward.cu}, bytes a block; must agree with its constants.
 *
 * @param width d
 * @param halfFeatures f/2, the columns of a feature map
 */
record BackwardSizes(int width, int halfFeatures) {
    /** Size of the struct that all kernels take: 44 pointers, 15 strides and 12 ints. */
    static final int PROBLEM_BYTES = 520;

    private static final int THREADS = 128;
    private static final int LEAST_STRETCH = 8;
    private static final int ROWS = LizardSizes.CHUNK;
    private static final int ONES = 1024;
    private static final int VECTORS = 2 * 6 * ROWS * Float.BYTES;

    private int rows() {
        return LizardSizes.tile(width, ROWS);
    }

    private int features() {
        return LizardSizes.tile(2 * halfFeatures, ROWS);
    }

    private int map() {
        return LizardSizes.tile(halfFeatures, width);
    }

    private int state() {
        return LizardSizes.tile(width, 2 * halfFeatures);
    }

    /** Of kernel 1. */
    int states() {
        return 3 * rows() + map() + Math.max(state(), features()) + ONES + (ROWS + 1) * Float.BYTES;
    }

    /** Of kernels 2 and 4. */
    int pairs() {
        int far = 2 * rows() + 2 * Math.max(rows(), features()) + Math.max(state(), 2 * map());
        int near = 2 * rows() + Math.max(4 * rows(), 2 * rows() + map());
        return Math.max(far, near) + VECTORS;
    }

    /** Of kernel 5. */
    int maps() {
        return 2 * (rows() + LizardSizes.tile(halfFeatures, ROWS));
    }

    /** Floats that a stretch of kernel 1 hands on: what its threads accumulate and a decay. */
    int carry() {
        return (2 * halfFeatures / 64 * (width / 2 + 4) + 1) * THREADS;
    }

    /**
     * Into how many stretches kernel 1 cuts a sequence: as many as fill the card where heads do not, if that is more than
     * the two that it costs to sum up each of them first.
     *
     * @param heads of the whole batch
     */
    int stretches(int multiprocessors, int heads, int chunks) {
        int blocks = multiprocessors * (width == 64 ? 3 : 2) / (2 * heads);
        int stretches = Math.min(blocks, chunks / LEAST_STRETCH);
        return stretches > 2 ? stretches : 1;
    }

    /** The largest. */
    int most() {
        return Math.max(states(), pairs());
    }
}
