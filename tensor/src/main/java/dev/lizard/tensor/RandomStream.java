package dev.lizard.tensor;

import dev.lizard.base.SplitMix64;

/**
 * A seeded stream of random numbers whose whole state is one long, so that a checkpoint can hold it.
 *
 * <p>{@link SplitMix64}. Numbers are drawn in Java, so a seed means the same on every device. Streams
 * for different purposes are derived by name and do not disturb one another.
 */
public final class RandomStream {
    private long state;

    public RandomStream(long seed) {
        state = SplitMix64.mix(seed + SplitMix64.GOLDEN);
    }

    private RandomStream(long state, boolean raw) {
        assert raw;
        this.state = state;
    }

    /** A stream of its own for {@code name}, independent of how much was drawn from others. */
    public static RandomStream named(long seed, String name) {
        long hash = seed;
        for (int i = 0; i < name.length(); i++) {
            hash = SplitMix64.mix(hash * 31 + name.charAt(i) + SplitMix64.GOLDEN);
        }
        return new RandomStream(hash);
    }

    /** Continues the stream that had this {@link #state}. */
    public static RandomStream resume(long state) {
        return new RandomStream(state, true);
    }

    public long state() {
        return state;
    }

    public long nextLong() {
        state += SplitMix64.GOLDEN;
        return SplitMix64.mix(state);
    }

    /** Uniform in [0, 1) with 53 random bits. */
    public double nextDouble() {
        return (nextLong() >>> 11) * 0x1.0p-53;
    }

    /** Uniform in [0, bound). */
    public long nextLong(long bound) {
        return Math.floorMod(Math.multiplyHigh(nextLong() >>> 1, bound << 1), bound);
    }

    public int nextInt(int bound) {
        return (int) nextLong(bound);
    }

    /** Standard normal, by Box and Muller; two uniforms each, so that the state stays one long. */
    public double nextGaussian() {
        double radius = Math.sqrt(-2.0 * Math.log(1.0 - nextDouble()));
        return radius * Math.cos(2.0 * Math.PI * nextDouble());
    }

    /** {@code count} normal numbers with mean 0 and the given standard deviation. */
    public float[] normal(int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (deviation * nextGaussian());
        }
        return values;
    }
}
