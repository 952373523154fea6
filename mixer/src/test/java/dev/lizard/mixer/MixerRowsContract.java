package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Rows of one batch stand at different positions and give what each gives alone. */
abstract class MixerRowsContract extends MixerStateContract {
    private static final int LANES = 3;
    private static final int LONGEST = 90;

    /** What rows of a batch in float32 may differ by from each alone. */
    double roundingOfRows() {
        return 1e-5;
    }

    /** Lanes of one state, with the tokens each has read, so that it can be computed alone. */
    private final class Pool implements AutoCloseable {
        private final Mixer mixer;
        private final Fixtures.Running running;
        private final List<List<MixerInput>> read = new ArrayList<>();
        private final DType dtype;

        Pool(Mixer mixer, DType dtype) {
            this.mixer = mixer;
            this.dtype = dtype;
            running = new Fixtures.Running(mixer.newState(LANES, dtype, device()), new long[LANES]);
            for (int lane = 0; lane < LANES; lane++) {
                read.add(new ArrayList<>());
            }
        }

        /** All lanes read {@code tokens} more; each output is that of the lane alone. */
        void advance(long tokens) {
            MixerInput in = input(dtype, LANES, tokens);
            for (int lane = 0; lane < LANES; lane++) {
                read.get(lane).add(in.row(lane, start));
            }
            try (Scope work = Scope.open()) {
                Tensor y = running.advance(mixer, in, rotary);
                for (int lane = 0; lane < LANES; lane++) {
                    Tensor alone = mixer.forward(history(lane), Form.PARALLEL);
                    assertThat(Fixtures.error(y.narrow(0, lane, 1), alone.narrow(2, alone.size(2) - tokens, tokens)))
                            .as("lane %d after %d tokens, %s, seed %d", lane, running.read()[lane], mixer.spec(), seed)
                            .isLessThan(dtype == DType.FLOAT64 ? 1e-9 : roundingOfRows());
                }
            }
        }

        private MixerInput history(int lane) {
            return read.get(lane).stream().reduce(MixerUnderTest::join).orElseThrow();
        }

        /** Lane {@code to} becomes a copy of lane {@code from}. */
        void fork(int from, int to) {
            try (MixerState copy = running.state().take(from, from)) {
                running.state().put(to, copy, 1);
            }
            running.read()[to] = running.read()[from];
            read.set(to, new ArrayList<>(read.get(from)));
        }

        /** Lane {@code lane} leaves; another sequence begins there. */
        void restart(int lane) {
            running.state().clear(lane);
            running.read()[lane] = 0;
            read.set(lane, new ArrayList<>());
        }

        long longest() {
            return Math.max(running.read()[0], Math.max(running.read()[1], running.read()[2]));
        }

        @Override
        public void close() {
            running.close();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void rowsAtDifferentPositionsGiveWhatEachGivesAlone(DType dtype) {
        for (int window : windows()) {
            try (Gradients off = Gradients.off();
                    Scope scope = Scope.open();
                    Pool pool = new Pool(mixer(window, dtype), dtype)) {
                pool.advance(1);
                for (int event = 0; event < 40; event++) {
                    if (pool.longest() > LONGEST || random.nextInt(6) == 0) {
                        pool.restart(random.nextInt(LANES));
                    }
                    if (random.nextInt(4) == 0) {
                        pool.fork(random.nextInt(LANES), random.nextInt(LANES));
                    }
                    pool.advance(random.nextInt(3) == 0 ? 1 + random.nextInt(2 * window + 9) : 1);
                }
            }
        }
    }

    @Test
    void aRowPutBackWhereItWasChangesNothing() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT32);
            MixerInput past = input(DType.FLOAT32, LANES, 23);
            MixerInput rest = input(DType.FLOAT32, LANES, 9);
            try (Gradients off = Gradients.off();
                    Fixtures.Running state = Fixtures.state(mixer, past);
                    Fixtures.Running same = Fixtures.state(mixer, past)) {
                state.advance(mixer, past, rotary);
                same.advance(mixer, past, rotary);
                try (MixerState saved = same.state().take(1)) {
                    same.state().clear(1);
                    same.state().put(1, saved, 0);
                }
                assertThat(Fixtures.advance(mixer, rest, same, 1, 8).floats())
                        .containsExactly(
                                Fixtures.advance(mixer, rest, state, 1, 8).floats());
            }
        }
    }

    /** So a recorded step serves all positions. */
    @Test
    void stepsAreTheSameWherePositionsAreKnownToTheDeviceAlone() {
        for (int window : windows()) {
            MixerSpec spec = spec(window, 6);
            if (spec.caches()) {
                continue;
            }
            Mixer mixer = mixer(spec, DType.FLOAT64);
            try (Gradients off = Gradients.off();
                    Scope scope = Scope.open();
                    Fixtures.Running known =
                            new Fixtures.Running(mixer.newState(2, DType.FLOAT64, device()), new long[] {0, 0});
                    MixerState blind = mixer.newState(2, DType.FLOAT64, device())) {
                Tensor read = Tensors.of(new long[] {0, 0}, 2).to(device());
                for (int t = 0; t < 2 * window + 8; t++) {
                    MixerInput in = input(DType.FLOAT64, 2, 1);
                    Tensor expected = known.advance(mixer, in, rotary);
                    try (Positions there = Positions.on(rotary, read, t)) {
                        Tensor y = mixer.step(new MixerInput(in.x(), in.q(), in.k(), in.v(), there), blind);
                        assertThat(Fixtures.error(y, expected))
                                .as("token %d, window %d", t, window)
                                .isLessThan(1e-12);
                    }
                    read.add_(1);
                }
            }
        }
    }

    /** So a recorded piece of a text serves all positions once the window is full. */
    @Test
    void piecesAreTheSameWhereTheDeviceAloneKnowsHowFarTheTextIs() {
        for (int window : windows()) {
            MixerSpec spec = spec(window, 6);
            if (spec.caches()) {
                continue;
            }
            Mixer mixer = mixer(spec, DType.FLOAT64);
            MixerInput past = input(DType.FLOAT64, 1, window + 20);
            try (Gradients off = Gradients.off();
                    Scope scope = Scope.open();
                    Fixtures.Running known = Fixtures.state(mixer, past)) {
                known.advance(mixer, past, rotary);
                try (MixerState blind = known.state().fork()) {
                    Tensor read = Tensors.of(known.read(), 1).to(device());
                    for (int piece : new int[] {1, 5, 2 * window + 3, window}) {
                        MixerInput in = input(DType.FLOAT64, 1, piece);
                        Tensor expected = known.advance(mixer, in, rotary);
                        try (Positions there = Positions.on(rotary, read, window + 20)) {
                            Tensor y = mixer.advance(new MixerInput(in.x(), in.q(), in.k(), in.v(), there), blind);
                            assertThat(Fixtures.error(y, expected))
                                    .as("%d tokens, window %d", piece, window)
                                    .isLessThan(1e-12);
                        }
                        read.add_((long) piece);
                    }
                }
            }
        }
    }
}
