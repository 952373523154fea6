package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One law in three forms, causal, a matrix times the values, whatever the scores. */
abstract class MixerFormsContract extends MixerTwinContract {
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void threeFormsAreOneMap(DType dtype) {
        for (int window : windows()) {
            Mixer mixer = mixer(window, dtype);
            for (long tokens : lengths(window)) {
                try (Scope scope = Scope.open();
                        Gradients off = Gradients.off()) {
                    MixerInput in = input(dtype, 2, tokens);
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
            MixerInput in = input(DType.BFLOAT16, 1, 40);
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
                Mixer exact = mixer(spec, DType.FLOAT64, parameters);
                Mixer mixer = mixer(spec, DType.FLOAT32, parameters);
                MixerInput in = input(DType.FLOAT64, 1, tokens);
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
                try (Fixtures.Running state = Fixtures.state(mixer, rounded);
                        Fixtures.Running wide = Fixtures.state(exact, in)) {
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

    @Test
    void laterTokensChangeNothingBefore() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT32);
            MixerInput in = input(DType.FLOAT32, 2, 70);
            MixerInput other = input(DType.FLOAT32, 2, 70);
            for (long same : new long[] {1, 4, 17, 64, 69}) {
                MixerInput changed = join(in.slice(0, same, start), other.slice(same, 70 - same, start));
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

    @Test
    void noGradientReachesALaterToken() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            for (long i : new long[] {0, 5, 30, 65}) {
                for (Form form : TRAINABLE) {
                    try (Scope scope = Scope.open()) {
                        Map<String, Tensor> leaves = leaves(input(DType.FLOAT64, 1, 70));
                        mixer.forward(of(leaves), form)
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

    @Test
    void theMaterialisedMatrixTimesTheValuesIsTheOutput() {
        for (int window : windows()) {
            compareMatrix(spec(window, 6));
        }
    }

    final void compareMatrix(MixerSpec spec) {
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        Mixer mixer = mixer(spec, DType.FLOAT64, parameters);
        MixerInput in = input(DType.FLOAT64, 2, 37);
        Tensor matrix = mixer.materialize(in);
        assertThat(matrix.shape()).containsExactly(2, DIMS.heads(), 37, 37);
        assertThat(matrix.triu(1).abs().amax().item()).isZero();
        Tensor y = mixer.ended(in, matrix.matmul(in.v().repeatInterleave(DIMS.group(), 1)));
        assertThat(Fixtures.error(y, mixer.forward(in, Form.PARALLEL))).isLessThan(1e-9);
        MixerInput narrow = Fixtures.to(DType.FLOAT32, in);
        Tensor read = mixer(spec, DType.FLOAT32, parameters).forward(narrow, Form.CHUNK);
        assertThat(Fixtures.error(read, y)).isLessThan(1e-4);
    }

    @Test
    void thePartsAddUpToTheOutput() {
        for (int window : windows()) {
            Mixer mixer = mixer(window, DType.FLOAT64);
            MixerInput in = input(DType.FLOAT64, 2, 37);
            Tensor whole = mixer.forward(in, Form.PARALLEL);
            Tensor sum = mixer.parts(in).values().stream().reduce(Tensor::add).orElseThrow();
            assertThat(Fixtures.error(sum, whole)).isLessThan(1e-9);
        }
    }

    /** Each branch alone is what it gives over what it weighs; sinks, which give nothing, weigh with the window. */
    @Test
    void aBranchAloneIsItsPartOverItsWeight() {
        for (int window : windows()) {
            MixerSpec spec = spec(window, 6);
            Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
            Mixer mixer = mixer(spec, DType.FLOAT64, parameters);
            MixerInput in = input(DType.FLOAT64, 2, 37);
            MixerSpec alone = spec.only(LizardSpec.Branches.LINEAR).orElse(null);
            Tensor far = mixer.parts(in).get("far");
            assertThat(far == null).as("branches of %s", spec).isEqualTo(alone == null);
            if (alone != null) {
                Tensor weight = weightOfFar(mixer, parameters, in);
                Tensor right = mixer(alone, DType.FLOAT64, parameters).forward(in, Form.PARALLEL);
                assertThat(Fixtures.error(far.div(weight), right))
                        .as("window %d", window)
                        .isLessThan(1e-9);
            }
        }
    }

    /** By which a branch alone is more than its part: [B, H, T, d | 1]. */
    Tensor weightOfFar(Mixer mixer, Map<String, Tensor> parameters, MixerInput in) {
        Tensor ones = in.v().mul(0).add(1);
        return mixer.parts(in.withValues(ones)).get("far").clampMin(1e-30);
    }

    /** Scores q·k / √d up to ±150: finite in float32, gradients too, and near what float64 says. */
    @Test
    void largeScoresStayFinite() {
        for (int window : windows()) {
            MixerSpec spec = spec(window, 6);
            Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
            MixerInput in = input(DType.FLOAT64, 1, 70);
            double factor = Math.sqrt(150 / largestScore(in));
            MixerInput loud = new MixerInput(in.x(), in.q().mul(factor), in.k().mul(factor), in.v(), start);
            Tensor right = mixer(spec, DType.FLOAT64, parameters).forward(loud, Form.PARALLEL);
            Mixer mixer = mixer(spec, DType.FLOAT32, parameters);
            for (Form form : TRAINABLE) {
                try (Scope scope = Scope.open()) {
                    Map<String, Tensor> leaves = leaves(Fixtures.to(DType.FLOAT32, loud));
                    Tensor y = mixer.forward(of(leaves), form);
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
