package dev.lizard.eval.recall;

import dev.lizard.eval.result.RecallCell;
import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Request;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How a question with one right answer is answered, and judged. */
enum Answering {
    /**
     * The answer is fed behind the prompt: {@code exact}, whether each of its tokens is the most likely one, which is what
     * greedy writing would have given; {@code digits}, the share of such tokens.
     */
    FED("") {
        @Override
        List<Measure> measures() {
            return List.of(share(RecallCell.EXACT), share(RecallCell.DIGITS));
        }

        @Override
        Item item(String id, String prompt, String answer, int tokens, Map<String, String> traits) {
            Request.Candidate fed = new Request.Candidate(prompt, " " + answer);
            return new Item(id, new Request.Likelihoods(List.of(fed)), traits, given -> {
                Answer.Likelihood all = ((Answer.Likelihoods) given).all().getFirst();
                return Map.of(
                        RecallCell.EXACT,
                        Item.Value.of(all.isGreedy()),
                        RecallCell.DIGITS,
                        new Item.Value(all.correctTokens(), all.tokens()));
            });
        }
    },
    /** The model writes to the end of the line: {@code written}, whether the answer stands in what it wrote. */
    WRITTEN("_written") {
        @Override
        List<Measure> measures() {
            return List.of(share(RecallCell.WRITTEN));
        }

        @Override
        Item item(String id, String prompt, String answer, int tokens, Map<String, String> traits) {
            return new Item(id, new Request.Written(prompt, List.of("\n"), tokens), traits, given -> {
                boolean there = ((Answer.Written) given).text().contains(answer);
                return Map.of(RecallCell.WRITTEN, Item.Value.of(there));
            });
        }
    };

    /** The trait that tells how long a text is, in tokens. */
    static final String LENGTH = "length";

    /** The trait that tells where the answer stands. */
    static final String DEPTH = "depth";

    static final String HAYSTACK = "haystack";

    private final String suffix;

    Answering(String suffix) {
        this.suffix = suffix;
    }

    abstract List<Measure> measures();

    /** @param tokens that may be written at most */
    abstract Item item(String id, String prompt, String answer, int tokens, Map<String, String> traits);

    /** The name of a task and, where it is not 0, of its size. */
    String name(Enum<?> kind, int size) {
        String name = kind.name().toLowerCase(Locale.ROOT) + suffix;
        return size == 0 ? name : name + "@" + size;
    }

    List<String> groups(String kind) {
        return this == FED ? List.of("recall", kind) : List.of("recall" + suffix, kind + suffix);
    }

    private static Measure share(String name) {
        return new Measure(name, Measure.Summary.MEAN, true);
    }
}
