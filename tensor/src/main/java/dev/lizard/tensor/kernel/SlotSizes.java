package dev.lizard.tensor.kernel;

/**
 * Sizes that the kernels of {@code slots.cu} have, and their shared memory in bytes a block; must agree with its
 * constants.
 *
 * @param width d
 */
record SlotSizes(int width) {
    /** Size of the struct that all kernels take: 25 pointers, 12 strides, 11 ints. */
    static final int PROBLEM_BYTES = 344;

    /** Keys of a tile, and rows of one warpgroup. */
    static final int TILE = LizardSizes.CHUNK;
    /** Queries of a block. */
    static final int ROWS = 128;
    /** Threads of a block that has two warpgroups. */
    static final int WIDE = 256;

    static final int THREADS = 128;
    /** Kinds of lifetimes that keys are sorted by. */
    static final int CLASSES = 16;

    private static final int SPANS = TILE * 2 * Integer.BYTES;

    /** Whether there are kernels for heads of this width. */
    boolean served() {
        return width == 64 || width == 128;
    }

    private int rows() {
        return LizardSizes.tile(width, TILE);
    }

    int forward() {
        return 6 * rows() + 2 * SPANS;
    }

    int queries() {
        return 8 * rows() + 2 * SPANS + ROWS * Float.BYTES;
    }

    int keys() {
        return 6 * rows() + 4 * TILE * Float.BYTES + SPANS + TILE * Integer.BYTES;
    }

    /** The largest. */
    int most() {
        return Math.max(queries(), Math.max(forward(), keys()));
    }

    /** Most old tokens that 128 queries of T read, in whole tiles. */
    static int places(int first, int slots, int tokens) {
        long most = Math.min((long) first + slots + ROWS - 1, tokens);
        return Math.toIntExact(Math.ceilDiv(most, TILE) * TILE);
    }

    /** Room for keys in the order of lifetimes, each kind filled up to whole tiles. */
    static int order(int tokens) {
        return (Math.ceilDiv(tokens, TILE) + CLASSES) * TILE;
    }
}
