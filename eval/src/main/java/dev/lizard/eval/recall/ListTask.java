package dev.lizard.eval.recall;

import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.SizedTask;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.tensor.RandomStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A list of keys with values of which one is asked for, on a grid of how many there are and which it is: all are equal,
 * so nothing tells the memory which will matter.
 *
 * @param size how many entries, or 0 for the standard grid
 */
record ListTask(Kind kind, Answering by, int size) implements SizedTask {
    /** How the list is written. */
    enum Kind {
        /** Short numbers, as digits of a model this small go. */
        KEY_VALUES("pairs", List.of(8, 16, 32, 64, 128)),
        /** In the form of LongEval's lines (Li et al. 2023). */
        LONGEVAL_LINES("lines", List.of(25, 50, 100, 200, 400));

        private final String unit;

        @SuppressWarnings("ImmutableEnumChecker") // of List.of
        private final List<Integer> standard;

        Kind(String unit, List<Integer> standard) {
            this.unit = unit;
            this.standard = standard;
        }
    }

    private static final int MOST_NUMBER = 50_000;

    private static final List<String> HEADS = List.of(
            "Remember this list.\n\n", "Here is a list of names and their numbers.\n\n", "Names and numbers:\n\n", "");
    private static final List<String> ENTRIES = List.of("%s: %s\n", "%s = %s\n", "%s is %s\n", "- %s: %s\n");
    private static final List<String> ASKED = List.of(
            "\nWhat is the number of %1$s?\n%2$s",
            "\nQuestion: which number belongs to %1$s?\nAnswer: %2$s",
            "\nNow say once more what the list has for %1$s.\n%2$s");

    private static final String LINES_HEAD =
            "Below is a record of lines to be remembered. Each begins with 'line' and its index and ends with its"
                    + " <REGISTER_CONTENT>, a number. At the end one of them is asked for. The record:\n\n";
    private static final String LINES_ENTRY = "line %s: REGISTER_CONTENT is <%s>\n";
    private static final String LINES_ASKED = "\nThe record is over. What is the <REGISTER_CONTENT> in line %1$s?\n"
            + "The <REGISTER_CONTENT> in line %1$s is";

    ListTask(Kind kind, Answering by) {
        this(kind, by, 0);
    }

    @Override
    public String name() {
        return by.name(kind, size);
    }

    @Override
    public String about() {
        return switch (kind) {
            case KEY_VALUES -> "the number that belongs to a name in a list; @pairs";
            case LONGEVAL_LINES -> "the number of a line, in LongEval's form; @lines";
        };
    }

    @Override
    public List<String> groups() {
        return by.groups("lists");
    }

    @Override
    public Task at(int entries) {
        return new ListTask(kind, by, entries);
    }

    @Override
    public List<Measure> measures() {
        return by.measures();
    }

    @Override
    public List<Item> items(TaskSource source) {
        Grid grid = Grid.of(size == 0 ? kind.standard : List.of(size));
        return new DrawnItems(grid.size(), index -> item(grid.place(index), source));
    }

    private Item item(Grid.Place place, TaskSource source) {
        RandomStream random = RandomStream.named(source.seed(), "recall/" + kind + "/" + place.id());
        List<String> keys = Words.keys(place.size(), random);
        int[] values = values(place.size(), random);
        int asked = (int) Math.round(place.depth() * (place.size() - 1));
        boolean lines = kind == Kind.LONGEVAL_LINES;
        String entry = lines ? LINES_ENTRY : Draws.one(ENTRIES, random);
        StringBuilder prompt = new StringBuilder(lines ? LINES_HEAD : Draws.one(HEADS, random));
        for (int i = 0; i < place.size(); i++) {
            prompt.append(entry.formatted(keys.get(i), values[i]));
        }
        String key = keys.get(asked);
        String said = entry.formatted(key, "").stripTrailing(); // the answer's line as far as the key
        prompt.append((lines ? LINES_ASKED : Draws.one(ASKED, random)).formatted(key, said));
        String answer = lines ? "<" + values[asked] + ">" : Integer.toString(values[asked]);
        Map<String, String> traits = new LinkedHashMap<>();
        traits.put(kind.unit, Integer.toString(place.size()));
        traits.put(Answering.DEPTH, place.depthText());
        return by.item(place.id(), prompt.toString(), answer, Needles.written(answer, source.tokenizer()), traits);
    }

    /** Different numbers of equally many digits, so that none stands in another; LongEval's lines have their own range. */
    private int[] values(int count, RandomStream random) {
        if (kind == Kind.LONGEVAL_LINES && count <= MOST_NUMBER) {
            return Draws.distinct(1, MOST_NUMBER + 1, count, random);
        }
        int least = IntStream.iterate(100, power -> 10 * power)
                .filter(power -> 4 * power >= count)
                .findFirst()
                .orElseThrow();
        return Draws.distinct(least, 10 * least, count, random);
    }
}
