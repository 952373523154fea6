package dev.lizard.text.synthetic;

import dev.lizard.tensor.RandomStream;
import java.util.List;

/**
 * Draws stories and recall tasks by weight; depths are uniform. A function of the stream alone, so a training run that
 * keeps the stream's one long can go on from any sample.
 *
 * @param stories weight of plain stories
 * @param passkey weight of {@link Passkey}
 * @param keyValues weight of {@link KeyValues}; weights are relative to their sum
 * @param digits length of the pass keys
 * @param mostPairs most pairs in a list
 * @param questions questions after a list
 */
public record SyntheticMix(double stories, double passkey, double keyValues, int digits, int mostPairs, int questions) {
    private static final Stories STORIES = new Stories();

    public SyntheticMix {
        if (!(stories >= 0 && passkey >= 0 && keyValues >= 0 && stories + passkey + keyValues > 0)) {
            throw new IllegalArgumentException(
                    "weights must be 0 or more and not all 0: %s, %s, %s".formatted(stories, passkey, keyValues));
        }
    }

    /** Half stories, a quarter of each task: five digits, up to 48 pairs, 4 questions. */
    public static SyntheticMix standard() {
        return new SyntheticMix(0.5, 0.25, 0.25, 5, 48, 4);
    }

    /** A text of {@code length} bytes exactly; a story has no answers, so every byte of it counts. */
    public RecallSample next(int length, RandomStream random) {
        double draw = random.nextDouble() * (stories + passkey + keyValues);
        double depth = random.nextDouble();
        if (draw < stories) {
            return new RecallSample(STORIES.beginning(length, random), List.of(), 0);
        }
        RecallTask task = draw < stories + passkey ? new Passkey(digits) : new KeyValues(mostPairs, questions);
        return task.generate(length, depth, random);
    }
}
