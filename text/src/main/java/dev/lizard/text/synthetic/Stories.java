package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Harmless stories of a template grammar. Each has its own people with invented names, towns, trades, things and
 * animals, introduced at the start and named again and again: a reader with a long memory predicts them, one that
 * remembers only the last sentences cannot. Plain ASCII, sentences on one line, a blank line after each story.
 */
public final class Stories {
    private static final int PEOPLE = 4;
    private static final int SHORTEST = 800;
    private static final int LONGEST = 6_000;

    private final StoryGrammar grammar = StoryGrammar.standard();

    /** One story with its beginning and end, at least {@code length} bytes and at most a few sentences more. */
    public String story(int length, RandomStream random) {
        List<Person> people = new ArrayList<>();
        for (int i = 0; i < PEOPLE; i++) {
            people.add(Person.invented(grammar, random));
        }
        StringBuilder text = new StringBuilder();
        for (Person person : people) {
            for (String section : List.of("introduction", "possession", "companion")) {
                text.append(grammar.expand(section, person, person, random)).append(' ');
            }
        }
        while (text.length() < length) {
            text.append(sentence("sentence", people, random)).append(' ');
        }
        return text.append(sentence("ending", people, random)).append("\n\n").toString();
    }

    /** Stories one after the other, {@code length} bytes exactly; the last one is cut. */
    public String beginning(int length, RandomStream random) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(story(SHORTEST + random.nextInt(LONGEST - SHORTEST), random));
        }
        text.setLength(length);
        return text.toString();
    }

    /** The last {@code length} bytes of stories that end with a whole sentence and a space; the first one is cut. */
    public String ending(int length, RandomStream random) {
        StringBuilder text = new StringBuilder();
        while (text.length() <= length) {
            text.append(story(SHORTEST + random.nextInt(LONGEST - SHORTEST), random));
        }
        text.setLength(text.length() - 2); // the blank line
        text.append(' ');
        return text.substring(text.length() - length);
    }

    private String sentence(String section, List<Person> people, RandomStream random) {
        // The smaller of two draws: the first person is the hero, the last is met now and then.
        int first = Math.min(random.nextInt(PEOPLE), random.nextInt(PEOPLE));
        int second = (first + 1 + random.nextInt(PEOPLE - 1)) % PEOPLE;
        return grammar.expand(section, people.get(first), people.get(second), random);
    }
}
