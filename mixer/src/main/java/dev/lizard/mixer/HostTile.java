package dev.lizard.mixer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A few keys and values at a time on their way through the loops of {@link HostRead}. Halves of keys, angles and queries lie
 * in arrays of their own, as long as a tile: loops of that length over several arrays are what the compiler makes wide
 * instructions of. Tiles are reused, since to clear fresh ones would take as long as to fill them.
 */
final class HostTile {
    /** Keys that all arrays of a tile hold in the processor's nearest cache. */
    static final int KEYS = 32;

    private static final ThreadLocal<HostTile> LAST = new ThreadLocal<>();

    private final int half;
    private final int group;
    private final byte[] codes;
    private final float[] numbers;
    private final byte[][] halfCodes;
    private float[] a;
    private float[] b;
    private final float[] cos;
    private final float[] sin;
    private float[] turnedA;
    private float[] turnedB;
    private final float[] terms;
    private final float[][] queryA;
    private final float[][] queryB;

    /** Of the tile's keys. */
    final int[] distances = new int[KEYS];

    private HostTile(int half, int group) {
        this.half = half;
        this.group = group;
        int size = KEYS * half;
        codes = new byte[4 * size];
        numbers = new float[4 * size];
        halfCodes = new byte[2][size];
        a = new float[size];
        b = new float[size];
        cos = new float[size];
        sin = new float[size];
        turnedA = new float[size];
        turnedB = new float[size];
        terms = new float[size];
        queryA = new float[group][size];
        queryB = new float[group][size];
    }

    /** This thread's, for heads of width 2 {@code half} and {@code group} queries a key head. */
    static HostTile of(int half, int group) {
        HostTile last = LAST.get();
        if (last == null || last.half != half || last.group != group) {
            last = new HostTile(half, group);
            LAST.set(last);
        }
        return last;
    }

    /** Takes the queries of a key head: [R, d] from number {@code from} on, times {@code scale}. */
    void ask(MemorySegment queries, long from, float scale) {
        for (int r = 0; r < group; r++) {
            MemorySegment.copy(
                    queries, ValueLayout.JAVA_FLOAT, (from + 2L * r * half) * Float.BYTES, numbers, 0, 2 * half);
            for (int i = 0; i < half; i++) {
                queryA[r][i] = numbers[i] * scale;
                queryB[r][i] = numbers[half + i] * scale;
            }
            for (int done = half; done < KEYS * half; done += half) {
                System.arraycopy(queryA[r], 0, queryA[r], done, half);
                System.arraycopy(queryB[r], 0, queryB[r], done, half);
            }
        }
    }

    /** Loads n keys of {@code stride} numbers each, of which the first d count. */
    void loadNumbers(MemorySegment store, long from, int n, int stride) {
        MemorySegment.copy(store, ValueLayout.JAVA_FLOAT, from * Float.BYTES, numbers, 0, n * stride);
        for (int j = 0; j < n; j++) {
            System.arraycopy(numbers, j * stride, a, j * half, half);
            System.arraycopy(numbers, j * stride + half, b, j * half, half);
        }
    }

    /** Loads n slots [n, 2 d] of whole numbers. */
    void loadCodes(MemorySegment store, long from, int n) {
        MemorySegment.copy(store, ValueLayout.JAVA_BYTE, from, codes, 0, 4 * n * half);
        for (int j = 0; j < n; j++) {
            System.arraycopy(codes, 4 * j * half, halfCodes[0], j * half, half);
            System.arraycopy(codes, (4 * j + 1) * half, halfCodes[1], j * half, half);
        }
        widen(halfCodes[0], a, n * half);
        widen(halfCodes[1], b, n * half);
    }

    /** Writes the values [n, d] of what was loaded last. */
    void values(boolean coded, int n, MemorySegment to, long at) {
        if (coded) {
            for (int j = 0; j < n; j++) {
                System.arraycopy(codes, (4 * j + 2) * half, codes, 2 * j * half, 2 * half);
            }
            widen(codes, numbers, 2 * n * half);
        } else {
            for (int j = 0; j < n; j++) {
                System.arraycopy(numbers, (4 * j + 2) * half, numbers, 2 * j * half, 2 * half);
            }
        }
        MemorySegment.copy(numbers, 0, to, ValueLayout.JAVA_FLOAT, at * Float.BYTES, 2 * n * half);
    }

    private static void widen(byte[] codes, float[] numbers, int count) {
        for (int i = 0; i < count; i++) {
            numbers[i] = codes[i];
        }
    }

    /** Turns the n keys back by their distances, none of which exceeds {@code most}. */
    void turn(HostAngles angles, long most, int n) {
        for (int j = 0; j < n; j++) {
            angles.near().copy(distances[j] % HostAngles.NEAR, cos, sin, j);
        }
        turnBack(n * half);
        if (most >= HostAngles.NEAR) {
            for (int j = 0; j < n; j++) {
                angles.far().copy(distances[j] / HostAngles.NEAR, cos, sin, j);
            }
            turnBack(n * half);
        }
    }

    private void turnBack(int count) {
        combine(a, cos, b, sin, 1, turnedA, count);
        combine(b, cos, a, sin, -1, turnedB, count);
        float[] oldA = a;
        float[] oldB = b;
        a = turnedA;
        b = turnedB;
        turnedA = oldA;
        turnedB = oldB;
    }

    /** x p ± y q. */
    private static void combine(float[] x, float[] p, float[] y, float[] q, float sign, float[] to, int count) {
        for (int i = 0; i < count; i++) {
            to[i] = x[i] * p[i] + sign * (y[i] * q[i]);
        }
    }

    /** The n products of query r with the keys as they are turned. */
    void products(int r, int n, float[] to) {
        combine(a, queryA[r], b, queryB[r], 1, terms, n * half);
        for (int j = 0; j < n; j++) {
            to[j] = sum(terms, j * half, half);
        }
    }

    /** In four sums, which do not wait for one another. */
    private static float sum(float[] x, int from, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        int i = from;
        for (; i < from + count - 3; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < from + count; i++) {
            s0 += x[i];
        }
        return (s0 + s1) + (s2 + s3);
    }
}
