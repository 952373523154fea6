package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws stories and recall tasks by weight, one after the other until a text is full. Lengths are spread evenly in
 * their logarithm, from the shortest possible to the whole text: what is asked for lies near at times and far at
 * others, and the near ones teach what the far ones need. A function of the stream alone, so a training run that keeps
 * the stream's one long can go on from any sample.
 *
 * @param stories weight of plain stories
 * @param passkey weight of {@link Passkey}
 * @param keyValues weight of {@link KeyValues}
 * @param copying weight of {@link Copying}; weights are relative to their sum
 * @param digits length of the pass keys
 * @param mostPairs most pairs in a list
 * @param questions most questions after a list
 */
public record SyntheticMix(
        double stories, double passkey, double keyValues, double copying, int digits, int mostPairs, int questions) {
    private static final Stories STORIES = new Stories();
    private static final int MOST_WORDS = 24;
    private static final int SHORTEST_STORY = 200;
    private static final int SHORTEST_TASK = 100;

    public SyntheticMix {
        boolean positive = stories >= 0 && passkey >= 0 && keyValues >= 0 && copying >= 0;
        if (!positive || !(stories + passkey + keyValues + copying > 0)) {
            throw new IllegalArgumentException("weights must be 0 or more and not all 0: %s, %s, %s, %s"
                    .formatted(stories, passkey, keyValues, copying));
        }
    }

    /** A quarter of each; five digits, up to 32 pairs, up to 16 questions. */
    public static SyntheticMix standard() {
        return new SyntheticMix(1, 1, 1, 1, 5, 32, 16);
    }

    /** A text of {@code length} bytes exactly with the answers of all its tasks; {@code depth} has no meaning here. */
    public RecallSample next(int length, RandomStream random) {
        StringBuilder text = new StringBuilder();
        List<RecallSample.Span> answers = new ArrayList<>();
        while (text.length() < length) {
            RecallSample part = episode(length - text.length(), random);
            for (RecallSample.Span span : part.answers()) {
                answers.add(new RecallSample.Span(text.length() + span.start(), text.length() + span.end()));
            }
            text.append(part.text());
        }
        return new RecallSample(text.toString(), answers, 0);
    }

    /** One story or task of {@code room} bytes at most; a story where a task does not fit. */
    private RecallSample episode(int room, RandomStream random) {
        double draw = random.nextDouble() * (stories + passkey + keyValues + copying);
        if (draw < stories) {
            return story(spread(Math.min(SHORTEST_STORY, room), room, random), random);
        }
        RecallTask task = task(draw - stories, random);
        if (task.shortest() > room) {
            return story(room, random);
        }
        int shortest = task instanceof KeyValues list ? list.bare() : task.shortest();
        int length = Math.max(shortest, spread(SHORTEST_TASK, Math.max(room, SHORTEST_TASK), random));
        return task.generate(Math.min(length, room), random.nextDouble(), random);
    }

    private RecallTask task(double draw, RandomStream random) {
        if (draw < passkey) {
            return new Passkey(digits);
        }
        if (draw < passkey + keyValues) {
            int pairs = spread(1, mostPairs, random);
            return new KeyValues(pairs, Math.min(pairs, questions));
        }
        return new Copying(spread(1, MOST_WORDS, random));
    }

    private static RecallSample story(int length, RandomStream random) {
        return new RecallSample(STORIES.beginning(length, random), List.of(), 0);
    }

    /** A whole number of [low, high], even in its logarithm. */
    private static int spread(int low, int high, RandomStream random) {
        double value = low * Math.pow((high + 1.0) / low, random.nextDouble());
        return Math.clamp((int) value, low, high);
    }
}
