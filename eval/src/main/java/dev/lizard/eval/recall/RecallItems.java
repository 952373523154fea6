package dev.lizard.eval.recall;

import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Request;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Items that ask for one right answer, and how they are judged. */
final class RecallItems {
    /** Whether each token of the answer is the most likely one: what greedy writing would have given. */
    static final String EXACT = "exact";

    /** The share of such tokens. */
    static final String DIGITS = "digits";

    /** Whether the answer stands in what the model wrote. */
    static final String WRITTEN = "written";

    static final List<Measure> MEASURES = List.of(mean(EXACT), mean(DIGITS), mean(WRITTEN));

    /** Traits of items that stand on a grid. */
    static final String LENGTH = "length";

    static final String DEPTH = "depth";
    static final String HAYSTACK = "haystack";

    private RecallItems() {}

    /** The name of a task and, where it is not 0, of its size. */
    static String name(Enum<?> kind, int size) {
        String name = kind.name().toLowerCase(Locale.ROOT);
        return size == 0 ? name : name + "@" + size;
    }

    static Measure mean(String name) {
        return new Measure(name, Measure.Summary.MEAN, true);
    }

    /** The answer is fed behind the prompt. */
    static Item asked(String id, String prompt, String answer, Map<String, String> traits) {
        return new Item(
                id,
                new Request.Likelihoods(List.of(new Request.Candidate(prompt, " " + answer))),
                traits,
                RecallItems::judge);
    }

    private static Map<String, Item.Value> judge(Answer answer) {
        Answer.Likelihood all = ((Answer.Likelihoods) answer).all().getFirst();
        return Map.of(EXACT, Item.Value.of(all.isGreedy()), DIGITS, new Item.Value(all.correctTokens(), all.tokens()));
    }

    /** The model writes on; {@code tokens} at most, to the end of the line. */
    static Item written(String id, String prompt, String answer, int tokens, Map<String, String> traits) {
        return new Item(
                id,
                new Request.Written(prompt, List.of("\n"), tokens),
                traits,
                given -> Map.of(
                        WRITTEN, Item.Value.of(((Answer.Written) given).text().contains(answer))));
    }
}
