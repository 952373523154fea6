package dev.lizard.eval.demo;

import dev.lizard.generate.Engine;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.generate.TokenWriter;
import dev.lizard.model.Decoder;
import java.util.ArrayList;
import java.util.List;

/**
 * Texts that a model of bytes writes by itself, many at a time: what it is like, without the books it was made from.
 *
 * @param length bytes of a text
 * @param temperature of the draws
 * @param seed of the draws; the same seed gives the same texts
 */
record TeacherSamples(int length, double temperature, long seed) {
    private static final int BATCH = 128;

    /** Texts of plain ASCII, {@code length} bytes each: {@code count} of an endless list, from {@code first} on. */
    List<String> draw(Decoder model, int first, int count) {
        List<String> texts = new ArrayList<>();
        while (texts.size() < count) {
            texts.addAll(batch(model, Math.min(BATCH, count - texts.size()), first + texts.size()));
        }
        return texts;
    }

    private List<String> batch(Decoder model, int rows, int first) {
        List<Text> texts = new ArrayList<>();
        try (Session start = new Session(model);
                Engine engine = new Engine(model, rows)) {
            start.read(start(model));
            for (int row = 0; row < rows; row++) {
                SamplerSettings settings = SamplerSettings.ofTemperature(temperature, 1_000 * seed + first + row);
                texts.add(new Text());
                engine.branch(start, new Sampler(settings, model.vocabulary()), texts.getLast());
            }
            engine.run();
        }
        return texts.stream().map(text -> text.letters.toString()).toList();
    }

    private final class Text implements TokenWriter {
        private final StringBuilder letters = new StringBuilder();

        @Override
        public boolean take(int id) {
            letters.append(plain(id));
            return !isDone();
        }

        @Override
        public boolean isDone() {
            return letters.length() == length;
        }
    }

    /** What stands before a text: the token that ended the one before. */
    private static int start(Decoder model) {
        List<Integer> ends = model.config().eosIds();
        return ends.isEmpty() ? '\n' : ends.getFirst();
    }

    private static char plain(int id) {
        return id == '\n' || (id >= ' ' && id <= '~') ? (char) id : ' ';
    }
}
