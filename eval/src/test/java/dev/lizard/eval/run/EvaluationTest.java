package dev.lizard.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Interrupt;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.eval.ByteModels;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.Request.Candidate;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Generator;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Scorer;
import dev.lizard.generate.Session;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LiveTensors.class)
class EvaluationTest {
    @TempDir
    private Path out;

    private Interrupt interrupt = new Interrupt();
    private final List<String> notes = new ArrayList<>();
    private final Map<String, Answer> answers = new HashMap<>();
    private int asked;
    private int stopAfter = Integer.MAX_VALUE;
    private Decoder decoder;
    private Tokenizer tokenizer;

    @BeforeEach
    void open() {
        decoder = ByteModels.random(3);
        tokenizer = ByteTokenizer.open(List.of("<|end|>"));
    }

    @AfterEach
    void close() {
        decoder.close();
        tokenizer.close();
    }

    /** Remembers answers; wishes to stop after so many. */
    private final class Asked implements Task {
        private final List<Request> requests;

        Asked(List<Request> requests) {
            this.requests = requests;
        }

        @Override
        public String name() {
            return "asked";
        }

        @Override
        public String about() {
            return "";
        }

        @Override
        public List<String> groups() {
            return List.of();
        }

        @Override
        public List<Item> items(TaskSource source) {
            return IntStream.range(0, requests.size())
                    .mapToObj(i -> new Item("item" + i, requests.get(i), Map.of(), answer -> {
                        answers.put("item" + i, answer);
                        if (++asked >= stopAfter) {
                            interrupt.request();
                        }
                        return Map.of("acc", Item.Value.of(i % 2));
                    }))
                    .toList();
        }

        @Override
        public List<Measure> measures() {
            return List.of(Measure.ACCURACY);
        }
    }

    private static List<Request> choices(int count) {
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String prompt = "x".repeat(40 * i + 1);
            requests.add(new Request.Likelihoods(List.of(new Candidate(prompt, " no"), new Candidate(prompt, " yes"))));
        }
        return requests;
    }

    private TaskOutcome run(List<Request> requests, EvalSettings settings) {
        EvalListener listener = new EvalListener() {
            @Override
            public Progress progress(String title, String unit, long total) {
                return Progress.NONE;
            }

            @Override
            public void note(String line) {
                notes.add(line);
            }

            @Override
            public void done(TaskOutcome outcome) {}
        };
        Evaluation evaluation = new Evaluation(settings, listener, interrupt);
        evaluation.run(
                new EvaluatedModel("tiny", Role.TEACHER, decoder, tokenizer, List.of()), List.of(new Asked(requests)));
        return evaluation.outcomes().getFirst();
    }

    private EvalSettings kept(int limit, long seed) {
        return new EvalSettings(null, out, limit, seed);
    }

    private Path log() {
        return out.resolve("tiny/asked.jsonl");
    }

    @Test
    void anInterruptedRunGoesOnWithoutAskingTwice() throws IOException {
        List<Request> requests = choices(9);
        stopAfter = 4;
        assertThatThrownBy(() -> run(requests, kept(0, 0)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INTERRUPTED))
                .hasMessageMatching("interrupted; [4-8] of 9 items of asked are kept; the same command goes on");
        int before = asked;
        List<String> lines = Files.readAllLines(log());
        assertThat(lines).hasSize(before + 1);
        // What a killed process leaves: a line that is not whole.
        Files.writeString(
                log(), String.join("\n", lines) + "\n" + lines.getLast().substring(0, 20));

        stopAfter = Integer.MAX_VALUE;
        interrupt = new Interrupt();
        TaskOutcome outcome = run(requests, kept(0, 0));
        assertThat(asked).isEqualTo(9);
        assertThat(outcome.items()).extracting(ItemResult::id).containsExactly(ids(9));
        assertThat(outcome.items())
                .extracting(item -> item.values().get("acc").sum())
                .containsExactly(0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0);
        assertThat(Files.readAllLines(log())).hasSize(10);
        assertThat(Files.readAllLines(log()).get(1)).startsWith("{\"id\":\"item0\"");

        TaskOutcome again = run(requests, kept(0, 0));
        assertThat(asked).isEqualTo(9);
        assertThat(again.read()).isZero();
        assertThat(again.items()).isEqualTo(outcome.items());
    }

    private static String[] ids(int count) {
        return IntStream.range(0, count).mapToObj(i -> "item" + i).toArray(String[]::new);
    }

    @Test
    void aLogOfAnotherRunIsRefusedInOneLine() throws IOException {
        TaskOutcome _ = run(choices(3), kept(2, 5));
        String line = "log of another run in " + log() + ": expected %s; choose another --out, or delete the file";
        assertThatThrownBy(() -> run(choices(3), kept(2, 6))).hasMessage(line.formatted("seed 6 but found 5"));
        assertThatThrownBy(() -> run(choices(1), kept(2, 5)))
                .hasMessageMatching(".*: expected items \\w{64} but found \\w{64}; choose .*");
        assertThatThrownBy(() -> run(choices(3), kept(1, 5))).hasMessageMatching(".*: expected items .*");
        decoder.close();
        decoder = ByteModels.random(4);
        assertThatThrownBy(() -> run(choices(3), kept(2, 5)))
                .hasMessageMatching(".*: expected model \\w{64} but found \\w{64}; choose .*");
        Files.writeString(log(), "{\"task\": \n");
        assertThatThrownBy(() -> run(choices(3), kept(2, 5)))
                .hasMessageStartingWith("malformed log in " + log() + ":1: expected a line of this program but found ");
    }

    @Test
    void itemsLongerThanTheModelWasTrainedForAreReadWholeAndCounted() {
        List<Request> requests = new ArrayList<>(choices(2));
        requests.add(new Request.Likelihoods(List.of(new Candidate("y".repeat(600), " yes"))));
        TaskOutcome outcome = run(requests, new EvalSettings(null, null, 0, 0));
        assertThat(outcome.beyond()).isOne();
        assertThat(outcome.items().getLast().tokens()).isEqualTo(604);
        assertThat(notes)
                .containsExactly(
                        "tiny, asked: 1 of 3 items are longer than the 512 tokens that the model was trained for;"
                                + " they were read whole");
    }

    @Test
    void theLimitTakesTheFirstItems() {
        assertThat(run(choices(5), new EvalSettings(null, null, 2, 0)).items())
                .extracting(ItemResult::id)
                .containsExactly(ids(2));
        assertThatThrownBy(() -> new EvalSettings(null, null, -1, 0))
                .hasMessage("--limit out of range: expected 1 or more, or 0 for all items, but found -1");
    }

    @Test
    void answersAreWrittenAsEachAloneWouldBe() {
        String examples = "Q: one and two? A: three. ".repeat(4);
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < 11; i++) {
            String prompt = (i < 6 ? examples : "") + "Q: " + "ab".repeat(i) + "? A:";
            requests.add(new Request.Written(prompt, i % 2 == 0 ? List.of() : List.of("e", "\n"), 3 + i));
        }
        TaskOutcome outcome = run(requests, new EvalSettings(null, null, 0, 0));
        for (int i = 0; i < requests.size(); i++) {
            Request.Written request = (Request.Written) requests.get(i);
            try (Session session = new Session(decoder)) {
                var alone = new Generator(tokenizer)
                        .generate(
                                session,
                                request.prompt(),
                                GenerationSettings.of(request.tokens(), SamplerSettings.GREEDY)
                                        .withStops(request.stops()),
                                GenerationListener.NONE,
                                () -> false);
                Answer.Written written = (Answer.Written) answers.get("item" + i);
                assertThat(written.ids()).isEqualTo(alone.ids());
                assertThat(written.text()).isEqualTo(alone.text());
                assertThat(outcome.items().get(i).text()).isEqualTo(alone.text());
                assertThat(outcome.items().get(i).tokens())
                        .isEqualTo(request.prompt().length() + alone.ids().size());
            }
        }
    }

    @Test
    void textsAreFollowedInWindowsOrInOneGo() {
        String text = "All happy families are alike; every unhappy family is unhappy in its own way.";
        int[] ids = tokenizer.encode(text, true);
        List<Request> requests = List.of(
                new Request.Rolling(text, 20),
                new Request.Tokens(IntStream.of(ids).boxed().toList()));
        TaskOutcome outcome = run(requests, new EvalSettings(null, null, 0, 0));
        Scorer scorer = new Scorer(decoder);
        assertThat(((Answer.Rolling) answers.get("item0")).nll())
                .isEqualTo(scorer.score(ids, 20, tokenizer).nll());
        List<Float> whole = ((Answer.Rolling) answers.get("item1")).nll();
        assertThat(whole).hasSize(ids.length - 1);
        assertThat(whole.getLast())
                .isCloseTo(scorer.score(ids, 0, tokenizer).nll().getLast(), within(1e-4f));
        assertThat(outcome.items()).extracting(ItemResult::tokens).containsExactly(20, ids.length);
    }
}
