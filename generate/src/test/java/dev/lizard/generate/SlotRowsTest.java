package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.generate.Tiny.Kind;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.model.DecoderState;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole models with slots: what is kept does not depend on how a text is read and on what is read beside it. */
@ExtendWith(LiveTensors.class)
class SlotRowsTest {
    private static final int TOKENS = 110;

    /** How far hidden states, of size 1, may be apart: eight bits may round to another number in float32. */
    private static double tolerance(Kind kind, DType dtype) {
        return dtype == DType.FLOAT64 ? 1e-9 : kind == Kind.SLOTS ? 2e-5 : 5e-3;
    }

    /** Few different ids, so that many tokens are equally good. */
    private static Tensor text(long seed) {
        int[] ids = Tiny.ids(seed, TOKENS);
        return Tensors.of(Arrays.stream(ids).map(id -> id % 7).toArray(), 1, TOKENS);
    }

    private static double distance(Tensor a, Tensor b) {
        return a.sub(b).abs().amax().item();
    }

    @ParameterizedTest
    @CsvSource({"SLOTS,FLOAT32", "SLOTS,FLOAT64", "INT8_SLOTS,FLOAT32", "INT8_SLOTS,FLOAT64"})
    void anyPiecesOfATextGiveWhatTheWholeGives(Kind kind, DType dtype) {
        try (Decoder decoder = Tiny.decoder(kind, 5, dtype, Device.CPU);
                Gradients off = Gradients.off();
                Scope scope = Scope.open()) {
            Tensor ids = text(5);
            Tensor whole = decoder.hidden(ids, Form.PARALLEL);
            assertThat(distance(decoder.hidden(ids, Form.CHUNK), whole)).isLessThan(tolerance(kind, dtype));
            RandomStream random = new RandomStream(6);
            for (int longest : new int[] {1, 4, 25, TOKENS}) {
                try (DecoderState state = decoder.newState(1)) {
                    int count;
                    for (int t = 0; t < TOKENS; t += count) {
                        count = Math.min(TOKENS - t, 1 + random.nextInt(longest));
                        Tensor piece = decoder.advance(ids.narrow(1, t, count), state);
                        assertThat(distance(piece, whole.narrow(1, t, count)))
                                .as("%d tokens from %d on", count, t)
                                .isLessThan(tolerance(kind, dtype));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"SLOTS,FLOAT32", "SLOTS,FLOAT64", "INT8_SLOTS,FLOAT32", "INT8_SLOTS,FLOAT64"})
    void rowsThatJoinLeaveAndForkGiveWhatEachGivesAlone(Kind kind, DType dtype) {
        int rows = 5;
        RandomStream random = new RandomStream(7);
        try (Decoder decoder = Tiny.decoder(kind, 6, dtype, Device.CPU);
                DecoderState state = decoder.newState(rows);
                Gradients off = Gradients.off();
                Scope scope = Scope.open()) {
            List<Tensor> texts = new ArrayList<>();
            List<Tensor> alone = new ArrayList<>();
            for (int row = 0; row < rows; row++) {
                texts.add(text(20 + row));
                alone.add(decoder.hidden(texts.get(row), Form.PARALLEL));
            }
            for (int event = 0; event < 150; event++) {
                int count = random.nextInt(6) == 0 ? 1 + random.nextInt(14) : 1;
                for (int row = 0; row < rows; row++) {
                    if (state.tokens(row) + count > TOKENS || random.nextInt(60) == 0) {
                        state.clear(row);
                    }
                }
                if (random.nextInt(8) == 0) {
                    int from = random.nextInt(rows);
                    int to = random.nextInt(rows);
                    try (DecoderState copy = state.take(from)) {
                        state.put(to, copy, 0);
                    }
                    texts.set(to, texts.get(from));
                    alone.set(to, alone.get(from));
                }
                try (Scope work = Scope.open()) {
                    List<Tensor> ids = new ArrayList<>();
                    List<Tensor> expected = new ArrayList<>();
                    for (int row = 0; row < rows; row++) {
                        ids.add(texts.get(row).narrow(1, state.tokens(row), count));
                        expected.add(alone.get(row).narrow(1, state.tokens(row), count));
                    }
                    Tensor hidden = decoder.advance(Tensors.cat(ids, 0), state);
                    assertThat(distance(hidden, Tensors.cat(expected, 0)))
                            .as("event %d", event)
                            .isLessThan(tolerance(kind, dtype));
                }
            }
        }
    }

    /** Of equal tokens the later is kept, in a batch as alone, though products of another shape differ in the last bit. */
    @Test
    void lanesThatRepeatThemselvesKeepWhatTheyKeepAlone() {
        int count = 12;
        for (long seed : new long[] {2, 4, 7}) {
            List<Session> sessions = new ArrayList<>();
            try (Decoder decoder = Tiny.decoder(Kind.SLOTS, seed);
                    Engine engine = new Engine(decoder, count)) {
                List<List<Integer>> written = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    sessions.add(read(decoder, seed, i));
                    written.add(new ArrayList<>());
                    SamplerSettings settings =
                            i % 2 == 0 ? SamplerSettings.GREEDY : SamplerSettings.ofTemperature(0.9, i);
                    engine.join(
                            sessions.get(i),
                            Collections.emptyIterator(),
                            new Sampler(settings, Tiny.VOCABULARY),
                            taking(written.get(i)));
                    if (i % 3 == 0) {
                        engine.step();
                    }
                }
                engine.run();
                for (int i = 0; i < count; i++) {
                    try (Session own = read(decoder, seed, i)) {
                        written.get(i).forEach(own::step);
                        int[] more = Tiny.ids(i, 12);
                        own.prefill(more);
                        sessions.get(i).prefill(more);
                        for (int id = 0; id < Tiny.VOCABULARY; id++) {
                            float expected = own.logits()[id];
                            assertThat(Math.abs(sessions.get(i).logits()[id] - expected))
                                    .as("lane %d of seed %d", i, seed)
                                    .isLessThan(1e-4f);
                        }
                    }
                }
            } finally {
                sessions.forEach(Session::close);
            }
        }
    }

    private static Session read(Decoder decoder, long seed, int i) {
        Session session = new Session(decoder);
        session.prefill(Tiny.ids(100 + i + 1000 * seed, 1 + 3 * i));
        return session;
    }

    private static TokenWriter taking(List<Integer> ids) {
        return new TokenWriter() {
            @Override
            public boolean take(int id) {
                ids.add(id);
                return true;
            }

            @Override
            public boolean isDone() {
                return ids.size() == 25;
            }
        };
    }
}
