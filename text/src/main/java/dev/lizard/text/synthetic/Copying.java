package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.List;

/**
 * A line of invented words and numbers that is said again. The plainest use of memory there is, and the one from which
 * the others are learned: after its first bytes every byte of the second line follows from the first.
 *
 * @param words in the line, 1 or more
 */
public record Copying(int words) implements RecallTask {
    private static final Stories STORIES = new Stories();
    private static final int WORD = "baba ".length();
    private static final String TOLD = "Say: ";
    private static final String ASKED = "\nAgain: ";
    private static final String END = "\n\n";

    public Copying {
        if (words < 1) {
            throw new IllegalArgumentException("a line needs at least one word, not " + words);
        }
    }

    @Override
    public String name() {
        return "copying";
    }

    @Override
    public int shortest() {
        return TOLD.length() + ASKED.length() + END.length() + 2 * (words * WORD - 1);
    }

    @Override
    public RecallSample generate(int length, double depth, RandomStream random) {
        check(length, depth);
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < words; i++) {
            boolean number = random.nextInt(4) == 0;
            line.append(i == 0 ? "" : " ").append(number ? Digits.random(WORD - 1, random) : Person.word(2, random));
        }
        int filler = length - shortest();
        int before = (int) Math.round(depth * filler);
        String between = filler == before ? "" : "\n" + STORIES.ending(filler - before - 1, random);
        String text = STORIES.ending(before, random) + TOLD + line + between + ASKED;
        RecallSample.Span answer = new RecallSample.Span(text.length(), text.length() + line.length());
        return new RecallSample(text + line + END, List.of(answer), depth);
    }
}
