package dev.lizard.text;

import java.util.Random;

/** Seeds of random tests: printed, and repeated with {@code -Dlizard.seed=N}. */
final class TestSeed {
    private TestSeed() {}

    static long next() {
        long seed = Long.getLong("lizard.seed", new Random().nextLong());
        System.out.println("repeat with -Dlizard.seed=" + seed);
        return seed;
    }
}
