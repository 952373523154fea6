package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.RecordedWork;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Pieces of a text by kernels in bfloat16 against composed operations in float32 on the same card, of the same numbers: scores
 * are then the same, so who is kept is too.
 */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class ExactPieceKernelTest {
    private static final Device CUDA = Device.cuda(0);
    private static final double LIMIT = 0.005; // of outputs, as of the training pass

    private final RandomStream random = new RandomStream(Long.getLong("lizard.test.seed", 20_260_101L));

    private Mixer mixer(LizardSpec spec, HeadDims dims) {
        Map<String, Tensor> there = new LinkedHashMap<>();
        Fixtures.to(DType.FLOAT32, Fixtures.parameters(spec, dims, random))
                .forEach((name, tensor) -> there.put(name, tensor.to(CUDA)));
        return spec.create(dims, there);
    }

    private MixerInput input(HeadDims dims, long batch, long tokens, Positions start) {
        return Fixtures.on(CUDA, Fixtures.to(DType.BFLOAT16, Fixtures.input(dims, batch, tokens, start, random)));
    }

    private static double ratio(Tensor actual, Tensor expected) {
        Tensor right = expected.to(DType.FLOAT32);
        return actual.to(DType.FLOAT32).sub(right).norm().item() / right.norm().item();
    }

    private static void assertSame(MixerState found, MixerState expected) {
        Map<String, Tensor> right = ExactPieceTest.sorted(expected);
        ExactPieceTest.sorted(found)
                .forEach((name, tensor) -> assertThat(Fixtures.error(tensor, MixerSpec.need(right, name)))
                        .as(name)
                        .isLessThan(1e-6));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // w | m | meta | K | type | half-life | limit | H | G | d | batch | pieces
                "64 | 4 | 0 | 960 | INT8 | 0 | 0 | 9 | 3 | 64 | 1 | 3000",
                "64 | 4 | 0 | 960 | INT8 | 0 | 8192 | 9 | 3 | 64 | 1 | 40 70 900 1 2048 333 2",
                "128 | 4 | 4 | 40 | INT8 | 300 | 0 | 9 | 3 | 64 | 2 | 130 700 5 129 1000",
                "16 | 70 | 0 | 64 | MODEL | 0 | 0 | 4 | 2 | 64 | 2 | 50 33 257 600",
                "60 | 0 | 0 | 33 | INT8 | 0 | 500 | 2 | 1 | 64 | 1 | 300 400 100",
                "64 | 4 | 4 | 50 | INT8 | 0 | 2048 | 4 | 2 | 128 | 2 | 301 64 700",
                "128 | 0 | 0 | 100 | MODEL | 0 | 0 | 8 | 1 | 128 | 1 | 450 450"
            })
    void piecesAndTheStateAreThoseOfComposedOperations(
            int window,
            int first,
            int meta,
            int slots,
            SlotType type,
            double halfLife,
            int limit,
            int heads,
            int groups,
            int width,
            long batch,
            String lengths) {
        long[] pieces =
                Arrays.stream(lengths.split(" ")).mapToLong(Long::parseLong).toArray();
        long tokens = Arrays.stream(pieces).sum();
        HeadDims dims = new HeadDims(96, heads, groups, width);
        LizardSpec spec = ExactPieceTest.spec(window, first, meta, new SlotSpec(slots, 16, type, limit, halfLife));
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, width);
                Positions start = Positions.start(rotary)) {
            Mixer mixer = mixer(spec, dims);
            MixerInput in = input(dims, batch, tokens, start);
            MixerInput wide = Fixtures.to(DType.FLOAT32, in);
            try (Fixtures.Running found = Fixtures.state(mixer, in);
                    Fixtures.Running expected = Fixtures.state(mixer, wide)) {
                assertThat(SlotFunction.fits(in)).isTrue();
                assertThat(SlotFunction.fits(wide)).isFalse();
                long from = 0;
                for (long piece : pieces) {
                    Tensor right = expected.advance(mixer, wide.slice(from, piece, start), rotary);
                    Tensor y = found.advance(mixer, in.slice(from, piece, start), rotary);
                    double error = ratio(y, right);
                    System.out.printf("%s, %s: %d from %d on: %.5f%n", spec.exact(), dims, piece, from, error);
                    assertThat(error).isLessThan(LIMIT);
                    assertSame(found.state(), expected.state());
                    from += piece;
                }
            }
        }
    }

    /** A recording of a piece serves every place where slots are full. */
    @Test
    void aRecordedPieceIsReplayedWhereverTheTextIs() {
        HeadDims dims = new HeadDims(96, 9, 3, 64);
        LizardSpec spec = ExactPieceTest.spec(32, 4, 0, new SlotSpec(100, 16, SlotType.INT8, 4096, 0));
        long piece = 200;
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(10_000, 64);
                Positions start = Positions.start(rotary)) {
            Mixer mixer = mixer(spec, dims);
            MixerInput in = input(dims, 1, 8 * piece, start);
            MixerInput fed = Fixtures.on(CUDA, Fixtures.to(DType.BFLOAT16, in.slice(piece, piece, start)));
            List<Tensor> own = List.of(
                    fed.x().copy(), fed.q().copy(), fed.k().copy(), fed.v().copy());
            Tensor y = Tensors.zeros(DType.BFLOAT16, CUDA, 1, 9, piece, 64);
            Tensor read = Tensors.of(new long[] {piece}, 1).to(CUDA);
            try (Fixtures.Running expected = Fixtures.state(mixer, in);
                    MixerState state = mixer.newState(1, DType.BFLOAT16, CUDA)) {
                expected.advance(mixer, in.slice(0, piece, start), rotary);
                state.put(0, expected.state(), 0);
                Runnable pass = () -> {
                    try (Scope work = Scope.open();
                            Positions at = Positions.on(rotary, read, spec.fills(), 4096 - piece)) {
                        y.copy_(mixer.chunk(new MixerInput(own.get(0), own.get(1), own.get(2), own.get(3), at), state));
                        read.add_(piece);
                    }
                };
                RecordedWork work = RecordedWork.record(CUDA, pass, pass);
                for (long from = piece; from < 8 * piece; from += piece) {
                    MixerInput next = in.slice(from, piece, start);
                    if (from > piece) { // the first was read when the work was recorded
                        List<Tensor> fresh = List.of(next.x(), next.q(), next.k(), next.v());
                        for (int i = 0; i < own.size(); i++) {
                            own.get(i).copy_(fresh.get(i));
                        }
                        work.replay();
                    }
                    Tensor right = expected.advance(mixer, next, rotary);
                    assertThat(ratio(y, right)).isLessThan(1e-3);
                    assertSame(state, expected.state());
                }
                Engine.synchronize(CUDA);
                work.close();
            }
        }
    }

    /** At SmolLM2's shape: prints how long a layer reads 8,192 tokens, by kernels and composed. */
    @Test
    void readingIsTimed() {
        HeadDims dims = new HeadDims(576, 9, 3, 64);
        SlotSpec slots = new SlotSpec(960, SlotSpec.HIDDEN, SlotType.INT8, 8192, 0);
        LizardSpec spec = ExactPieceTest.spec(64, 4, 0, slots);
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off();
                Rotary rotary = Rotary.plain(100_000, 64);
                Positions start = Positions.start(rotary)) {
            Mixer mixer = mixer(spec, dims);
            MixerInput in = input(dims, 1, 8192, start);
            for (long piece : new long[] {8192, 2048, 512}) {
                double kernels = seconds(mixer, in, piece, rotary);
                double composed = seconds(mixer, Fixtures.to(DType.FLOAT32, in), piece, rotary);
                System.out.printf(
                        "exact slots, H 9, G 3, d 64, w 64, m 4, K 960 int8, pieces of %d: kernels %.2f ms,"
                                + " composed %.1f ms a layer for 8192 tokens%n",
                        piece, 1e3 * kernels, 1e3 * composed);
                assertThat(kernels).isLessThan(composed);
            }
        }
    }

    /** The best of a few runs. */
    private static double seconds(Mixer mixer, MixerInput in, long piece, Rotary rotary) {
        double best = Double.POSITIVE_INFINITY;
        for (int run = 0; run < 4; run++) {
            Engine.synchronize(CUDA);
            long begin = System.nanoTime();
            try (Scope work = Scope.open();
                    Fixtures.Running state = Fixtures.state(mixer, in)) {
                for (long from = 0; from < in.tokens(); from += piece) {
                    state.advance(mixer, in.slice(from, piece, in.at()), rotary);
                }
                Engine.synchronize(CUDA);
                best = Math.min(best, (System.nanoTime() - begin) / 1e9);
            }
        }
        return best;
    }
}
