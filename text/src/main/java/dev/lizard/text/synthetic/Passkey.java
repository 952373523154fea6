package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.List;

/**
 * A key of random digits given once in the middle of stories and asked for at the end. Chance is one in ten a digit.
 *
 * @param digits length of the key, 1 or more
 */
public record Passkey(int digits) implements RecallTask {
    private static final Stories STORIES = new Stories();
    private static final String TOLD = "The pass key is %s. Remember it. ";
    private static final String ASKED = "What is the pass key? The pass key is ";
    private static final String END = ".\n\n";

    public Passkey {
        if (digits < 1) {
            throw new IllegalArgumentException("a pass key needs at least one digit, not " + digits);
        }
    }

    @Override
    public String name() {
        return "passkey";
    }

    @Override
    public int shortest() {
        return TOLD.length() - 2 + ASKED.length() + END.length() + 2 * digits;
    }

    @Override
    public RecallSample generate(int length, double depth, RandomStream random) {
        check(length, depth);
        String key = Digits.random(digits, random);
        int filler = length - shortest();
        int before = (int) Math.round(depth * filler);
        String text =
                STORIES.ending(before, random) + TOLD.formatted(key) + STORIES.ending(filler - before, random) + ASKED;
        RecallSample.Span answer = new RecallSample.Span(text.length(), text.length() + digits);
        return new RecallSample(text + key + END, List.of(answer), depth);
    }
}
