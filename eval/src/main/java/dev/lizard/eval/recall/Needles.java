package dev.lizard.eval.recall;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.tensor.RandomStream;
import dev.lizard.text.Tokenized;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What is hidden in a haystack and asked for at its end.
 *
 * @param head stands before the haystack
 * @param hidden sentences, each with where it stands: 0 at the haystack's beginning, 1 at its end
 * @param tail the question, and the beginning of the answer's sentence, without a space at its end
 * @param answer without the space before it; it stands in one needle and nowhere else
 */
record Needles(String head, List<Needle> hidden, String tail, String answer) {
    /** A sentence and its depth in the haystack. */
    record Needle(String sentence, double depth) {}

    /** Tokens that may be written beyond the answer itself. */
    static final int ROOM = 8;

    private static final int TRIES = 6;
    private static final int CHARACTERS_A_TOKEN = 6;

    /** Tokens for the answer, and what may be written around it. */
    int written(Tokenizer tokenizer) {
        return written(answer, tokenizer);
    }

    static int written(String answer, Tokenizer tokenizer) {
        return count(tokenizer, " " + answer) + ROOM;
    }

    /**
     * The prompt: as long as leaves room for what is {@linkplain #written written} within {@code length} tokens, or
     * shorter by one word of the haystack at most. Needles stand between sentences, at the border nearest to their depth.
     *
     * @throws LizardException USAGE where so few tokens do not hold the needles and the question
     */
    String prompt(Haystack haystack, int length, String task, Tokenizer tokenizer, RandomStream random) {
        int room = length - written(tokenizer);
        int bare = count(tokenizer, with(""));
        if (bare > room) {
            throw LizardException.at(
                    Kind.USAGE,
                    "no room for a needle",
                    "--tasks " + task,
                    "at least %d tokens".formatted(length + bare - room),
                    Integer.toString(length),
                    "ask for a longer text");
        }
        int wanted = room - bare;
        String hay = haystack.text(CHARACTERS_A_TOKEN * wanted + 1, random);
        Tokenized tokens = tokenizer.encodeWithOffsets(hay, false);
        while (tokens.ids().length <= wanted + ROOM) {
            hay = haystack.text(2 * hay.length(), random);
            tokens = tokenizer.encodeWithOffsets(hay, false);
        }
        String best = with("");
        int budget = wanted;
        for (int attempt = 0; attempt < TRIES && budget > 0; attempt++) {
            String prompt = with(cut(hay, tokens, budget));
            int spare = room - count(tokenizer, prompt);
            if (spare >= 0 && prompt.length() > best.length()) {
                best = prompt;
            }
            if (spare == 0) {
                break;
            }
            budget += spare;
        }
        return best;
    }

    /** The first tokens of a text, as whole words. */
    private static String cut(String hay, Tokenized tokens, int count) {
        int end = count < tokens.ids().length ? tokens.starts()[count] : hay.length();
        return end == hay.length() || hay.charAt(end) == ' '
                ? hay.substring(0, end)
                : hay.substring(0, Math.max(0, hay.lastIndexOf(' ', end)));
    }

    private String with(String hay) {
        List<Needle> inOrder = new ArrayList<>(hidden);
        inOrder.sort(Comparator.comparingDouble(Needle::depth));
        StringBuilder text = new StringBuilder(head);
        int from = 0;
        for (Needle needle : inOrder) {
            int at = Math.max(from, Sentences.nearest(hay, (int) Math.round(needle.depth() * hay.length())));
            text.append(hay, from, at).append(at > 0 && at == hay.length() ? " " : "");
            text.append(needle.sentence()).append(at < hay.length() ? " " : "");
            from = at;
        }
        return text.append(hay, from, hay.length()).append(tail).toString();
    }

    static int count(Tokenizer tokenizer, String text) {
        return tokenizer.encode(text, false).length;
    }
}
