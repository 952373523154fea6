package dev.lizard.eval.kernels;

/**
 * The useful work of a call: what any kernel for it must do, whatever this one does besides.
 *
 * <p>Operations are those of products, two a multiplication and addition, over pairs that count: corners of tiles that
 * are masked, normalisers, softmaxes and rotations are left out. With chunks of C = 64 tokens, f = 2F, for each head and
 *
 * <pre>
 *                                          forward      backward
 *   pair in the window                     4d           10d          scores, values; of each two gradients, scores anew
 *   pair of a query and a key written in
 *   its chunk, (C + 1)/2 a written key     2f + 2d      6f + 4d      likewise
 *   written key, chunks before             4fd          10fd         state written, read; both and three gradients
 *   written key, maps of it and a query    4dF          12dF         anew, gradients of rows and of the map
 * </pre>
 *
 * A key is written when it leaves the window: max(T − w, 0) of them. At d = 128, f = 128, w = 128 that is about 180
 * thousand operations a query and head forward and 470 backward; the kernels themselves do 186 and 740, as
 * {@code lizard_backward.cu} forms scores and features twice. Causal softmax attention: 4d and 10d a pair.
 *
 * <p>Bytes are those of inputs and outputs, each moved once: activations and the feature maps in bfloat16, gates, row
 * statistics and gradients of maps in float32. What kernels leave for one another (states, slopes) is not useful work.
 *
 * @param flops operations
 * @param bytes moved
 */
record KernelWork(double flops, double bytes) {
    private static final int CHUNK = 64;
    private static final double HALF = 2; // bytes of bfloat16
    private static final double FULL = 4; // of float32

    KernelWork plus(KernelWork other) {
        return new KernelWork(flops + other.flops, bytes + other.bytes);
    }

    /** {@code lizard_forward.cu}; {@code save} for what its gradients need: three numbers a row. */
    static KernelWork forward(KernelShape s, boolean save) {
        double d = s.width();
        double f = 2.0 * s.half();
        double near = 4 * d * nearPairs(s);
        double far = farPairs(s) * (2 * f + 2 * d) + written(s) * (4 * f * d + 4 * d * s.half());
        double moved = HALF * (2 * queries(s) + 2 * keys(s) + maps(s)) + FULL * (rows(s) + tables(s));
        return new KernelWork(blocks(s) * (near + far), moved + (save ? 3 * FULL * rows(s) : 0));
    }

    /** {@code lizard_backward.cu}: reads q, k, v, y, dy, gates and what was saved, writes all gradients. */
    static KernelWork backward(KernelShape s) {
        double d = s.width();
        double f = 2.0 * s.half();
        double near = 10 * d * nearPairs(s);
        double far = farPairs(s) * (6 * f + 4 * d) + written(s) * (10 * f * d + 12 * d * s.half());
        double read = HALF * (3 * queries(s) + 2 * keys(s) + maps(s)) + FULL * (4 * rows(s) + tables(s));
        double write = HALF * (queries(s) + 2 * keys(s)) + FULL * (rows(s) + maps(s));
        return new KernelWork(blocks(s) * (near + far), read + write);
    }

    /** {@code slots.cu}: pairs in the window, and of each query those of {@code kept} others that there are so far. */
    static KernelWork slotsForward(KernelShape s, int kept) {
        return new KernelWork(
                4.0 * s.width() * blocks(s) * keptPairs(s, kept),
                HALF * (2 * queries(s) + 2 * keys(s)) + FULL * (rows(s) + tables(s)));
    }

    /** Its backward: reads q, k, v, y, dy and a number a row, writes three gradients. */
    static KernelWork slotsBackward(KernelShape s, int kept) {
        return new KernelWork(
                10.0 * s.width() * blocks(s) * keptPairs(s, kept),
                HALF * (4 * queries(s) + 4 * keys(s)) + FULL * (rows(s) + tables(s)));
    }

    /** What keys are looked at most: all scores, once for normalisers and once for columns. */
    static KernelWork slotsMost(KernelShape s) {
        return new KernelWork(
                4.0 * s.width() * blocks(s) * causalPairs(s), HALF * (queries(s) + keys(s)) + FULL * tables(s));
    }

    /** Causal softmax attention of the same heads. */
    static KernelWork softmaxForward(KernelShape s) {
        return new KernelWork(4.0 * s.width() * blocks(s) * causalPairs(s), HALF * (2 * queries(s) + 2 * keys(s)));
    }

    /** Its backward: reads q, k, v, y, dy and a number a row, writes three gradients. */
    static KernelWork softmaxBackward(KernelShape s) {
        return new KernelWork(
                10.0 * s.width() * blocks(s) * causalPairs(s), HALF * (4 * queries(s) + 4 * keys(s)) + FULL * rows(s));
    }

    /**
     * {@code decode.cu}, one layer: a step of each sequence with a full window and layer inputs of {@code modelWidth}.
     * State, ring and weights in float32: the matrix is read and written, the ring read, one slot of it written.
     */
    static KernelWork decode(KernelShape s, int modelWidth) {
        double d = s.width();
        double f = 2.0 * s.half();
        double flops = blocks(s) * (4 * f * (d + 1) + 4 * d * s.half() + 4.0 * s.window() * d + 2.0 * modelWidth);
        double state = blocks(s) * 2 * f * (d + 1);
        double ring = 2.0 * s.batch() * s.keyHeads() * (s.window() + 1) * d;
        double weights = maps(s) + (double) s.heads() * modelWidth;
        double activations = 2 * queries(s) + 2 * keys(s) + (double) s.batch() * modelWidth;
        return new KernelWork(flops, FULL * (state + ring + weights) + HALF * activations);
    }

    /** Pairs i − w < j ≤ i of one head. */
    private static double nearPairs(KernelShape s) {
        double w = Math.min(s.window(), s.tokens());
        return s.tokens() * w - w * (w - 1) / 2;
    }

    /** The same and, of the T − w tokens that leave the window, the pairs of {@code kept} with all later queries. */
    private static double keptPairs(KernelShape s, int kept) {
        double few = Math.min(written(s), kept);
        return nearPairs(s) + few * (few + 1) / 2 + (written(s) - few) * kept;
    }

    private static double causalPairs(KernelShape s) {
        return s.tokens() * (s.tokens() + 1.0) / 2;
    }

    private static double written(KernelShape s) {
        return Math.max(0, s.tokens() - s.window());
    }

    private static double farPairs(KernelShape s) {
        return written(s) * (CHUNK + 1) / 2;
    }

    private static double blocks(KernelShape s) {
        return (double) s.batch() * s.heads();
    }

    /** Numbers in [B, H, T]. */
    private static double rows(KernelShape s) {
        return blocks(s) * s.tokens();
    }

    /** In [B, H, T, d]. */
    private static double queries(KernelShape s) {
        return rows(s) * s.width();
    }

    /** In [B, G, T, d]. */
    private static double keys(KernelShape s) {
        return (double) s.batch() * s.keyHeads() * s.tokens() * s.width();
    }

    /** In both maps [H, d, F]. */
    private static double maps(KernelShape s) {
        return 2.0 * s.heads() * s.width() * s.half();
    }

    /** In cos and sin [T, d/2]. */
    private static double tables(KernelShape s) {
        return (double) s.tokens() * s.width();
    }
}
