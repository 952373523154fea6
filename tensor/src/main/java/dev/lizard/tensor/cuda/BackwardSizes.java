package dev.lizard.tensor.cuda;

/**
 * Shared memory of the kernels of {@code lizard_backward.cu}, bytes a block; must agree with its constants.
 *
 * @param width d
 * @param half F, half of the features
 */
record BackwardSizes(int width, int half) {
    /** Size of the struct that all kernels take: 40 pointers, 15 strides, 10 ints. */
    static final int PROBLEM_BYTES = 480;

    private static final int PANEL = 64;
    private static final int PANEL_ROW_BYTES = 128;
    private static final int ROWS = LizardSizes.CHUNK;
    private static final int ONES = 1024;
    private static final int VECTORS = 2 * 6 * ROWS * Float.BYTES;

    private static int tile(int rows, int columns) {
        return Math.ceilDiv(columns, PANEL) * rows * PANEL_ROW_BYTES;
    }

    private int rows() {
        return tile(ROWS, width);
    }

    private int features() {
        return tile(ROWS, 2 * half);
    }

    private int map() {
        return tile(width, half);
    }

    private int state() {
        return tile(2 * half, width);
    }

    /** Of kernel 1. */
    int states() {
        return 3 * rows() + map() + Math.max(state(), features()) + ONES + (ROWS + 1) * Float.BYTES;
    }

    /** Of kernels 2 and 3. */
    int pairs() {
        int far = 2 * rows() + 2 * Math.max(rows(), features()) + Math.max(state(), 2 * map());
        int near = 2 * rows() + Math.max(4 * rows(), 2 * rows() + map());
        return Math.max(far, near) + VECTORS;
    }

    /** Of kernel 4. */
    int maps() {
        return 2 * (rows() + tile(ROWS, half));
    }

    /** The largest. */
    int most() {
        return Math.max(states(), pairs());
    }
}
