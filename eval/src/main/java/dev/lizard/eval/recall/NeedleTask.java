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

/**
 * Something hidden in a long text and asked for at its end, on a grid of lengths and depths. A length is of the prompt
 * and all that may be written after it, in the model's own tokens, exact but for the last word of the haystack.
 *
 * @param size the one length, or 0 for the standard grid
 */
record NeedleTask(Kind kind, Answering by, int size) implements SizedTask {
    private static final int TRIES = 1000;

    /** What is hidden, and in what. */
    enum Kind {
        PASSKEY("five digits, in a repeated filler and in books"),
        FIVE_PASSKEYS("one of five passkeys of several words, in books"),
        S_NIAH_1("the number that belongs to a key, in a repeated filler"),
        S_NIAH_2("the number that belongs to a key, in books"),
        S_NIAH_3("the uuid that belongs to a key, in books"),
        MULTI_KEY_NIAH("the number that belongs to one of four keys, in books");

        private final String about;

        Kind(String about) {
            this.about = about;
        }

        private Needles draw(double depth, TaskSource source, RandomStream random) {
            return switch (this) {
                case PASSKEY -> Passkeys.one(depth, random);
                case FIVE_PASSKEYS -> Passkeys.five(depth, source.tokenizer(), random);
                case S_NIAH_1, S_NIAH_2 -> Niah.draw(Niah.Value.NUMBER, 0, depth, random);
                case S_NIAH_3 -> Niah.draw(Niah.Value.UUID, 0, depth, random);
                case MULTI_KEY_NIAH -> Niah.draw(Niah.Value.NUMBER, 3, depth, random);
            };
        }

        /** Whether item {@code turn} of a length is hidden in the filler. */
        private boolean inFiller(int turn) {
            return this == S_NIAH_1 || (this == PASSKEY && turn % 2 == 0);
        }
    }

    NeedleTask(Kind kind, Answering by) {
        this(kind, by, 0);
    }

    @Override
    public String name() {
        return by.name(kind, size);
    }

    @Override
    public String about() {
        return kind.about + "; @tokens";
    }

    @Override
    public List<String> groups() {
        return by.groups("needles");
    }

    @Override
    public Task at(int tokens) {
        return new NeedleTask(kind, by, tokens);
    }

    @Override
    public List<Measure> measures() {
        return by.measures();
    }

    @Override
    public List<Item> items(TaskSource source) {
        Grid grid = size == 0 ? Grid.STANDARD : Grid.of(List.of(size));
        Haystack filler = new Haystack.Filler();
        Haystack books = Haystack.of(source);
        return new DrawnItems(grid.size(), index -> {
            int turn = index / grid.sizes().size();
            return item(grid.place(index), kind.inFiller(turn) ? filler : books, source);
        });
    }

    private Item item(Grid.Place place, Haystack haystack, TaskSource source) {
        String id = place.id();
        Map<String, String> traits = new LinkedHashMap<>();
        traits.put(Answering.LENGTH, Integer.toString(place.size()));
        traits.put(Answering.DEPTH, place.depthText());
        traits.put(Answering.HAYSTACK, haystack.name());
        RandomStream random = RandomStream.named(source.seed(), "recall/" + kind + "/" + id);
        for (int attempt = 0; attempt < TRIES; attempt++) {
            Needles needles = kind.draw(place.depth(), source, random);
            String prompt = needles.prompt(haystack, place.size(), name(), source.tokenizer(), random);
            if (prompt.indexOf(needles.answer()) == prompt.lastIndexOf(needles.answer())) {
                return by.item(id, prompt, needles.answer(), needles.written(source.tokenizer()), traits);
            }
        }
        throw new IllegalStateException("%s %s: each answer drawn stands in the haystack too".formatted(name(), id));
    }
}
