package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;

final class Digits {
    private Digits() {}

    static String random(int count, RandomStream random) {
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < count; i++) {
            digits.append((char) ('0' + random.nextInt(10)));
        }
        return digits.toString();
    }
}
