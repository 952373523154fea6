package dev.lizard.text.grammar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Collection;
import java.util.List;

/**
 * In one of some texts.
 *
 * @param words as {@link #sorted} gives them
 * @param from the first that fits what was written
 * @param to behind the last of these
 * @param at bytes written
 */
record Words(List<String> words, int from, int to, int at, Place then, int distance) implements Place {
    static final List<String> QUOTE = List.of("\"");
    static final List<String> BRACKET = List.of("[");
    static final List<String> BRACE = List.of("{");
    static final List<String> COLON = List.of(":");

    private Words(List<String> words, int from, int to, int at, Place then) {
        this(words, from, to, at, then, shortest(words, from, to) - at + then.distance());
    }

    /** Each once, a character a byte, in the order of bytes. */
    static List<String> sorted(Collection<String> texts) {
        return texts.stream()
                .map(text -> new String(text.getBytes(UTF_8), ISO_8859_1))
                .distinct()
                .sorted()
                .toList();
    }

    /** Before one of {@code words}. */
    static Words of(List<String> words, Place then) {
        return new Words(words, 0, words.size(), 0, then);
    }

    private static int shortest(List<String> words, int from, int to) {
        int shortest = words.get(from).length();
        for (int i = from + 1; i < to; i++) {
            shortest = Math.min(shortest, words.get(i).length());
        }
        return shortest;
    }

    @Override
    public void step(int b, List<Place> next) {
        int first = from;
        while (first < to && words.get(first).charAt(at) < b) {
            first++;
        }
        int end = first;
        while (end < to && words.get(end).charAt(at) == b) {
            end++;
        }
        if (first < end && words.get(first).length() == at + 1) {
            Place.add(next, then);
            first++; // others may go on
        }
        if (first < end) {
            Place.add(next, new Words(words, first, end, at + 1, then));
        }
    }
}
