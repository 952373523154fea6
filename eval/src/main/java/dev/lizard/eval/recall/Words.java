package dev.lizard.eval.recall;

import dev.lizard.base.Resources;
import dev.lizard.tensor.RandomStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/** Plain words of which keys and values are made. */
final class Words {
    private static final String RESOURCE = "words.txt";
    private static final List<String> ADJECTIVES;
    private static final List<String> NOUNS;

    static {
        String[] sections = Resources.text(Words.class, RESOURCE).split("\\[nouns]", 2);
        ADJECTIVES = words(sections[0]);
        NOUNS = words(sections[1]);
    }

    private Words() {}

    private static List<String> words(String section) {
        return section.lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#") && !line.startsWith("["))
                .flatMap(line -> Stream.of(line.split(" ")))
                .toList();
    }

    static String noun(RandomStream random) {
        return Draws.one(NOUNS, random);
    }

    /** Such as {@code amber-fox}. */
    static String key(RandomStream random) {
        return Draws.one(ADJECTIVES, random) + "-" + noun(random);
    }

    /** Different keys in random order; with more adjectives where two words do not tell enough of them apart. */
    static List<String> keys(int count, RandomStream random) {
        Set<String> keys = new LinkedHashSet<>();
        int most = ADJECTIVES.size() * NOUNS.size();
        while (keys.size() < count) {
            String more = keys.size() < most / 2 ? "" : Draws.one(ADJECTIVES, random) + "-";
            keys.add(more + key(random));
        }
        return List.copyOf(keys);
    }

    /** The first not 0. */
    static String digits(int count, RandomStream random) {
        StringBuilder digits = new StringBuilder();
        for (int i = 0; i < count; i++) {
            digits.append((char) ('0' + (i == 0 ? 1 + random.nextInt(9) : random.nextInt(10))));
        }
        return digits.toString();
    }

    /** In the form of a random UUID (version 4). */
    static String uuid(RandomStream random) {
        long high = (random.nextLong() & ~0xF000L) | 0x4000L;
        long low = (random.nextLong() >>> 2) | Long.MIN_VALUE;
        return new UUID(high, low).toString();
    }
}
