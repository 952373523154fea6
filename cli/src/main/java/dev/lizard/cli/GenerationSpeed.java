package dev.lizard.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.lizard.base.Quantiles;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.model.Decoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What {@code bench generate} found; written as JSON it is the line that it promises.
 *
 * @param kind {@code generate}
 * @param prefillTokensPerS median speed of reading
 * @param decodeTokensPerS median speed of writing
 * @param msPerToken 1000 / {@code decodeTokensPerS}
 * @param stateBytes bytes of state after a run
 * @param runs each run
 * @param contexts writing after longer texts
 */
record GenerationSpeed(
        @JsonProperty("case") String kind,
        double prefillTokensPerS,
        double decodeTokensPerS,
        double msPerToken,
        long stateBytes,
        List<Run> runs,
        @JsonInclude(JsonInclude.Include.NON_EMPTY) List<AtContext> contexts) {
    /** One run. */
    record Run(double prefillTokensPerS, double decodeTokensPerS, long stateBytes) {}

    /** Writing after {@code tokens} tokens. */
    record AtContext(int tokens, double msPerToken, double decodeTokensPerS, long stateBytes) {}

    static GenerationSpeed of(List<Run> runs, List<AtContext> contexts) {
        double decode = median(runs, Run::decodeTokensPerS);
        return new GenerationSpeed(
                "generate",
                median(runs, Run::prefillTokensPerS),
                decode,
                1000 / decode,
                runs.getLast().stateBytes(),
                runs,
                contexts);
    }

    private static double median(List<Run> runs, ToDoubleFunction<Run> value) {
        return Quantiles.of(runs.stream().mapToDouble(value).toArray()).median();
    }

    /** Runs sessions against the clock. */
    static final class Meter {
        private static final double NANOS = 1e9;

        private final Decoder decoder;
        private final SamplerSettings settings;

        Meter(Decoder decoder, SamplerSettings settings) {
            this.decoder = decoder;
            this.settings = settings;
        }

        /** Reads {@code prompt} tokens, the choice of the first new one included, and writes {@code fresh}. */
        Run run(int prompt, int fresh) {
            Sampler sampler = sampler();
            try (Session session = new Session(decoder)) {
                long start = System.nanoTime();
                session.prefill(ids(prompt));
                int id = session.draw(sampler);
                double reading = seconds(start);
                double writing = write(session, sampler, id, fresh);
                return new Run(prompt / reading, fresh / writing, session.stateBytes());
            }
        }

        /**
         * Writing after each of {@code lengths} tokens, which are read unmeasured. The sessions take turns, a token
         * each, so that a slow moment of the machine falls on all of them; medians over {@code fresh} tokens.
         */
        List<AtContext> after(List<Integer> lengths, int fresh) {
            List<Writer> writers = new ArrayList<>();
            try {
                for (int length : lengths) {
                    writers.add(new Writer(length, fresh));
                    writers.getLast().read();
                }
                for (int i = 0; i < fresh; i++) {
                    for (Writer writer : writers) {
                        writer.write(i);
                    }
                }
                return writers.stream().map(Writer::result).toList();
            } finally {
                writers.forEach(Writer::close);
            }
        }

        private static double write(Session session, Sampler sampler, int first, int fresh) {
            int id = first;
            long start = System.nanoTime();
            for (int i = 0; i < fresh; i++) {
                session.read(id);
                id = session.draw(sampler);
            }
            return seconds(start);
        }

        private Sampler sampler() {
            return new Sampler(settings, decoder.config().vocabSize());
        }

        /** Ids spread over the vocabulary, without meaning. */
        private int[] ids(int count) {
            int vocabulary = decoder.config().vocabSize();
            int[] ids = new int[count];
            for (int i = 0; i < count; i++) {
                ids[i] = (int) ((i * 31L % Math.min(vocabulary, 40_000) + 100) % vocabulary);
            }
            return ids;
        }

        private static double seconds(long start) {
            return (System.nanoTime() - start) / NANOS;
        }

        /** A session that writes, and the seconds that each token took. */
        private final class Writer implements AutoCloseable {
            private final int context;
            private final double[] seconds;
            private final Session session = new Session(decoder);
            private final Sampler sampler = sampler();

            Writer(int context, int fresh) {
                this.context = context;
                seconds = new double[fresh];
            }

            void read() {
                session.prefill(ids(context));
            }

            void write(int token) {
                long start = System.nanoTime();
                session.read(session.draw(sampler));
                seconds[token] = seconds(start);
            }

            AtContext result() {
                double median = Quantiles.of(seconds).median();
                return new AtContext(context, 1000 * median, 1 / median, session.stateBytes());
            }

            @Override
            public void close() {
                session.close();
            }
        }
    }
}
