package dev.lizard.tensor.kernel;

/**
 * Sizes the fused Lizard kernels are compiled for, and what follows from them; must agree with the constants of the
 * same meaning in {@code lizard_forward.cu}.
 *
 * @param width d
 * @param halfFeatures f/2, the columns of a feature map
 * @param window w
 */
record LizardSizes(int width, int halfFeatures, int window) {
    /** Queries of a chunk. */
    static final int CHUNK = 64;

    /** Shortest stretch worth a block of its own. */
    private static final int MINIMUM = 256;
    /** Stretches of this length keep all multiprocessors busy to the end; more than that many are not summed up. */
    private static final int SHORT = 512;

    private static final int MANY = 16;
    private static final int PANEL = 64;
    private static final int PANEL_ROW_BYTES = 128;

    /** Whether there is a kernel for these. */
    boolean served() {
        boolean maps = halfFeatures == 32 || halfFeatures == 64 || (halfFeatures == 128 && width == 64);
        return (width == 64 || width == 128) && maps && window % 16 == 0 && window >= 64 && window <= 128;
    }

    /** Threads of a block: a warp for 16 columns of d. */
    int threads() {
        return 2 * width;
    }

    /** Floats a stretch leaves for the following ones. */
    int carryFloats() {
        return threads() * halfFeatures + 2 * halfFeatures + 4;
    }

    /**
     * Tokens of a stretch that one block of the forward pass walks over: all of them where there are enough heads to fill
     * the card, else fewer, at the price of computing what each stretch writes first.
     *
     * @param heads of all sequences
     */
    int stretch(int multiprocessors, int heads, int tokens) {
        int places = multiprocessors * (width == 64 ? 2 : 1);
        int wanted = places / heads;
        if (width == 64 && 5 * heads <= 3 * places) {
            wanted = Math.max(wanted, Math.min(MANY, tokens / SHORT));
        }
        wanted = Math.min(wanted, tokens / MINIMUM);
        int length = Math.ceilDiv(tokens, Math.max(wanted, 1));
        return wanted < 2 ? Math.max(tokens, 1) : Math.ceilDiv(length, CHUNK) * CHUNK;
    }

    /** Dynamic shared memory of a block of the forward pass. */
    int forwardShared() {
        int ring = 2 * tile(width, window + CHUNK);
        int keys = tile(Math.max(2 * halfFeatures, width), CHUNK);
        int queries = Math.max(tile(width, CHUNK) + tile(2 * halfFeatures, CHUNK), tile(window + CHUNK, CHUNK));
        int maps = 2 * tile(halfFeatures, width);
        int tables = width == 128 ? 4 * CHUNK * width : 0;
        int floats = 2 * halfFeatures + 11 * CHUNK + 4;
        return ring + keys + queries + maps + tables + floats * Float.BYTES;
    }

    /** Bytes of a bfloat16 tile in shared memory: panels of 64 columns. */
    static int tile(int columns, int rows) {
        return Math.ceilDiv(columns, PANEL) * rows * PANEL_ROW_BYTES;
    }
}
