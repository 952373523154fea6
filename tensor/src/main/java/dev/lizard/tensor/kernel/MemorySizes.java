package dev.lizard.tensor.kernel;

/**
 * Sizes the kernels of {@code memory.cu} are compiled for, and their shared memory in bytes a block; must agree with
 * its constants.
 *
 * @param width d, columns of the memory
 * @param features f, its rows
 * @param byRow whether each row has a gate of its own
 */
record MemorySizes(int width, int features, boolean byRow) {
    /** Size of the struct that all kernels take: 21 pointers, 12 strides, 6 ints. */
    static final int PROBLEM_BYTES = 288;

    /** Features that a kernel works on at once. */
    static final int PART = 64;

    private static final int CHUNK = LizardSizes.CHUNK;
    private static final int MOST_FEATURES = 256;
    private static final int SUB = 16;
    private static final int ONES = 1024;
    private static final int SUMS = CHUNK * Float.BYTES;
    private static final int VECTORS = (9 * CHUNK + 8) * Float.BYTES;

    /** Whether there are kernels for these. */
    boolean served() {
        return (width == 64 || width == 128) && features > 0 && features % PART == 0 && features <= MOST_FEATURES;
    }

    /** Blocks that share the features of a head. */
    int parts() {
        return features / PART;
    }

    private int rows() {
        return LizardSizes.tile(width, CHUNK);
    }

    private static int part() {
        return LizardSizes.tile(PART, CHUNK);
    }

    private int gates() {
        return byRow ? CHUNK * (PART + 4) * Float.BYTES : 0;
    }

    /** Of kernel 1. */
    int states() {
        return 2 * (part() + rows() + gates()) + rows() + ONES + SUMS;
    }

    /** Of kernel 2. */
    int outputs() {
        return 2 * rows() + 2 * part() + gates() + SUMS;
    }

    /** Of kernel 3. */
    int gradients() {
        int near = byRow ? CHUNK * SUB * Float.BYTES : 0;
        return 4 * rows() + 4 * part() + 3 * gates() + near + VECTORS;
    }

    /** The largest. */
    int most() {
        return Math.max(gradients(), Math.max(states(), outputs()));
    }
}
