package dev.lizard.base;

/** SplitMix64 (Steele, Lea, Flood 2014): 64 random bits of each state, which is one long. */
public final class SplitMix64 {
    /** What the state grows by: 2^64 over the golden ratio. */
    public static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private SplitMix64() {}

    /** The bits that belong to a state. */
    public static long mix(long state) {
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
