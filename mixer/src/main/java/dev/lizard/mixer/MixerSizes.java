package dev.lizard.mixer;

/** Sizes that mixers of softmax windows and matrix memories share, for plans and reports. */
final class MixerSizes {
    private static final int CHUNK = MatrixMemory.CHUNK;

    private MixerSizes() {}

    /** Keys and values of {@code tokens} tokens [2, G, tokens, d]. */
    static long pairs(HeadDims dims, long tokens) {
        return 2L * dims.keyHeads() * tokens * dims.headWidth();
    }

    /** A matrix a head over both halves of the features, with its normaliser [H, 2 half, d + 1]. */
    static long memory(HeadDims dims, int half) {
        return 2L * half * dims.heads() * (dims.headWidth() + 1);
    }

    static long rows(HeadDims dims) {
        return (long) dims.heads() * dims.headWidth();
    }

    /** Operations a token of a window of {@code seen} keys: scores and values. */
    static double windowFlops(HeadDims dims, double seen) {
        return 4.0 * rows(dims) * seen;
    }

    /** Operations a token of a matrix memory: features, what is read and what is written. */
    static double memoryFlops(HeadDims dims, int half) {
        return 12.0 * rows(dims) * half;
    }

    /** What a graph keeps of a window: copies of q, k and v, scores within and before. */
    static long windowGraph(HeadDims dims, long window, long length) {
        return 8 * rows(dims) + 4L * dims.heads() * seen(window, length);
    }

    /** What a graph keeps of a window and a memory beside it. */
    static long hybridGraph(HeadDims dims, long window, int half, long length) {
        long linear = 4 * seen(window, length) + 4 * Math.min(CHUNK, length) + 12L * half;
        return 12 * rows(dims) + dims.heads() * linear;
    }

    /** What a graph keeps beside a window's for slots: scores of candidates, and copies of these for each tile. */
    static long slotGraph(HeadDims dims, long window, long slots, long length) {
        long seen = Math.min(slots + ExactChunk.TILE, Math.max(0, length - window)) + ExactChunk.TILE;
        return 4L * dims.heads() * seen + 4L * dims.keyHeads() * dims.headWidth() * seen / ExactChunk.TILE;
    }

    /** Keys that a token is held against: those of its window and of its chunk. */
    private static long seen(long window, long length) {
        return Math.min(window, length) + Math.min(CHUNK, length);
    }
}
