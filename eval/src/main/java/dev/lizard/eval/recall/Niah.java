package dev.lizard.eval.recall;

import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Needles as in RULER (Hsieh et al. 2024, arXiv 2404.06654): a value that belongs to a key of two words. Wordings are of
 * our own and drawn with each item, so figures compare with RULER's in kind, not digit by digit.
 */
final class Niah {
    private static final int DIGITS = 7;

    private static final List<String> TOLD = List.of(
            "One of the special magic %3$ss for %1$s is: %2$s.",
            "The special magic %3$s for %1$s is: %2$s.",
            "Take note: the special magic %3$s for %1$s is %2$s.",
            "For %1$s the special magic %3$s is %2$s.");
    private static final List<String> HEADS = List.of(
            "Special magic %1$ss are hidden in the text below. Keep them in mind: one will be asked for.\n\n",
            "Somewhere in this text stands a special magic %1$s. Remember it.\n\n",
            "Read this text carefully; a question about a special magic %1$s follows.\n\n");
    private static final List<String> ASKED = List.of(
            "\n\nWhat is the special magic %1$s for %2$s in this text? The special magic %1$s for %2$s is",
            "\n\nQuestion: Which special magic %1$s does the text give for %2$s?"
                    + "\nAnswer: The special magic %1$s for %2$s is",
            "\n\nAccording to the text, the special magic %1$s for %2$s is");

    /** What a value is called, and how it is drawn. */
    enum Value {
        NUMBER("number", random -> Words.digits(DIGITS, random)),
        UUID("uuid", Words::uuid);

        private final String name;

        @SuppressWarnings("ImmutableEnumChecker") // draws from what it is given
        private final Function<RandomStream, String> draw;

        Value(String name, Function<RandomStream, String> draw) {
            this.name = name;
            this.draw = draw;
        }
    }

    private Niah() {}

    /** @param distractors needles of other keys, in the same words at random places */
    static Needles draw(Value value, int distractors, double depth, RandomStream random) {
        List<String> keys = Words.keys(1 + distractors, random);
        String told = Draws.one(TOLD, random);
        List<Needles.Needle> hidden = new ArrayList<>();
        String answer = value.draw.apply(random);
        hidden.add(new Needles.Needle(told.formatted(keys.getFirst(), answer, value.name), depth));
        for (String other : keys.subList(1, keys.size())) {
            hidden.add(new Needles.Needle(
                    told.formatted(other, value.draw.apply(random), value.name), random.nextDouble()));
        }
        return new Needles(
                Draws.one(HEADS, random).formatted(value.name),
                hidden,
                Draws.one(ASKED, random).formatted(value.name, keys.getFirst()),
                answer);
    }
}
