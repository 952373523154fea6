package dev.lizard.eval.generation;

import dev.lizard.base.Progress;
import dev.lizard.generate.Engine;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.generate.TokenWriter;
import dev.lizard.model.Decoder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Writes the likeliest tokens after many prompts, several at a time.
 *
 * @param tokens of a text at most
 * @param ends ids that end one, kept as its last; none for texts of equal length
 * @param stop asked before each token; what was written by then is given
 */
public record GreedyWriter(int tokens, Set<Integer> ends, BooleanSupplier stop) {
    private static final int TOGETHER = 8;

    /** The ids written after each of the prompts, which are not empty. */
    public List<int[]> write(Decoder model, List<int[]> prompts, Progress progress) {
        List<Text> texts = new ArrayList<>();
        Iterator<int[]> left = prompts.iterator();
        long written = 0;
        while (left.hasNext()) {
            List<Session> sessions = new ArrayList<>();
            try (Engine engine = new Engine(model, TOGETHER)) {
                for (int row = 0; row < TOGETHER && left.hasNext(); row++) {
                    Session session = new Session(model);
                    sessions.add(session);
                    texts.add(new Text());
                    Sampler greedy = new Sampler(SamplerSettings.GREEDY, model.vocabulary());
                    engine.join(session, List.of(left.next()).iterator(), greedy, texts.getLast());
                }
                long before = written;
                while (engine.step()) {
                    written = texts.stream().mapToLong(text -> text.ids.size()).sum();
                    if (written != before) {
                        progress.update(written, "");
                    }
                }
            } finally {
                sessions.forEach(Session::close);
            }
        }
        return texts.stream()
                .map(text -> text.ids.stream().mapToInt(Integer::intValue).toArray())
                .toList();
    }

    private final class Text implements TokenWriter {
        private final List<Integer> ids = new ArrayList<>();
        private boolean ended;

        @Override
        public boolean take(int id) {
            ids.add(id);
            ended = ends.contains(id);
            return !ended;
        }

        @Override
        public boolean isDone() {
            return ended || ids.size() >= tokens || stop.getAsBoolean();
        }
    }
}
