package dev.lizard.eval.recall;

import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** A key that is told once, or five of them, in words that are drawn with it. */
final class Passkeys {
    private static final int DIGITS = 5;
    private static final int FEWEST_TOKENS = 5;
    private static final int MOST_TOKENS = 8;
    private static final int TRIES = 100;

    private static final List<String> NAMES = List.of(
            "pass key", "passkey", "access code", "door code", "secret number", "locker code", "code of the safe");
    private static final List<String> HEADS = List.of(
            "There is something important in the following text. Find it and remember it.\n\n",
            "A %s is hidden in the text below. It will be asked for at the end.\n\n",
            "Read the text and keep the %s in mind.\n\n",
            "");
    private static final List<String> TOLD = List.of(
            "The %s is %s. Remember it.",
            "Remember that the %s is %s.",
            "Important: the %s is %s.",
            "Do not forget that the %s is %s.",
            "Please note that the %s is %s, it will be needed later.");
    private static final List<String> ASKED = List.of(
            "\n\nWhat is the %1$s? The %1$s is",
            "\n\nQuestion: What is the %1$s?\nAnswer: The %1$s is",
            "\n\nNow tell the %1$s from the text. The %1$s is",
            "\n\nAs the text said, the %1$s is");

    private static final List<String> FIVE_HEADS = List.of(
            "Five passkeys are hidden in the text below. One of them will be asked for.\n\n",
            "Read the text and remember all five passkeys.\n\n",
            "");
    private static final List<String> FIVE_ASKED = List.of(
            "\n\nWhat is the %1$s passkey? The %1$s passkey is",
            "\n\nQuestion: What was the %1$s passkey?\nAnswer: The %1$s passkey is");
    private static final List<String> ORDINALS = List.of("first", "second", "third", "fourth", "fifth");

    private Passkeys() {}

    /** Five digits (Mohtashami and Jaggi 2023, arXiv 2305.16300). */
    static Needles one(double depth, RandomStream random) {
        String name = Draws.one(NAMES, random);
        String key = Words.digits(DIGITS, random);
        String told = Draws.one(TOLD, random).formatted(name, key);
        return new Needles(
                Draws.one(HEADS, random).formatted(name),
                List.of(new Needles.Needle(told, depth)),
                Draws.one(ASKED, random).formatted(name),
                key);
    }

    /**
     * The set of Lizard's paper (arXiv 2507.09025, section 5.3): five keys of random words, 5 to 8 tokens each (more where
     * tokens are shorter than words), at random places; the one asked for at {@code depth}.
     */
    static Needles five(double depth, Tokenizer tokenizer, RandomStream random) {
        int asked = random.nextInt(ORDINALS.size());
        List<Needles.Needle> told = new ArrayList<>();
        String answer = "";
        for (int i = 0; i < ORDINALS.size(); i++) {
            String key = words(tokenizer, random);
            answer = i == asked ? key : answer;
            told.add(new Needles.Needle(
                    "Remember that the %s passkey is %s.".formatted(ORDINALS.get(i), key),
                    i == asked ? depth : random.nextDouble()));
        }
        return new Needles(
                Draws.one(FIVE_HEADS, random),
                told,
                Draws.one(FIVE_ASKED, random).formatted(ORDINALS.get(asked)),
                answer);
    }

    private static String words(Tokenizer tokenizer, RandomStream random) {
        String words = "";
        for (int attempt = 0; attempt < TRIES; attempt++) {
            words = Words.noun(random);
            int tokens = Needles.count(tokenizer, " " + words);
            while (tokens < FEWEST_TOKENS) {
                words += " " + Words.noun(random);
                tokens = Needles.count(tokenizer, " " + words);
            }
            if (tokens <= MOST_TOKENS) {
                return words;
            }
        }
        return words;
    }
}
