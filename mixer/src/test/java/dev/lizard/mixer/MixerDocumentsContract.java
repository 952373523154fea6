package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Documents packed into one sequence and kept apart are read as if each stood alone. */
abstract class MixerDocumentsContract extends MixerFormsContract {
    /** Around windows, chunks of {@value MatrixMemory#CHUNK} and spans of {@value MatrixMemory#SPAN} of them. */
    private static final List<int[]> PACKED =
            List.of(new int[] {1, 3, 2}, new int[] {5, 130, 71}, new int[] {64, 64, 1, 2, 40}, new int[] {200, 3, 64});

    /** For two rows: where each token's document begins, int32 [2, T]; the second row has the lengths backwards. */
    static Tensor beginnings(int... lengths) {
        int tokens = Arrays.stream(lengths).sum();
        int[] begins = new int[2 * tokens];
        int at = 0;
        for (int row = 0; row < 2; row++) {
            int first = 0;
            for (int i = 0; i < lengths.length; i++) {
                int length = lengths[row == 0 ? i : lengths.length - 1 - i];
                Arrays.fill(begins, at, at + length, first);
                first += length;
                at += length;
            }
        }
        return Tensors.of(begins, 2, tokens).to(DType.INT32);
    }

    @Test
    void packedDocumentsAreReadAsIfEachStoodAlone() {
        for (int window : windows()) {
            if (spec(window, 6).separates()) {
                for (int[] lengths : PACKED) {
                    for (Form form : TRAINABLE) {
                        compare(window, form, lengths);
                    }
                }
            }
        }
    }

    @Test
    void packedDocumentsOfSeveralSpansToo() {
        int window = windows().getLast();
        if (spec(window, 6).separates()) {
            int span = MatrixMemory.CHUNK * MatrixMemory.SPAN;
            compare(window, Form.CHUNK, span - 30, span + 20, 7);
        }
    }

    private void compare(int window, Form form, int... lengths) {
        MixerSpec spec = spec(window, 6);
        Map<String, Tensor> parameters = Fixtures.parameters(spec, DIMS, random);
        MixerInput in = input(DType.FLOAT64, 2, Arrays.stream(lengths).sum());
        try (Scope scope = Scope.open();
                Positions packed = Positions.packed(rotary, beginnings(lengths).to(device()))) {
            Map<String, Tensor> together = copies(in, parameters);
            Tensor y = learn(spec, form, together, packed, 0, in.tokens(), -1);
            Map<String, Tensor> alone = copies(in, parameters);
            List<Tensor> rows = new ArrayList<>();
            for (int row = 0; row < 2; row++) {
                List<Tensor> parts = new ArrayList<>();
                long from = 0;
                for (int i = 0; i < lengths.length; i++) {
                    int length = lengths[row == 0 ? i : lengths.length - 1 - i];
                    parts.add(learn(spec, form, alone, start, from, length, row));
                    from += length;
                }
                rows.add(Tensors.cat(parts, 2));
            }
            String what =
                    "%s, window %d, documents of %s, seed %d".formatted(form, window, Arrays.toString(lengths), seed);
            assertThat(Fixtures.error(y, Tensors.cat(rows, 0))).as(what).isLessThan(1e-9);
            together.forEach((name, leaf) -> {
                Tensor expected = MixerSpec.need(alone, name).grad();
                Tensor found = leaf.grad();
                assertThat(found == null).as("%s, gradient of %s", what, name).isEqualTo(expected == null);
                if (found != null && expected != null) {
                    double size = Math.max(1, expected.abs().amax().item()); // some cancel, and are 0 but for rounding
                    assertThat(found.sub(expected).abs().amax().item())
                            .as("%s, gradient of %s", what, name)
                            .isLessThan(1e-9 * size);
                }
            });
        }
    }

    /** Parameters and inputs as leaves of their own. */
    private Map<String, Tensor> copies(MixerInput in, Map<String, Tensor> parameters) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        parameters.forEach((name, tensor) -> copies.put(
                "parameter " + name, tensor.to(device()).detach().copy().requiresGrad(true)));
        Map.of("x", in.x(), "q", in.q(), "k", in.k(), "v", in.v())
                .forEach((name, tensor) ->
                        copies.put(name, tensor.detach().copy().requiresGrad(true)));
        return copies;
    }

    /** Outputs of some tokens of a row, or of all, and the gradients of a weighted sum of their squares. */
    private static Tensor learn(
            MixerSpec spec, Form form, Map<String, Tensor> leaves, Positions at, long from, long length, int row) {
        Map<String, Tensor> parameters = new LinkedHashMap<>();
        leaves.forEach((name, leaf) -> {
            if (name.startsWith("parameter ")) {
                parameters.put(name.substring("parameter ".length()), leaf);
            }
        });
        MixerInput whole = new MixerInput(
                MixerSpec.need(leaves, "x"),
                MixerSpec.need(leaves, "q"),
                MixerSpec.need(leaves, "k"),
                MixerSpec.need(leaves, "v"),
                at);
        MixerInput part = row < 0 ? whole : whole.row(row, at).slice(from, length, at);
        Tensor y = spec.create(DIMS, parameters).forward(part, form);
        y.square().sum().backward();
        return y;
    }

    @Test
    void whoCannotKeepDocumentsApartSaysSo() {
        for (int window : windows()) {
            MixerSpec spec = spec(window, 6);
            if (!spec.separates()) {
                try (Positions packed =
                        Positions.packed(rotary, beginnings(5, 9).to(device()))) {
                    MixerInput in = input(DType.FLOAT64, 2, 14);
                    MixerInput documents = new MixerInput(in.x(), in.q(), in.k(), in.v(), packed);
                    for (Form form : Form.values()) {
                        assertThatThrownBy(() -> mixer(spec, DType.FLOAT64).forward(documents, form))
                                .as(form.toString())
                                .hasMessageContaining("documents");
                    }
                }
            }
        }
    }

    @Test
    void theRecurrentFormOfPackedDocumentsIsRefused() {
        try (Positions packed = Positions.packed(rotary, beginnings(5, 9).to(device()))) {
            MixerInput in = input(DType.FLOAT64, 2, 14);
            MixerInput documents = new MixerInput(in.x(), in.q(), in.k(), in.v(), packed);
            assertThatThrownBy(() -> mixer(4, DType.FLOAT64).forward(documents, Form.RECURRENT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("documents");
        }
    }
}
