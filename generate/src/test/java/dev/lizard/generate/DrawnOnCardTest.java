package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Progress;
import dev.lizard.generate.Tiny.Kind;
import dev.lizard.model.Decoder;
import dev.lizard.model.GraphedDecode;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.kernel.DrawRow;
import dev.lizard.tensor.kernel.DrawTwin;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Tokens drawn behind recorded steps are those that samplers would draw on the host. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class DrawnOnCardTest {
    private static final Device CUDA = Device.cuda(0);

    private static final List<SamplerSettings> SETTINGS = List.of(
            SamplerSettings.GREEDY,
            SamplerSettings.ofTemperature(1, 3),
            SamplerSettings.ofTemperature(0.8, 4).withTopP(0.9),
            SamplerSettings.ofTemperature(1.5, 5).withTopK(20).withMinP(0.02),
            SamplerSettings.GREEDY.withRepetitionPenalty(1.3),
            SamplerSettings.ofTemperature(1, 6).withPresencePenalty(0.7).withFrequencyPenalty(0.3));

    /** Draws, and checks the token against the definition on the scores that it was drawn from. */
    private static int drawn(Session session, Sampler sampler, String what) {
        DrawRow row = sampler.row();
        int[] history = sampler.history(session.seen());
        int id = session.draw(sampler);
        List<DrawTwin.Kept> kept = DrawTwin.kept(session.logits(), history, row);
        assertThat(DrawTwin.right(kept, DrawTwin.uniform(row), id)).as(what).isTrue();
        return id;
    }

    @Test
    void sessionsDrawWhatTheDefinitionDraws() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT, 3, CUDA);
                Session session = new Session(decoder)) {
            assertThat(GraphedDecode.served(decoder)).isTrue();
            session.prefill(Tiny.ids(1, 30));
            for (SamplerSettings settings : SETTINGS) { // one after the other, on one recording while it serves
                Sampler sampler = new Sampler(settings, Tiny.VOCABULARY);
                for (int t = 0; t < 40; t++) {
                    int id = drawn(session, sampler, "%s token %d".formatted(settings, t));
                    session.read(t == 20 ? (id + 1) % Tiny.VOCABULARY : id); // once another than was drawn
                }
                try (Snapshot place = session.snapshot()) {
                    session.read(drawn(session, sampler, "before"));
                    session.rewind(place);
                    session.read(drawn(session, sampler, "after"));
                }
            }
        }
    }

    @Test
    void recordingsOutliveOtherSessionsScoresAndFiles(@TempDir Path folder) {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT, 3, CUDA);
                Session first = new Session(decoder);
                Session second = new Session(decoder)) {
            first.prefill(Tiny.ids(1, 20));
            second.prefill(Tiny.ids(2, 30));
            Sampler sampler = new Sampler(SamplerSettings.GREEDY, Tiny.VOCABULARY);
            for (int round = 0; round < 3; round++) {
                for (int t = 0; t < 10; t++) {
                    first.read(first.draw(sampler));
                    second.read(second.draw(sampler));
                }
                new Scorer(decoder).score(Tiny.ids(3, 50), 0, 0, Progress.NONE);
                Path file = folder.resolve("session-" + round);
                first.save(file, Map.of());
                Session.load(decoder, file).session().close();
            }
            assertThat(decoder.executions()).isOne();
            assertThat(List.of(first.recordings(), second.recordings())).containsExactly(1, 1);
        }
    }

    @Test
    void lanesWriteWhatSessionsWrite() {
        try (Decoder decoder = Tiny.decoder(Kind.JOINT, 3, CUDA);
                Engine engine = new Engine(decoder, 4)) {
            List<List<Integer>> written = new ArrayList<>();
            List<Session> sessions = new ArrayList<>();
            for (int i = 0; i < 9; i++) {
                Session session = new Session(decoder);
                sessions.add(session);
                session.prefill(Tiny.ids(i, 5 + 4 * i));
                List<Integer> ids = new ArrayList<>();
                written.add(ids);
                int most = 10 + 7 * i;
                engine.join(
                        session,
                        Collections.emptyIterator(),
                        new Sampler(SETTINGS.get(i % SETTINGS.size()), Tiny.VOCABULARY),
                        taker(ids, most));
            }
            engine.run();
            for (int i = 0; i < 9; i++) {
                try (Session own = new Session(decoder);
                        Session lane = sessions.get(i)) {
                    own.prefill(Tiny.ids(i, 5 + 4 * i));
                    Sampler sampler = new Sampler(SETTINGS.get(i % SETTINGS.size()), Tiny.VOCABULARY);
                    List<Integer> expected = new ArrayList<>();
                    while (expected.size() < 10 + 7 * i) {
                        expected.add(sampler.next(own.logits(), own.seen()));
                        own.read(expected.getLast());
                    }
                    assertThat(written.get(i)).as("lane %d", i).isEqualTo(expected);
                    assertThat(lane.tokens()).isEqualTo(own.tokens());
                }
            }
        }
    }

    private static TokenWriter taker(List<Integer> ids, int most) {
        return new TokenWriter() {
            @Override
            public boolean take(int id) {
                return ids.add(id);
            }

            @Override
            public boolean isDone() {
                return ids.size() == most;
            }
        };
    }
}
