package dev.lizard.text;

/** Permutations that depend on a seed and an epoch only: SplitMix64 (Steele, Lea, Flood 2014) drives Fisher-Yates. */
final class Shuffle {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    private long state;

    private Shuffle(long seed, long epoch) {
        state = mix(seed + GOLDEN) ^ mix(epoch * GOLDEN + 1);
    }

    /** A new array with the elements of {@code items} in the order of this seed and epoch. */
    static int[] of(int[] items, long seed, long epoch) {
        Shuffle random = new Shuffle(seed, epoch);
        int[] shuffled = items.clone();
        for (int i = shuffled.length - 1; i > 0; i--) {
            int j = (int) Math.unsignedMultiplyHigh(random.next(), i + 1L);
            int other = shuffled[i];
            shuffled[i] = shuffled[j];
            shuffled[j] = other;
        }
        return shuffled;
    }

    private long next() {
        state += GOLDEN;
        return mix(state);
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
