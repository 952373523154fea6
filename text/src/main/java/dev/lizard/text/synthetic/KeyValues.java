package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A list of invented words, each with a number, and questions for some of them at the end. As many pairs as the length
 * holds, {@code mostPairs} at most; stories fill the rest, before the list.
 *
 * @param mostPairs 1 to 1,000
 * @param questions 1 or more; the first asks for the pair at the depth wanted, the others for any
 */
public record KeyValues(int mostPairs, int questions) implements RecallTask {
    private static final Stories STORIES = new Stories();
    private static final int SYLLABLES = 2;
    private static final int DIGITS = 3;
    private static final int MOST = 1_000; // of 3,600 words
    private static final String HEAD = "\n\nList:\n";
    private static final int PAIR = "baba = 000\n".length();
    private static final String FOOT = "Questions:\n";
    private static final int QUESTION = PAIR;
    private static final String END = "\n";

    public KeyValues {
        if (mostPairs < 1 || mostPairs > MOST || questions < 1) {
            throw new IllegalArgumentException("a list needs 1 to %d pairs and 1 or more questions, not %d and %d"
                    .formatted(MOST, mostPairs, questions));
        }
    }

    /** Bytes of a full list and its questions without any story. */
    int bare() {
        return shortest() + (mostPairs - 1) * PAIR;
    }

    @Override
    public String name() {
        return "key_values";
    }

    @Override
    public int shortest() {
        return HEAD.length() + PAIR + FOOT.length() + questions * QUESTION + END.length();
    }

    @Override
    public RecallSample generate(int length, double depth, RandomStream random) {
        check(length, depth);
        int room = length - shortest();
        int count = Math.min(mostPairs, 1 + room / PAIR);
        Map<String, String> pairs = new LinkedHashMap<>();
        while (pairs.size() < count) {
            pairs.putIfAbsent(Person.word(SYLLABLES, random), Digits.random(DIGITS, random));
        }
        StringBuilder text = new StringBuilder();
        text.append(STORIES.ending(room - (count - 1) * PAIR, random)).append(HEAD);
        pairs.forEach(
                (key, value) -> text.append(key).append(" = ").append(value).append('\n'));
        text.append(FOOT);

        List<String> keys = List.copyOf(pairs.keySet());
        List<RecallSample.Span> answers = new ArrayList<>();
        for (int question = 0; question < questions; question++) {
            int asked = question == 0 ? (int) Math.round(depth * (count - 1)) : random.nextInt(count);
            String key = keys.get(asked);
            text.append(key).append(" = ");
            answers.add(new RecallSample.Span(text.length(), text.length() + DIGITS));
            text.append(pairs.get(key)).append('\n');
        }
        return new RecallSample(text.append(END).toString(), answers, depth);
    }
}
