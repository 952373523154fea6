package dev.lizard.eval.recall;

import dev.lizard.base.LizardException;
import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.LongTexts;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.SizedTask;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Negative log-likelihood by position in long texts, far beyond the length a model was trained on: of all tokens, and of
 * those apart that {@linkplain Repeats repeat} an earlier 3-gram of the text and those that are first seen.
 *
 * <p>Measures are means in nats over the tokens that have {@code from} to {@code to} − 1 tokens before them, ranges
 * doubling from 128: {@code nll_from_to}, {@code nll_repeated_from_to}, {@code nll_first_seen_from_to}.
 *
 * @param size tokens of each text
 */
record PositionTask(int size) implements SizedTask {
    static final String NAME = "nll_by_position";

    private static final int STANDARD = 8192;
    private static final int FIRST = 128;
    private static final int TEXTS = 20;
    private static final int CHARACTERS_A_TOKEN = 6;

    /** What is told apart, by the beginning of a measure's name. */
    enum Split {
        NLL,
        NLL_REPEATED,
        NLL_FIRST_SEEN;

        private boolean counts(boolean repeated) {
            return this == NLL || (this == NLL_REPEATED) == repeated;
        }
    }

    /** Positions {@code from} (inclusive) to {@code to} (exclusive). */
    record Range(int from, int to) {
        String measure(Split split) {
            return split.name().toLowerCase(Locale.ROOT) + "_" + from + "_" + to;
        }
    }

    PositionTask() {
        this(STANDARD);
    }

    @Override
    public String name() {
        return size == STANDARD ? NAME : NAME + "@" + size;
    }

    @Override
    public String about() {
        return "likelihood by position in books, repeated and first-seen tokens apart; @tokens";
    }

    @Override
    public List<String> groups() {
        return List.of("recall", "positions");
    }

    @Override
    public Task at(int tokens) {
        if (tokens < 2) {
            throw LizardException.usage(
                    "bad size in --tasks %s@%d: expected 2 or more tokens but found %d; ask for more"
                            .formatted(NAME, tokens, tokens));
        }
        return new PositionTask(tokens);
    }

    List<Range> ranges() {
        List<Range> ranges = new ArrayList<>();
        int from = 0;
        while (from < size) {
            int to = Math.min(Math.max(FIRST, 2 * from), size);
            ranges.add(new Range(from, to));
            from = to;
        }
        return ranges;
    }

    @Override
    public List<Measure> measures() {
        return Arrays.stream(Split.values())
                .flatMap(split -> ranges().stream().map(range -> range.measure(split)))
                .map(name -> new Measure(name, Measure.Summary.MEAN, false))
                .toList();
    }

    @Override
    public List<Item> items(TaskSource source) {
        List<String> texts =
                LongTexts.of(source).stream().filter(text -> !text.isBlank()).toList();
        Haystack haystack = texts.isEmpty() ? new Haystack.Tales() : new Haystack.Books(texts);
        return new DrawnItems(TEXTS, index -> item(index, haystack, source));
    }

    private Item item(int index, Haystack haystack, TaskSource source) {
        RandomStream random = RandomStream.named(source.seed(), "recall/" + name() + "/" + index);
        int characters = CHARACTERS_A_TOKEN * size;
        int[] ids = source.tokenizer().encode(haystack.text(characters, random), true);
        while (ids.length < size) {
            characters *= 2;
            ids = source.tokenizer().encode(haystack.text(characters, random), true);
        }
        int[] read = Arrays.copyOf(ids, size);
        boolean[] repeated = Repeats.of(read, Repeats.N);
        return new Item(
                Integer.toString(index),
                new Request.Tokens(Arrays.stream(read).boxed().toList()),
                Map.of(Answering.HAYSTACK, haystack.name()),
                answer -> judge(((Answer.Rolling) answer).nll(), repeated));
    }

    /** @param nll of tokens 1 to T − 1 */
    private Map<String, Item.Value> judge(List<Float> nll, boolean[] repeated) {
        Map<String, Item.Value> values = new LinkedHashMap<>();
        for (Split split : Split.values()) {
            for (Range range : ranges()) {
                double sum = 0;
                int count = 0;
                for (int t = Math.max(1, range.from()); t < range.to(); t++) {
                    if (split.counts(repeated[t])) {
                        sum += nll.get(t - 1);
                        count++;
                    }
                }
                if (count > 0) {
                    values.put(range.measure(split), new Item.Value(sum, count));
                }
            }
        }
        return values;
    }
}
