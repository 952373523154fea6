package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensors;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class SessionTest {
    private static final double TOLERANCE = 2e-4;

    private static void assertClose(float[] found, float[] expected) {
        assertThat(found).hasSameSizeAs(expected);
        float scale = 0;
        float difference = 0;
        for (int i = 0; i < found.length; i++) {
            scale = Math.max(scale, Math.abs(expected[i]));
            difference = Math.max(difference, Math.abs(found[i] - expected[i]));
        }
        assertThat((double) difference / scale).isCloseTo(0, within(TOLERANCE));
    }

    /** Scores after each token, by one pass over all: [T][V]. */
    private static float[][] fullPass(Decoder decoder, int[] ids) {
        try (Scope work = Scope.open()) {
            float[] all = decoder.logits(decoder.hidden(Tensors.of(ids, 1, ids.length), Form.PARALLEL))
                    .floats();
            float[][] rows = new float[ids.length][];
            for (int t = 0; t < ids.length; t++) {
                rows[t] = Arrays.copyOfRange(all, t * Tiny.VOCABULARY, (t + 1) * Tiny.VOCABULARY);
            }
            return rows;
        }
    }

    /** Greedy continuation. */
    static List<Integer> greedy(Session session, int count) {
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int id = Candidates.argmax(session.logits());
            ids.add(id);
            session.step(id);
        }
        return ids;
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void prefillAndStepsEqualTheFullPassForEverySplit(Kind kind) {
        int[] ids = Tiny.ids(1, 40);
        try (Decoder decoder = Tiny.decoder(kind)) {
            float[][] expected = fullPass(decoder, ids);
            for (int chunk : new int[] {1, 7, 8, 9, 512}) {
                for (int split : new int[] {1, 8, 17, 39}) {
                    try (Session session = new Session(decoder)) {
                        session.prefill(Arrays.copyOf(ids, split), chunk, Progress.NONE, () -> false);
                        assertClose(session.logits(), expected[split - 1]);
                        for (int t = split; t < ids.length; t++) {
                            assertClose(session.step(ids[t]), expected[t]);
                        }
                        assertThat(session.tokens()).isEqualTo(40);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void interleavedSessionsGiveTheTokensOfSeparateOnes(Kind kind) {
        try (Decoder decoder = Tiny.decoder(kind)) {
            List<List<Integer>> separate = new ArrayList<>();
            for (int s = 0; s < 3; s++) {
                try (Session session = new Session(decoder)) {
                    session.prefill(Tiny.ids(s, 5 + 11 * s));
                    separate.add(greedy(session, 30));
                }
            }
            List<Session> sessions = new ArrayList<>();
            List<List<Integer>> interleaved = new ArrayList<>();
            for (int s = 0; s < 3; s++) {
                sessions.add(new Session(decoder));
                sessions.get(s).prefill(Tiny.ids(s, 5 + 11 * s));
                interleaved.add(new ArrayList<>());
            }
            for (int i = 0; i < 30; i++) {
                for (int s = 0; s < 3; s++) {
                    interleaved.get(s).addAll(greedy(sessions.get(s), 1));
                }
            }
            sessions.forEach(Session::close);
            assertThat(interleaved).isEqualTo(separate);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void forksSnapshotsAndResetsAreIndependent(Kind kind) {
        try (Decoder decoder = Tiny.decoder(kind);
                Session session = new Session(decoder)) {
            int[] prompt = Tiny.ids(4, 21);
            session.prefill(prompt);
            try (Snapshot place = session.snapshot();
                    Session fork = session.fork()) {
                List<Integer> first = greedy(session, 20);
                assertThat(session.tokens()).isEqualTo(41);
                assertThat(greedy(fork, 20)).isEqualTo(first);
                for (int again = 0; again < 2; again++) {
                    session.rewind(place);
                    assertThat(session.tokens()).isEqualTo(21);
                    assertThat(session.tail()).containsExactly(prompt);
                    assertThat(greedy(session, 20)).isEqualTo(first);
                }
                session.reset();
                assertThat(session.hasLogits()).isFalse();
                assertThat(session.tokens()).isZero();
                session.prefill(prompt);
                assertThat(greedy(session, 20)).isEqualTo(first);
                assertThat(place.tokens()).isEqualTo(21);
            }
        }
    }

    @Test
    void historyIsKnownInConstantMemory() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Session session = new Session(decoder)) {
            int[] ids = Tiny.ids(5, 150);
            session.prefill(Arrays.copyOf(ids, 100));
            assertThat(session.tail()).containsExactly(Arrays.copyOfRange(ids, 100 - History.TAIL, 100));
            assertThat(session.hasReadBeginningOf(ids)).isTrue();
            assertThat(session.hasReadBeginningOf(Arrays.copyOf(ids, 99))).isFalse();
            ids[30]++;
            assertThat(session.hasReadBeginningOf(ids)).isFalse();
            assertThat(session.seen().get(ids[3])).isTrue();
            assertThat(session.seen().cardinality())
                    .isEqualTo((int) Arrays.stream(Tiny.ids(5, 100)).distinct().count());
        }
    }

    @Test
    void prefillStopsBetweenPiecesAndCanGoOn() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Session session = new Session(decoder)) {
            int[] ids = Tiny.ids(6, 30);
            List<Long> told = new ArrayList<>();
            Progress progress = new Progress() {
                @Override
                public void update(long done, String detail) {
                    told.add(done);
                }

                @Override
                public void close() {}
            };
            int read = session.prefill(ids, 8, progress, () -> told.size() == 2);
            assertThat(read).isEqualTo(16);
            assertThat(told).containsExactly(8L, 16L);
            session.prefill(Arrays.copyOfRange(ids, read, 30), 8, progress, () -> false);
            assertThat(told).containsExactly(8L, 16L, 8L, 14L);
            assertClose(session.logits(), fullPass(decoder, ids)[29]);
        }
    }

    @Test
    void idsOutsideTheVocabularyAreRefusedBeforeAnythingIsRead() {
        try (Decoder decoder = Tiny.decoder(Kind.TEACHER);
                Session session = new Session(decoder)) {
            assertThatThrownBy(() -> session.prefill(new int[] {1, 2, 260}))
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("0 to 259")
                    .hasMessageContaining("260");
            assertThat(session.tokens()).isZero();
            assertThatThrownBy(session::logits).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void tenThousandStepsLeaveStateTensorsAndHeapAsTheyAre() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT);
                Session session = new Session(decoder)) {
            session.prefill(Tiny.ids(7, 20));
            greedy(session, 500);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long live = Scope.liveTensors();
            long state = session.stateBytes();
            long allocated = threads.getCurrentThreadAllocatedBytes();
            int steps = 10_000;
            for (int i = 0; i < steps; i++) {
                session.step(Candidates.argmax(session.logits()));
                assertThat(Scope.liveTensors()).isEqualTo(live);
            }
            assertThat(session.stateBytes()).isEqualTo(state);
            double perStep = (double) (threads.getCurrentThreadAllocatedBytes() - allocated) / steps;
            System.out.printf("%.0f bytes of Java objects a step of two layers%n", perStep);
            assertThat(perStep).isLessThan(64_000);
        }
    }

    @Test
    void onlyTheTeachersStateGrows() {
        for (Kind kind : Kind.values()) {
            try (Decoder decoder = Tiny.decoder(kind);
                    Session session = new Session(decoder)) {
                session.prefill(Tiny.ids(8, 300));
                long early = session.stateBytes();
                session.prefill(Tiny.ids(9, 1000));
                assertThat(session.stateBytes() > early).as("%s", kind).isEqualTo(!kind.constant());
            }
        }
    }
}
