package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;

/**
 * Somebody in a story. The names are invented, so that only memory of what was read before can predict them.
 *
 * @param thing what the person owns, with its colour
 * @param pet the name of the person's animal
 */
record Person(String name, String town, String trade, String thing, String animal, String pet) {
    private static final String CONSONANTS = "bdfgklmnrstv";
    private static final String VOWELS = "aeiou";

    static Person invented(StoryGrammar grammar, RandomStream random) {
        return new Person(
                name(2, "", random),
                name(2, random.nextInt(2) == 0 ? "ford" : "by", random),
                grammar.choice("trade", random),
                grammar.choice("colour", random) + " " + grammar.choice("object", random),
                grammar.choice("animal", random),
                name(1, random.nextInt(2) == 0 ? "ri" : "mo", random));
    }

    String fact(String key) {
        return switch (key) {
            case "name" -> name;
            case "town" -> town;
            case "trade" -> trade;
            case "thing" -> thing;
            case "animal" -> animal;
            case "pet" -> pet;
            default -> throw new IllegalStateException("story-grammar.txt asks for an unknown fact '" + key + "'");
        };
    }

    /** A word of consonant-vowel syllables: 60 to the power of {@code syllables} of them. */
    static String word(int syllables, RandomStream random) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < syllables; i++) {
            word.append(CONSONANTS.charAt(random.nextInt(CONSONANTS.length())));
            word.append(VOWELS.charAt(random.nextInt(VOWELS.length())));
        }
        return word.toString();
    }

    /** A name of such a word. */
    static String named(int syllables, RandomStream random) {
        return name(syllables, "", random);
    }

    private static String name(int syllables, String suffix, RandomStream random) {
        String word = word(syllables, random) + suffix;
        return Character.toUpperCase(word.charAt(0)) + word.substring(1);
    }
}
