package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What every mixer promises, as tests that each mixer's test class inherits: one law in three forms, causal, resumable
 * at any split, with exact gradients, and honest about its state's bytes.
 */
@ExtendWith(LiveTensors.class)
abstract class MixerContract {
    static final HeadDims DIMS = new HeadDims(12, 4, 2, 8);
    private static final HeadDims SMALL = new HeadDims(3, 2, 1, 4);
    private static final List<Form> TRAINABLE = List.of(Form.PARALLEL, Form.CHUNK);

    final long seed = Long.getLong("lizard.test.seed", 20_260_101L);
    final RandomStream random = new RandomStream(seed);
    Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());

    /** The mixer under test with the given window and {@code features} of half a feature map. */
    abstract MixerSpec spec(int window, int features);

    /** Bytes that the state of {@code batch} sequences must hold after {@code tokens}. */
    abstract long stateBytes(int window, int batch, long tokens, int elementBytes);

    /** Windows under test. */
    List<Integer> windows() {
        return List.of(1, 4, 16);
    }

    @BeforeEach
    void openRotary() {
        rotary = Rotary.plain(10_000, DIMS.headWidth());
    }

    @AfterEach
    void closeRotary() {
        rotary.close();
    }

    final Mixer mixer(MixerSpec spec, DType dtype) {
        return spec.create(DIMS, Fixtures.to(dtype, Fixtures.parameters(spec, DIMS, random)));
    }

    private Mixer mixer(int window, DType dtype) {
        return mixer(spec(window, 6), dtype);
    }

    final MixerInput input(DType dtype, long batch, long tokens, long start) {
        return Fixtures.to(dtype, Fixtures.input(DIMS, batch, tokens, rotary, start, random));
    }

    /** Lengths around what windows and chunks may stumble over. */
    private static List<Long> lengths(int window) {
        long w = window;
        long c = MatrixMemory.CHUNK;
        TreeSet<Long> lengths = new TreeSet<>(
                LongStream.of(1, 2, 3, w - 1, w, w + 1, 2 * w, 2 * w + 1, 3 * w + 2, c - 1, c, c + 1, 2 * c + 3)
                        .boxed()
                        .toList());
        lengths.remove(0L);
        return List.copyOf(lengths);
    }

    // ---- A1: one law, three forms --------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void threeFormsAreOneMap(DType dtype) {
        for (int window : windows()) {
            Mixer mixer = mixer(window, dtype);
            for (long tokens : lengths(window)) {
                try (Scope scope = Scope.open();
                        Gradients off = Gradients.off()) {
                    MixerInput in = input(dtype, 2, tokens, 5);
                    Tensor parallel = mixer.forward(in, Form.PARALLEL);
                    assertThat(parallel.shape()).containsExactly(2, DIMS.heads(), tokens, DIMS.headWidth());
                    for (Form form : List.of(Form.CHUNK, Form.RECURRENT)) {
                        assertThat(Fixtures.error(mixer.forward(in, form), parallel))
                                .as("%s, window %d, %d tokens, seed %d", form, window, tokens, seed)
                                .isLessThan(Fixtures.tolerance(dtype));
                    }
                }
            }
        }
    }

    @Test
    void narrowInputsGiveNarrowOutputsNearTheWideOnes() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT32);
            MixerInput in = input(DType.BFLOAT16, 1, 40, 0);
            Tensor wide = mixer.forward(Fixtures.to(DType.FLOAT32, in), Form.PARALLEL);
            for (Form form : Form.values()) {
                Tensor y = mixer.forward(in, form);
                assertThat(y.dtype()).isEqualTo(DType.BFLOAT16);
                assertThat(Fixtures.error(y, wide))
                        .as("%s, window %d", form, window)
                        .isLessThan(2e-2);
            }
        }
    }

    @Test
    void aLongSequenceIsTheSameInOnePassInPiecesAndStepByStep() {
        comparePieces(8192);
    }

    @Test
    @Tag("slow")
    void aVeryLongSequenceToo() {
        comparePieces(65_536);
    }

    /** One pass, pieces with other chunk borders, and steps at the end, each against one pass in float64. */
    private void comparePieces(long tokens) {
        for (int window : windows()) {
            try (Scope scope = Scope.open();
                    Gradients off = Gradients.off()) {
                MixerSpec spec = spec(window, 6);
                Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
                Mixer exact = spec.create(DIMS, parameters);
                Mixer mixer = spec.create(DIMS, Fixtures.to(DType.FLOAT32, parameters));
                MixerInput in = input(DType.FLOAT64, 1, tokens, 0);
                MixerInput rounded = Fixtures.to(DType.FLOAT32, in);
                Tensor right = exact.forward(in, Form.CHUNK);
                assertThat(Fixtures.error(mixer.forward(rounded, Form.CHUNK), right))
                        .as("float32, window %d", window)
                        .isLessThan(1e-4);
                long[] pieces = {tokens / 2 + 7, 1, tokens / 4 + 1, 1000, 0};
                pieces[4] = tokens - 50 - LongStream.of(pieces).sum();
                long[] steps = LongStream.concat(
                                LongStream.of(pieces),
                                LongStream.generate(() -> 1).limit(50))
                        .toArray();
                try (MixerState state = Fixtures.state(mixer, rounded);
                        MixerState wide = Fixtures.state(exact, in)) {
                    assertThat(Fixtures.error(Fixtures.advance(mixer, rounded, state, steps), right))
                            .as("pieces in float32, window %d", window)
                            .isLessThan(1e-4);
                    assertThat(Fixtures.error(Fixtures.advance(exact, in, wide, steps), right))
                            .as("pieces in float64, window %d", window)
                            .isLessThan(1e-9);
                }
            }
        }
    }

    // ---- A2: causality ---------------------------------------------------------------------------------------------

    @Test
    void laterTokensChangeNothingBefore() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT32);
            MixerInput in = input(DType.FLOAT32, 2, 70, 0);
            MixerInput other = input(DType.FLOAT32, 2, 70, 0);
            for (long same : new long[] {1, 4, 17, 64, 69}) {
                MixerInput changed = join(in.slice(0, same), other.slice(same, 70 - same));
                for (Form form : Form.values()) {
                    Tensor before = mixer.forward(in, form).narrow(2, 0, same);
                    Tensor after = mixer.forward(changed, form).narrow(2, 0, same);
                    assertThat(Fixtures.error(after, before))
                            .as("%s, window %d, %d equal tokens, seed %d", form, window, same, seed)
                            .isLessThanOrEqualTo(form == Form.RECURRENT ? 0 : 1e-6);
                }
            }
        }
    }

    private static MixerInput join(MixerInput a, MixerInput b) {
        return new MixerInput(
                Tensors.cat(1, a.x(), b.x()),
                Tensors.cat(2, a.q(), b.q()),
                Tensors.cat(2, a.k(), b.k()),
                Tensors.cat(2, a.v(), b.v()),
                a.rotary(),
                a.start());
    }

    @Test
    void noGradientReachesALaterToken() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (long i : new long[] {0, 5, 30, 65}) {
                for (Form form : TRAINABLE) {
                    try (Scope scope = Scope.open()) {
                        Map<String, Tensor> leaves = leaves(input(DType.FLOAT64, 1, 70, 0));
                        mixer.forward(of(leaves, 0), form)
                                .narrow(2, 0, i + 1)
                                .square()
                                .sum()
                                .backward();
                        leaves.forEach((name, leaf) -> {
                            Tensor gradient = leaf.grad();
                            if (gradient != null) { // a mixer may have no use for x
                                int axis = name.equals("x") ? 1 : 2;
                                Tensor later = gradient.narrow(axis, i + 1, 69 - i);
                                assertThat(later.abs().amax().item())
                                        .as("%s, window %d, output %d, %s", form, window, i, name)
                                        .isZero();
                            }
                        });
                    }
                }
            }
        }
    }

    private static Map<String, Tensor> leaves(MixerInput in) {
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        leaves.put("x", in.x());
        leaves.put("q", in.q());
        leaves.put("k", in.k());
        leaves.put("v", in.v());
        leaves.values().forEach(leaf -> leaf.requiresGrad(true));
        return leaves;
    }

    private MixerInput of(Map<String, Tensor> leaves, long start) {
        return new MixerInput(
                MixerSpec.need(leaves, "x"),
                MixerSpec.need(leaves, "q"),
                MixerSpec.need(leaves, "k"),
                MixerSpec.need(leaves, "v"),
                rotary,
                start);
    }

    // ---- A3: resumable at any split --------------------------------------------------------------------------------

    @Test
    void everySplitOfPrefillAndStepsContinuesTheSameSequence() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (long start : new long[] {0, 777}) {
                long tokens = 2L * window + 6;
                MixerInput in = input(DType.FLOAT64, start == 0 ? 1 : 3, tokens, start);
                for (long prefill = 0; prefill <= tokens; prefill++) {
                    compareSplit(mixer, in, prefill, window);
                }
            }
            MixerInput in = input(DType.FLOAT64, 2, 2L * MatrixMemory.CHUNK + 2, 3);
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
                MixerState state = Fixtures.state(mixer, in)) {
            Tensor pieces = Fixtures.advance(mixer, in, state, lengths);
            assertThat(Fixtures.error(pieces, mixer.forward(in, Form.PARALLEL)))
                    .as(
                            "pieces %s, window %d, seed %d",
                            LongStream.of(lengths).boxed().toList(), window, seed)
                    .isLessThan(1e-9);
            assertThat(state.tokens()).isEqualTo(in.tokens());
            assertThat(state.position()).isEqualTo(in.start() + in.tokens());
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
                MixerInput in = input(DType.FLOAT64, 2, tokens, trial);
                comparePieces(mixer, in, lengths.stream().mapToLong(l -> l).toArray(), window);
            }
        }
    }

    // ---- A4: gradients ---------------------------------------------------------------------------------------------

    @Test
    void gradientsOfParametersAndInputsAreThoseOfFiniteDifferences() {
        for (int window : windows()) {
            if (window <= 4) {
                MixerSpec spec = spec(window, 3);
                Map<String, Tensor> tensors = new LinkedHashMap<>(Fixtures.parameters(spec, SMALL, random));
                try (Rotary small = Rotary.plain(100, SMALL.headWidth())) {
                    MixerInput in = Fixtures.input(SMALL, 1, 7, small, 2, random);
                    List<String> inputs = usesLayerInput() ? List.of("x", "q", "k", "v") : List.of("q", "k", "v");
                    tensors.putAll(leaves(in));
                    tensors.keySet().removeIf(name -> name.equals("x") && !inputs.contains("x"));
                    for (Form form : TRAINABLE) {
                        FiniteDifferences.check(
                                "%s, window %d".formatted(form, window),
                                tensors,
                                t -> spec.create(SMALL, t)
                                        .forward(
                                                new MixerInput(
                                                        t.getOrDefault("x", in.x()),
                                                        MixerSpec.need(t, "q"),
                                                        MixerSpec.need(t, "k"),
                                                        MixerSpec.need(t, "v"),
                                                        small,
                                                        2),
                                                form),
                                seed);
                    }
                }
            }
        }
    }

    /** Whether x matters, as it does to gates. */
    boolean usesLayerInput() {
        return false;
    }

    @Test
    void gradientsOfAContinuationFlowThroughItsOwnTokens() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (long length : new long[] {1, 9}) {
                try (Scope scope = Scope.open()) {
                    MixerInput in = input(DType.FLOAT64, 1, 30, 0);
                    MixerInput past = in.slice(0, 30 - length);
                    Map<String, Tensor> whole = leaves(in.slice(30 - length, length));
                    MixerInput rest = of(whole, 30 - length);
                    mixer.forward(join(past, rest), Form.PARALLEL)
                            .narrow(2, 30 - length, length)
                            .square()
                            .sum()
                            .backward();
                    Map<String, Tensor> tail = new LinkedHashMap<>();
                    whole.forEach(
                            (name, leaf) -> tail.put(name, leaf.detach().copy().requiresGrad(true)));
                    try (MixerState state = Fixtures.state(mixer, in)) {
                        mixer.advance(past, state);
                        mixer.advance(of(tail, 30 - length), state)
                                .square()
                                .sum()
                                .backward();
                        state.tensors()
                                .values()
                                .forEach(t -> assertThat(t.requiresGrad()).isFalse());
                    }
                    tail.forEach((name, leaf) -> {
                        Tensor expected = MixerSpec.need(whole, name).grad();
                        if (expected != null) {
                            assertThat(leaf.grad()).as(name).isNotNull();
                            assertThat(Fixtures.error(leaf.grad(), expected))
                                    .as("%s, window %d, %d tokens", name, window, length)
                                    .isLessThan(1e-9);
                        }
                    });
                }
            }
        }
    }

    // ---- A5: the mixing matrix
    // ---------------------------------------------------------------------------------------

    @Test
    void theMaterialisedMatrixTimesTheValuesIsTheOutput() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            MixerInput in = input(DType.FLOAT64, 2, 37, 1);
            Tensor matrix = mixer.materialize(in);
            assertThat(matrix.shape()).containsExactly(2, DIMS.heads(), 37, 37);
            assertThat(matrix.triu(1).abs().amax().item()).isZero();
            Tensor y = matrix.matmul(in.v().repeatInterleave(DIMS.group(), 1));
            assertThat(Fixtures.error(y, mixer.forward(in, Form.PARALLEL))).isLessThan(1e-9);
        }
    }

    // ---- A6: the state
    // -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64", "BFLOAT16"})
    void stateBytesAreExact(DType dtype) {
        for (int window : windows()) {
            for (int batch : new int[] {1, 3}) {
                Mixer mixer = mixer(window, DType.FLOAT32);
                try (MixerState state = mixer.newState(batch, dtype, Device.CPU);
                        Gradients off = Gradients.off()) {
                    long tokens = 0;
                    for (long more : new long[] {0, 1, 1, 30, 1, 300, 700, 1}) {
                        if (more > 0) {
                            mixer.advance(input(dtype, batch, more, tokens), state);
                        }
                        tokens += more;
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
    void forksGoTheirOwnWay() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            MixerInput past = input(DType.FLOAT64, 2, 21, 4);
            MixerInput left = input(DType.FLOAT64, 2, 9, 25);
            MixerInput right = input(DType.FLOAT64, 2, 9, 25);
            try (Gradients off = Gradients.off();
                    MixerState state = Fixtures.state(mixer, past)) {
                mixer.advance(past, state);
                try (MixerState fork = state.fork()) {
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
                MixerInput past = input(DType.FLOAT32, 2, tokens, 9);
                MixerInput rest = input(DType.FLOAT32, 2, 12, 9 + tokens);
                try (Gradients off = Gradients.off();
                        MixerState state = Fixtures.state(mixer, past);
                        MixerState read = new MixerState()) {
                    mixer.advance(past, state);
                    state.tensors().forEach((name, t) -> read.put(name, Tensors.of(t.floats(), t.shape())));
                    read.startAt(9);
                    read.saw(tokens);
                    assertThat(read.bytes()).isEqualTo(state.bytes());
                    Tensor expected = Fixtures.advance(mixer, rest, state, 1, 10, 1);
                    assertThat(Fixtures.advance(mixer, rest, read, 1, 10, 1).floats())
                            .containsExactly(expected.floats());
                }
            }
        }
    }

    // ---- extremes
    // ------------------------------------------------------------------------------------------------------

    /** Scores q·k / √d up to ±150: finite in float32, gradients too, and near what float64 says. */
    @Test
    void largeScoresStayFinite() {
        for (int window : windows()) {
            MixerSpec spec = spec(window, 6);
            Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
            MixerInput in = input(DType.FLOAT64, 1, 70, 0);
            double factor = Math.sqrt(150 / largestScore(in));
            MixerInput loud = new MixerInput(in.x(), in.q().mul(factor), in.k().mul(factor), in.v(), rotary, 0);
            Tensor right = spec.create(DIMS, parameters).forward(loud, Form.PARALLEL);
            Mixer mixer = spec.create(DIMS, Fixtures.to(DType.FLOAT32, parameters));
            for (Form form : TRAINABLE) {
                try (Scope scope = Scope.open()) {
                    Map<String, Tensor> leaves = leaves(Fixtures.to(DType.FLOAT32, loud));
                    Tensor y = mixer.forward(of(leaves, 0), form);
                    assertThat(Fixtures.error(y, right))
                            .as("%s, window %d", form, window)
                            .isLessThan(2e-3);
                    y.square().sum().backward();
                    leaves.forEach((name, leaf) -> assertThat(
                                    leaf.grad() == null || leaf.grad().allFinite())
                            .as("%s, window %d, gradient of %s", form, window, name)
                            .isTrue());
                }
            }
        }
    }

    private static double largestScore(MixerInput in) {
        Tensor keys = in.k().repeatInterleave(DIMS.group(), 1);
        return in.q().matmul(keys.transpose(-1, -2)).abs().amax().item() / Math.sqrt(DIMS.headWidth());
    }
}
