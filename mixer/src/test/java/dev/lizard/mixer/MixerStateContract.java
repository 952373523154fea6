package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Resumable at any split, and a state that is plain data of known size. */
abstract class MixerStateContract extends MixerDocumentsContract {
    @Test
    void everySplitOfPrefillAndStepsContinuesTheSameSequence() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (int batch : new int[] {1, 3}) {
                long tokens = 2L * window + 6;
                MixerInput in = input(DType.FLOAT64, batch, tokens);
                for (long prefill = 0; prefill <= tokens; prefill++) {
                    compareSplit(mixer, in, prefill, window);
                }
            }
            MixerInput in = input(DType.FLOAT64, 2, 2L * MatrixMemory.CHUNK + 2);
            for (long prefill : new long[] {63, 64, 65, 127, 128, 129}) {
                compareSplit(mixer, in, prefill, window);
            }
        }
    }

    private void compareSplit(Mixer mixer, MixerInput in, long prefill, int window) {
        long[] lengths = LongStream.concat(
                        prefill == 0 ? LongStream.empty() : LongStream.of(prefill),
                        LongStream.generate(() -> 1).limit(in.tokens() - prefill))
                .toArray();
        comparePieces(mixer, in, lengths, window);
    }

    private void comparePieces(Mixer mixer, MixerInput in, long[] lengths, int window) {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Fixtures.Running state = Fixtures.state(mixer, in)) {
            Tensor pieces = Fixtures.advance(mixer, in, state, lengths);
            assertThat(Fixtures.error(pieces, mixer.forward(in, Form.PARALLEL)))
                    .as(
                            "pieces %s, window %d, seed %d",
                            LongStream.of(lengths).boxed().toList(), window, seed)
                    .isLessThan(1e-9);
        }
    }

    @Test
    void randomPiecesContinueTheSameSequence() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (int trial = 0; trial < 12; trial++) {
                List<Long> lengths = new ArrayList<>();
                long tokens = 0;
                while (tokens < 90) {
                    long length = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(2 * window + 20);
                    lengths.add(length);
                    tokens += length;
                }
                MixerInput in = input(DType.FLOAT64, 2, tokens);
                comparePieces(mixer, in, lengths.stream().mapToLong(l -> l).toArray(), window);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64", "BFLOAT16"})
    void stateBytesAreExact(DType dtype) {
        for (int window : windows()) {
            for (int batch : new int[] {1, 3}) {
                Mixer mixer = mixer(window, DType.FLOAT32);
                try (Fixtures.Running running =
                                new Fixtures.Running(mixer.newState(batch, dtype, device()), new long[batch]);
                        Gradients off = Gradients.off()) {
                    long tokens = 0;
                    for (long more : new long[] {0, 1, 1, 30, 1, 300, 700, 1}) {
                        if (more > 0) {
                            running.advance(mixer, input(dtype, batch, more), rotary);
                        }
                        tokens += more;
                        MixerState state = running.state();
                        long held = state.tensors().values().stream()
                                .mapToLong(t -> t.count() * t.dtype().bytes())
                                .sum();
                        assertThat(state.bytes())
                                .as("%s, window %d, batch %d, %d tokens", dtype, window, batch, tokens)
                                .isEqualTo(held)
                                .isEqualTo(stateBytes(window, batch, tokens, dtype.bytes()));
                    }
                }
            }
        }
    }

    @Test
    void aStateThatDoesNotCacheIsAsLargeAfter64KTokensAsAfter1K() {
        MixerSpec spec = spec(16, 6);
        if (spec.caches()) {
            return;
        }
        Mixer mixer = mixer(spec, DType.FLOAT32);
        try (Gradients off = Gradients.off();
                Fixtures.Running running =
                        new Fixtures.Running(mixer.newState(1, DType.FLOAT32, device()), new long[1])) {
            long after1K = 0;
            for (int piece = 0; piece < 64; piece++) {
                try (Scope work = Scope.open()) {
                    running.advance(mixer, input(DType.FLOAT32, 1, 1024), rotary);
                }
                after1K = piece == 0 ? running.state().bytes() : after1K;
            }
            assertThat(running.read()[0]).isEqualTo(65_536);
            assertThat(running.state().bytes())
                    .isEqualTo(after1K)
                    .isEqualTo(spec.stateBytes(DIMS, DType.FLOAT32, 65_536));
        }
    }

    @Test
    void forksGoTheirOwnWay() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            MixerInput past = input(DType.FLOAT64, 2, 21);
            MixerInput left = input(DType.FLOAT64, 2, 9);
            MixerInput right = input(DType.FLOAT64, 2, 9);
            try (Gradients off = Gradients.off();
                    Fixtures.Running state = Fixtures.state(mixer, past)) {
                state.advance(mixer, past, rotary);
                try (Fixtures.Running fork = state.fork()) {
                    Tensor a = Fixtures.advance(mixer, left, state, 1, 1, 5, 1, 1);
                    Tensor b = Fixtures.advance(mixer, right, fork, 1, 1, 5, 1, 1);
                    assertThat(Fixtures.error(a, tail(mixer, past, left))).isLessThan(1e-9);
                    assertThat(Fixtures.error(b, tail(mixer, past, right))).isLessThan(1e-9);
                }
            }
        }
    }

    private static Tensor tail(Mixer mixer, MixerInput past, MixerInput rest) {
        return mixer.forward(join(past, rest), Form.PARALLEL).narrow(2, past.tokens(), rest.tokens());
    }

    @Test
    void aStateWrittenAndReadBackContinuesExactly() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT32);
            for (long tokens : new long[] {2, window, 40}) {
                MixerInput past = input(DType.FLOAT32, 2, tokens);
                MixerInput rest = input(DType.FLOAT32, 2, 12);
                try (Gradients off = Gradients.off();
                        Fixtures.Running state = Fixtures.state(mixer, past);
                        Fixtures.Running read = new Fixtures.Running(new MixerState(), new long[] {tokens, tokens})) {
                    state.advance(mixer, past, rotary);
                    state.state().tensors().forEach((name, t) -> read.state().put(name, t.copy()));
                    assertThat(read.state().bytes()).isEqualTo(state.state().bytes());
                    Tensor expected = Fixtures.advance(mixer, rest, state, 1, 10, 1);
                    assertThat(Fixtures.advance(mixer, rest, read, 1, 10, 1).floats())
                            .containsExactly(expected.floats());
                }
            }
        }
    }

    @Test
    void aFrozenMixerComputesTheSameAndLivesWithItsOwner() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT32);
            for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16)) {
                MixerInput in = input(dtype, 2, 40);
                long[] pieces = {1, 1, 30, 1, 1, 1, 5};
                try (Gradients off = Gradients.off();
                        Scope owner = Scope.owner();
                        Fixtures.Running state = Fixtures.state(mixer, in);
                        Fixtures.Running same = Fixtures.state(mixer, in)) {
                    Mixer frozen = mixer.frozen(dtype, owner);
                    Tensor expected = Fixtures.advance(mixer, in, state, pieces);
                    Tensor found = Fixtures.advance(frozen, in, same, pieces);
                    if (device().isCuda()) { // where products of other strides may go another way
                        assertThat(Fixtures.error(found, expected)).isLessThan(Fixtures.tolerance(dtype));
                    } else {
                        assertThat(found.doubles()).containsExactly(expected.doubles());
                    }
                }
            }
        }
    }
}
