package dev.lizard.text;

import dev.lizard.base.SplitMix64;

/** Permutations that depend on a seed and an epoch only: {@link SplitMix64} drives Fisher-Yates. */
final class Shuffle {
    private long state;

    private Shuffle(long seed, long epoch) {
        state = SplitMix64.mix(seed + SplitMix64.GOLDEN) ^ SplitMix64.mix(epoch * SplitMix64.GOLDEN + 1);
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
        state += SplitMix64.GOLDEN;
        return SplitMix64.mix(state);
    }
}
