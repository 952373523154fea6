package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class EngineTest {
    private static final Iterator<int[]> NOTHING = Collections.emptyIterator();

    private final long seed = Long.getLong("lizard.test.seed", 20261130);

    /** Takes so many tokens, or until one comes that ends the text. */
    private static final class Taker implements TokenWriter {
        private final int most;
        private final List<Integer> ids = new ArrayList<>();
        private boolean ended;

        Taker(int most) {
            this.most = most;
        }

        @Override
        public boolean take(int id) {
            ended = id == Tiny.END;
            if (!ended) {
                ids.add(id);
            }
            return !ended;
        }

        @Override
        public boolean isDone() {
            return ended || ids.size() == most;
        }
    }

    private static Sampler sampler(long seed) {
        SamplerSettings settings = switch ((int) Math.floorMod(seed, 3L)) {
            case 0 -> SamplerSettings.GREEDY;
            case 1 -> SamplerSettings.ofTemperature(0.9, seed).withTopP(0.9);
            default ->
                SamplerSettings.ofTemperature(1.2, seed)
                        .withRepetitionPenalty(1.2)
                        .withPresencePenalty(0.5);
        };
        return new Sampler(settings, Tiny.VOCABULARY);
    }

    private static Session read(Decoder decoder, int i, int length) {
        Session session = new Session(decoder);
        session.prefill(Tiny.ids(100 + i, length));
        return session;
    }

    /** The definition: draw, and read what belongs to the text. */
    private static List<Integer> alone(Session session, Sampler sampler, int most) {
        Taker taker = new Taker(most);
        while (!taker.isDone()) {
            int id = sampler.next(session.logits(), session.seen());
            if (taker.take(id)) {
                session.step(id);
            }
        }
        return taker.ids;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void lanesAtDifferentPlacesWriteAndEndAsSessionsOfTheirOwn(Kind kind) {
        int count = kind == Kind.JOINT ? 64 : 12;
        RandomStream random = new RandomStream(seed);
        List<Session> sessions = new ArrayList<>();
        List<Taker> takers = new ArrayList<>();
        try (Decoder decoder = Tiny.decoder(kind);
                Engine engine = new Engine(decoder, count)) {
            for (int i = 0; i < count; i++) {
                sessions.add(read(decoder, i, 1 + 3 * i));
                takers.add(new Taker(1 + random.nextInt(25)));
                engine.join(sessions.get(i), NOTHING, sampler(i), takers.get(i));
                if (i % 3 == 0) {
                    engine.step(); // so that they join at different times
                }
            }
            engine.run();
            for (int i = 0; i < count; i++) {
                try (Session own = read(decoder, i, 1 + 3 * i)) {
                    List<Integer> expected = alone(own, sampler(i), takers.get(i).most);
                    assertThat(takers.get(i).ids).as("lane %d seed %d", i, seed).isEqualTo(expected);
                    Session lane = sessions.get(i);
                    assertThat(lane.tokens()).isEqualTo(own.tokens());
                    assertThat(lane.tail()).isEqualTo(own.tail());
                    int[] more = Tiny.ids(i, 12);
                    own.prefill(more);
                    lane.prefill(more);
                    for (int id = 0; id < Tiny.VOCABULARY; id++) {
                        assertThat(lane.logits()[id]).isCloseTo(own.logits()[id], within(2e-3f));
                    }
                }
            }
        } finally {
            sessions.forEach(Session::close);
        }
    }

    @Test
    void lanesWaitForARowAndBranchesLeaveTheirSessionWhereItIs() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Engine engine = new Engine(decoder, 2);
                Session session = read(decoder, 0, 20)) {
            List<Taker> takers = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                takers.add(new Taker(4 + i));
                engine.branch(session, sampler(i), takers.get(i));
            }
            float[] before = session.logits().clone();
            engine.run();
            assertThat(session.tokens()).isEqualTo(20);
            assertThat(session.logits()).isEqualTo(before);
            for (int i = 0; i < 7; i++) {
                try (Session own = session.fork()) {
                    assertThat(takers.get(i).ids).isEqualTo(alone(own, sampler(i), 4 + i));
                }
            }
            assertThat(engine.step()).isFalse();
        }
    }

    @Test
    void aLaneWhoseScoresAreBrokenEndsAloneAndSaysSo() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Engine engine = new Engine(decoder, 3);
                Session broken = read(decoder, 0, 9);
                Session sound = read(decoder, 1, 9);
                Session own = read(decoder, 1, 9)) {
            float[] scores = new float[Tiny.VOCABULARY];
            Arrays.fill(scores, Float.NaN);
            broken.takeLogits(scores);
            Taker taker = new Taker(6);
            engine.join(broken, NOTHING, sampler(1), new Taker(6));
            engine.join(sound, NOTHING, sampler(1), taker);
            assertThatThrownBy(engine::step)
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("expected finite logits");
            engine.run();
            assertThat(taker.ids).isEqualTo(alone(own, sampler(1), 6));
            assertThat(broken.tokens()).isEqualTo(9);
        }
    }

    @Test
    void onlyWhatHasReadSomethingCanBeContinued() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Engine engine = new Engine(decoder, 1);
                Session empty = new Session(decoder)) {
            engine.join(empty, NOTHING, sampler(0), new Taker(1));
            assertThatThrownBy(engine::step)
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("nothing to continue");
            assertThat(engine.step()).isFalse();
        }
    }

    @Test
    void promptsAreReadInPiecesBetweenTheTokensOfOthers() {
        int[] prompt = Tiny.ids(7, 3 * Session.CHUNK + 5);
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Engine engine = new Engine(decoder, 2);
                Session first = read(decoder, 0, 9);
                Session second = new Session(decoder);
                Session own = new Session(decoder)) {
            Taker writes = new Taker(8);
            Taker waits = new Taker(5);
            engine.join(first, NOTHING, sampler(1), writes);
            List<int[]> parts = List.of(Arrays.copyOf(prompt, 700), Arrays.copyOfRange(prompt, 700, prompt.length));
            engine.join(second, parts.iterator(), sampler(2), waits);
            for (int piece = 1; piece <= 3; piece++) {
                assertThat(engine.step()).isTrue();
                assertThat(second.tokens()).isEqualTo((long) piece * Session.CHUNK);
                assertThat(writes.ids).hasSize(piece);
                assertThat(waits.ids).isEmpty();
            }
            engine.run();
            own.prefill(prompt);
            assertThat(waits.ids).isEqualTo(alone(own, sampler(2), 5));
            assertThat(second.tokens()).isEqualTo(own.tokens());
        }
    }
}
