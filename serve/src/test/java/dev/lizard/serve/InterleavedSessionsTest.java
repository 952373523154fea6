package dev.lizard.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.generate.FinishReason;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.ModelFingerprint;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.serve.schedule.Event;
import dev.lizard.serve.schedule.Scheduler;
import dev.lizard.serve.schedule.SpillFolder;
import dev.lizard.serve.schedule.Ticket;
import dev.lizard.serve.schedule.TokenScore;
import dev.lizard.serve.schedule.Work;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many sessions on one engine that never see each other's state, whatever happens to them. */
@ExtendWith(LiveTensors.class)
class InterleavedSessionsTest {
    private static final int SESSIONS = 64;
    private static final int LONGEST = 400;
    private static final float NEAR = 1e-3f;

    @TempDir
    private Path folder = Path.of(".");

    /** What was asked, and what was answered. */
    @SuppressWarnings("ArrayRecordComponent") // A plain carrier.
    private record Turn(int[] prompt, GenerationSettings settings, List<TokenScore> answer) {}

    /** A session under way: its tokens, and the request that goes on with it. */
    private static final class Talk {
        private final RandomStream random;
        private final List<Turn> turns = new ArrayList<>();
        private int[] ids = new int[0];
        private final List<Integer> ends = new ArrayList<>(List.of(0));
        private @Nullable Ticket ticket;
        private @Nullable Work work;
        private final List<TokenScore> heard = new ArrayList<>();
        private int patience;

        Talk(int seed) {
            random = new RandomStream(seed);
        }

        /** Goes on with some tokens, from an earlier place now and then. */
        void ask(Scheduler scheduler, List<Talk> all) {
            int what = random.nextInt(20);
            if (what == 0) { // a fork of another
                Talk other = all.get(random.nextInt(all.size()));
                ids = other.ids;
                ends.clear();
                ends.addAll(other.ends);
            }
            if (what == 1 || ids.length > LONGEST) { // a rewind
                int kept = 1 + random.nextInt(ends.size());
                ends.subList(kept, ends.size()).clear();
                ids = Arrays.copyOf(ids, ends.getLast());
            }
            int fresh = 1 + random.nextInt(40);
            int[] prompt = Arrays.copyOf(ids, ids.length + fresh);
            for (int i = ids.length; i < prompt.length; i++) {
                prompt[i] = random.nextInt(256);
            }
            SamplerSettings sampling = random.nextInt(2) == 0
                    ? SamplerSettings.GREEDY
                    : SamplerSettings.ofTemperature(0.9, random.nextInt(1_000));
            GenerationSettings settings =
                    GenerationSettings.of(1 + random.nextInt(30), sampling).goingPastEnd();
            work = new Work(prompt, List.of(settings), 0, false, Duration.ofMinutes(2));
            ticket = scheduler.submit(List.of(work)).orElseThrow();
            heard.clear();
            patience = random.nextInt(6) == 0 ? random.nextInt(10) : Integer.MAX_VALUE;
        }

        /** Takes in what there is; gives how many tokens that were. */
        int hear(long millis) throws InterruptedException {
            int before = heard.size();
            Ticket open = ticket;
            for (Ticket.Told told = open == null ? null : open.next(millis);
                    told != null && open != null;
                    told = open.next(0)) {
                switch (told.event()) {
                    case Event.Piece piece -> heard.addAll(piece.tokens());
                    case Event.Ended _ -> {
                        end();
                        return heard.size() - before;
                    }
                    case Event.Failed failed -> throw new AssertionError(failed.message());
                    case Event.Read _, Event.Stored _ -> {}
                }
                if (heard.size() > patience) {
                    open.cancel();
                    ticket = null; // the session stays as it was
                    return heard.size() - before;
                }
            }
            return heard.size() - before;
        }

        private void end() {
            Work done = work;
            if (done != null) {
                int[] prompt = done.prompt();
                turns.add(new Turn(prompt, done.choices().getFirst(), List.copyOf(heard)));
                ids = Arrays.copyOf(prompt, prompt.length + heard.size());
                for (int i = 0; i < heard.size(); i++) {
                    ids[prompt.length + i] = heard.get(i).id();
                }
                ends.add(ids.length);
            }
            ticket = null;
        }
    }

    @ParameterizedTest
    @CsvSource({"true, 10000, 1", "false, 2000, 4"}) // the teacher's growing caches fill memory sooner
    void sixtyFourOfThemSayInTenThousandStepsWhatEachSaysAlone(boolean converted, int steps, int mebibytes)
            throws InterruptedException {
        check(converted, steps, (long) mebibytes << 20);
    }

    @Test
    @Tag("slow")
    void theyDoSoInManyMoreSteps() throws InterruptedException {
        check(true, 60_000, 1 << 20);
    }

    /** Memory holds few of their states, so that many go to the disk and come back. */
    private void check(boolean converted, int steps, long memory) throws InterruptedException {
        List<Talk> talks = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            talks.add(new Talk(i));
        }
        List<String> told = new ArrayList<>();
        long cancelled;
        try (ByteModel model = new ByteModel(converted);
                SpillFolder spill = SpillFolder.open(folder, 1 << 24, ModelFingerprint.of(model.decoder), told::add);
                Scheduler scheduler = new Scheduler(
                        model.decoder,
                        model.tokenizer,
                        new Scheduler.Limits(48, SESSIONS, memory),
                        spill,
                        new ReentrantLock())) {
            int taken = 0;
            while (taken < steps) {
                int before = taken;
                for (Talk talk : talks) {
                    if (talk.ticket == null) {
                        talk.ask(scheduler, talks);
                    }
                    taken += talk.hear(0);
                }
                if (taken == before) {
                    taken += talks.getFirst().hear(20);
                }
            }
            cancelled = scheduler.figures().finished(FinishReason.CANCELLED);
            assertThat(scheduler.figures().memoryHits()).isPositive();
            talks.forEach(talk -> {
                if (talk.ticket != null) {
                    talk.ticket.cancel();
                }
            });
        }
        assertThat(told).isEmpty();
        assertThat(cancelled).isPositive();
        assertThat(folder).isNotEmptyDirectory(); // how many came back from there depends on how fast the disk is
        try (ByteModel model = new ByteModel(converted)) {
            for (int i = 0; i < SESSIONS; i++) {
                for (Turn turn : talks.get(i).turns) {
                    assertAsAlone(model, turn, "session " + i);
                }
            }
        }
    }

    /** Against a session of its own that reads prompt and answer at once. */
    private static void assertAsAlone(ByteModel model, Turn turn, String which) {
        int[] prompt = turn.prompt;
        int[] all = Arrays.copyOf(prompt, prompt.length + turn.answer.size());
        for (int i = 0; i < turn.answer.size(); i++) {
            all[prompt.length + i] = turn.answer.get(i).id();
        }
        boolean greedy = turn.settings.sampling().isGreedy();
        try (Session session = new Session(model.decoder)) {
            session.prefill(all, (at, scores) -> {
                int next = at + 1 - prompt.length;
                if (next >= 0 && next < turn.answer.size()) {
                    float[] logprobs = logprobs(scores);
                    TokenScore told = turn.answer.get(next);
                    assertThat(told.logprob()).as(which).isCloseTo(logprobs[told.id()], within(NEAR));
                    if (greedy) {
                        assertThat(logprobs[told.id()]).as(which).isGreaterThan(most(logprobs) - NEAR);
                    }
                }
            });
        }
    }

    private static float most(float[] values) {
        float most = values[0];
        for (float value : values) {
            most = Math.max(most, value);
        }
        return most;
    }

    private static float[] logprobs(float[] scores) {
        double sum = 0;
        for (float score : scores) {
            sum += Math.exp(score);
        }
        float[] logprobs = new float[scores.length];
        for (int i = 0; i < scores.length; i++) {
            logprobs[i] = (float) (scores[i] - Math.log(sum));
        }
        return logprobs;
    }
}
