package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.generate.FinishReason;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Sampler;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Scheduler;
import dev.lizard.serve.schedule.Ticket;
import dev.lizard.serve.schedule.Work;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(LiveTensors.class)
class SchedulerTest {
    private static final Duration LONG = Duration.ofMinutes(2);
    private static final long KEPT = 1 << 26;

    private static ByteModel student;
    private static ByteModel teacher;

    @BeforeAll
    static void open() {
        student = new ByteModel(true);
        teacher = new ByteModel(false);
    }

    @AfterAll
    static void close() {
        student.close();
        teacher.close();
    }

    private static Scheduler scheduler(ByteModel model, int running, long kept) {
        return new Scheduler(model.decoder, model.tokenizer, new Scheduler.Limits(running, 200, kept));
    }

    private static int[] prompt(long seed, int length) {
        RandomStream random = new RandomStream(seed);
        int[] ids = new int[length];
        Arrays.setAll(ids, i -> random.nextInt(256));
        return ids;
    }

    /** Greedy ones and others. */
    private static SamplerSettings sampling(int i) {
        return i % 2 == 0
                ? SamplerSettings.GREEDY
                : SamplerSettings.ofTemperature(0.8, i).withTopP(0.9);
    }

    private static Work work(int[] prompt, int tokens, SamplerSettings sampling) {
        return new Work(prompt, List.of(GenerationSettings.of(tokens, sampling)), 0, false, LONG);
    }

    /** The definition: a session of its own that reads the prompt at once. */
    private static List<Integer> alone(ByteModel model, int[] prompt, int tokens, SamplerSettings sampling) {
        List<Integer> ids = new ArrayList<>();
        try (Session session = new Session(model.decoder)) {
            session.prefill(prompt);
            Sampler sampler = new Sampler(sampling, ByteModel.VOCABULARY);
            while (ids.size() < tokens && (ids.isEmpty() || ids.getLast() != ByteModel.END)) {
                ids.add(session.draw(sampler));
                session.read(ids.getLast());
            }
        }
        return ids;
    }

    private static Event next(Ticket ticket) {
        try {
            Ticket.Told told = ticket.next(LONG.toMillis());
            assertThat(told).as("told in time").isNotNull();
            return told.event();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The ids of a work with one choice, an ending one included. */
    private static List<Integer> ids(Ticket ticket) {
        List<Integer> ids = new ArrayList<>();
        while (true) {
            switch (next(ticket)) {
                case Event.Piece piece -> piece.tokens().forEach(token -> ids.add(token.id()));
                case Event.Ended ended -> {
                    assertThat(ended.tokens()).isEqualTo(ids.size());
                    return ids;
                }
                case Event.Failed failed -> throw new AssertionError(failed.message());
                case Event.Read _, Event.Stored _ -> {}
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAnswerIsTheSameAloneAndAmong63OthersThatComeAndGo(boolean converted) {
        ByteModel model = converted ? student : teacher;
        int count = 64;
        RandomStream random = new RandomStream(5);
        List<Work> works = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            works.add(work(prompt(i, 1 + 7 * i), 4 + random.nextInt(30), sampling(i)));
        }
        try (Scheduler scheduler = scheduler(model, 64, KEPT)) {
            List<Ticket> tickets = new ArrayList<>();
            for (Work work : works) {
                tickets.add(scheduler.submit(List.of(work)).orElseThrow());
            }
            for (int i = 0; i < count; i += 3) {
                tickets.get(i).cancel();
            }
            for (int i = 0; i < count; i++) {
                if (i % 3 != 0) {
                    GenerationSettings settings = works.get(i).choices().getFirst();
                    assertThat(ids(tickets.get(i)))
                            .as("work %d", i)
                            .isEqualTo(alone(model, works.get(i).prompt(), settings.maxTokens(), settings.sampling()));
                }
            }
        }
    }

    @Test
    void aPromptThatIsReadInSmallPiecesBetweenTheTokensOfOthersGivesTheSame() {
        try (Scheduler scheduler = scheduler(student, 8, 0)) {
            Work writes = new Work(
                    prompt(1, 9),
                    List.of(GenerationSettings.of(400, SamplerSettings.GREEDY).goingPastEnd()),
                    0,
                    false,
                    LONG);
            Ticket other = scheduler.submit(List.of(writes)).orElseThrow();
            assertThat(next(other)).isInstanceOf(Event.Read.class);
            int[] prompt = prompt(2, 1_500);
            Ticket ticket = scheduler
                    .submit(List.of(work(prompt, 20, SamplerSettings.GREEDY)))
                    .orElseThrow();
            assertThat(ids(ticket)).isEqualTo(alone(student, prompt, 20, SamplerSettings.GREEDY));
            other.cancel();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatGoesOnFromAKnownStateIsTheSameAsReadAnew(boolean converted) {
        ByteModel model = converted ? student : teacher;
        try (Scheduler scheduler = scheduler(model, 4, KEPT)) {
            int[] said = prompt(3, 40);
            int known = 0;
            for (int turn = 0; turn < 6; turn++) {
                Ticket ticket = scheduler
                        .submit(List.of(work(said, 12, SamplerSettings.GREEDY)))
                        .orElseThrow();
                Event.Read read = (Event.Read) next(ticket);
                assertThat(read.cached()).as("turn %d", turn).isEqualTo(known);
                List<Integer> answer = ids(ticket);
                assertThat(answer).isEqualTo(alone(model, said, 12, SamplerSettings.GREEDY));
                known = said.length + answer.size() - (answer.getLast() == ByteModel.END ? 1 : 0);
                int[] next = Arrays.copyOf(said, known + 30);
                for (int i = said.length; i < known; i++) {
                    next[i] = answer.get(i - said.length);
                }
                System.arraycopy(prompt(100 + turn, 30), 0, next, known, 30);
                said = next;
            }
            int[] edited = said.clone(); // another last message: from the answer before it
            edited[edited.length - 30]++;
            Ticket ticket = scheduler
                    .submit(List.of(work(edited, 12, SamplerSettings.GREEDY)))
                    .orElseThrow();
            assertThat(((Event.Read) next(ticket)).cached()).isEqualTo(known);
            assertThat(ids(ticket)).isEqualTo(alone(model, edited, 12, SamplerSettings.GREEDY));
        }
    }

    @Test
    void severalChoicesOfOnePromptAreReadOnceAndDrawnAsAlone() {
        int[] prompt = prompt(4, 60);
        List<GenerationSettings> choices = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            choices.add(GenerationSettings.of(9, SamplerSettings.ofTemperature(1, i))
                    .goingPastEnd());
        }
        try (Scheduler scheduler = scheduler(student, 2, KEPT)) { // they wait for lanes too
            Ticket ticket = scheduler
                    .submit(List.of(new Work(prompt, choices, 0, false, LONG)))
                    .orElseThrow();
            List<List<Integer>> ids = new ArrayList<>();
            choices.forEach(choice -> ids.add(new ArrayList<>()));
            for (int ended = 0; ended < choices.size(); ) {
                Event event = next(ticket);
                if (event instanceof Event.Piece piece) {
                    piece.tokens().forEach(token -> ids.get(piece.choice()).add(token.id()));
                }
                ended += event instanceof Event.Ended ? 1 : 0;
            }
            for (int i = 0; i < choices.size(); i++) {
                try (Session session = new Session(student.decoder)) {
                    session.prefill(prompt);
                    Sampler sampler = new Sampler(choices.get(i).sampling(), ByteModel.VOCABULARY);
                    for (int id : ids.get(i)) {
                        assertThat(id).isEqualTo(session.draw(sampler));
                        session.read(id);
                    }
                }
                assertThat(ids.get(i)).hasSize(9);
            }
            assertThat(scheduler.figures().promptTokens()).isEqualTo(60);
        }
    }

    private static Work endless(int seed) {
        GenerationSettings settings =
                GenerationSettings.of(1_000_000, SamplerSettings.GREEDY).goingPastEnd();
        return new Work(prompt(seed, 5), List.of(settings), 0, false, LONG);
    }

    @Test
    void oneThatIsCancelledFreesItsLaneForTheNext() {
        try (Scheduler scheduler = scheduler(student, 1, KEPT)) {
            Ticket first = scheduler.submit(List.of(endless(1))).orElseThrow();
            assertThat(next(first)).isInstanceOf(Event.Read.class);
            Ticket second = scheduler
                    .submit(List.of(work(prompt(2, 30), 5, SamplerSettings.GREEDY)))
                    .orElseThrow();
            Ticket third = scheduler.submit(List.of(endless(3))).orElseThrow();
            third.cancel(); // while it waits
            first.cancel();
            assertThat(ids(second)).isEqualTo(alone(student, prompt(2, 30), 5, SamplerSettings.GREEDY));
            Ticket fourth = scheduler
                    .submit(List.of(work(prompt(4, 30), 5, SamplerSettings.GREEDY)))
                    .orElseThrow();
            assertThat(ids(fourth)).isEqualTo(alone(student, prompt(4, 30), 5, SamplerSettings.GREEDY));
            assertThat(scheduler.figures().finished(FinishReason.CANCELLED)).isEqualTo(1);
        }
    }

    @Test
    void oneThatTakesTooLongIsEndedWhereverItIs() {
        try (Scheduler scheduler = scheduler(student, 1, KEPT)) {
            Work endless = endless(1);
            Work brief = new Work(endless.prompt(), endless.choices(), 0, false, Duration.ofMillis(200));
            Ticket writes = scheduler.submit(List.of(brief)).orElseThrow();
            Ticket waits = scheduler.submit(List.of(brief)).orElseThrow();
            for (Ticket ticket : List.of(writes, waits)) {
                Event event = next(ticket);
                while (!(event instanceof Event.Failed)) {
                    event = next(ticket);
                }
                assertThat(((Event.Failed) event).cause()).isEqualTo(Event.Cause.TIME);
            }
        }
    }

    @Test
    void moreThanMayWaitAreTurnedAwayAllOrNone() {
        Ticket first;
        Ticket waits;
        try (Scheduler scheduler =
                new Scheduler(student.decoder, student.tokenizer, new Scheduler.Limits(1, 3, KEPT))) {
            first = scheduler.submit(List.of(endless(1))).orElseThrow();
            assertThat(next(first)).isInstanceOf(Event.Read.class);
            assertThat(scheduler.submit(Collections.nCopies(4, endless(2)))).isEmpty();
            waits = scheduler.submit(Collections.nCopies(3, endless(2))).orElseThrow();
            assertThat(scheduler.submit(List.of(endless(3)))).isEmpty();
        }
        for (Ticket ticket : List.of(first, waits)) {
            Event event = next(ticket);
            while (!(event instanceof Event.Failed)) {
                event = next(ticket);
            }
            assertThat(((Event.Failed) event).cause()).isEqualTo(Event.Cause.CLOSING);
        }
    }

    @Test
    void keptStatesStayWithinTheirBytes() {
        long budget = 200_000;
        try (Scheduler scheduler = scheduler(student, 4, budget)) {
            for (int i = 0; i < 30; i++) {
                ids(scheduler
                        .submit(List.of(work(prompt(i, 50 + i), 3, SamplerSettings.GREEDY)))
                        .orElseThrow());
                assertThat(scheduler.figures().held().keptBytes()).isLessThanOrEqualTo(budget);
            }
            assertThat(scheduler.figures().held().keptStates()).isPositive();
        }
    }
}
