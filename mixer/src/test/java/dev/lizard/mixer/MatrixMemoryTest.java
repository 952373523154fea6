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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(LiveTensors.class)
class MatrixMemoryTest {
    private static final int BATCH = 2;
    private static final int HEADS = 3;
    private static final int FEATURES = 5;
    private static final int WIDTH = 4;
    private static final double[] GATES = {0, 0.01, 0.5, 0.999, 1};

    /** How the memory decays. */
    enum Decay {
        NONE,
        HEAD,
        ROW
    }

    private final long seed = Long.getLong("lizard.test.seed", 7L);
    private final RandomStream random = new RandomStream(seed);

    /** @param g log-gates, or null */
    private record Case(
            Tensor q, Tensor k, Tensor v, @Nullable Tensor g, Tensor memory) {
        Case to(DType dtype) {
            return new Case(q.to(dtype), k.to(dtype), v.to(dtype), g == null ? null : g.to(dtype), memory.to(dtype));
        }
    }

    /** A random case with every gate {@code gate}, or gates drawn from {@link #GATES} where that is NaN. */
    private Case random(Decay decay, int tokens, double gate) {
        Tensor g = null;
        if (decay != Decay.NONE) {
            int each = decay == Decay.ROW ? FEATURES : 1;
            double[] logs = new double[BATCH * HEADS * tokens * each];
            for (int i = 0; i < logs.length; i++) {
                logs[i] = Math.log(Double.isNaN(gate) ? GATES[random.nextInt(GATES.length)] : gate);
            }
            Tensor flat = Tensors.of(logs, BATCH, HEADS, tokens, each);
            g = decay == Decay.ROW ? flat : flat.squeeze(-1);
        }
        return new Case(
                Fixtures.normal(random, 1, BATCH, HEADS, tokens, FEATURES),
                Fixtures.normal(random, 1, BATCH, HEADS, tokens, FEATURES),
                Fixtures.normal(random, 1, BATCH, HEADS, tokens, WIDTH),
                g,
                Fixtures.normal(random, 1, BATCH, HEADS, FEATURES, WIDTH));
    }

    private static MatrixMemory.Result twin(Case c, boolean fromZero) {
        double[][][][] y = new double[BATCH][HEADS][][];
        double[][][][] after = new double[BATCH][HEADS][][];
        Tensor g = c.g;
        for (int b = 0; b < BATCH; b++) {
            for (int h = 0; h < HEADS; h++) {
                after[b][h] = fromZero ? new double[FEATURES][WIDTH] : Plain.matrix(c.memory, b, h);
                double[][] gates = g == null
                        ? null
                        : Plain.matrix(g.rank() == 4 ? g.exp() : g.exp().unsqueeze(-1), b, h);
                y[b][h] = new MatrixMemoryTwin(after[b][h])
                        .run(Plain.matrix(c.q, b, h), Plain.matrix(c.k, b, h), Plain.matrix(c.v, b, h), gates);
            }
        }
        return new MatrixMemory.Result(Plain.tensor(y), Plain.tensor(after));
    }

    private static MatrixMemory.Result steps(Case c) {
        try (Gradients off = Gradients.off()) {
            Tensor memory = c.memory.copy();
            List<Tensor> rows = new ArrayList<>();
            for (long t = 0; t < c.q.size(2); t++) {
                Tensor g = c.g == null ? null : c.g.narrow(2, t, 1);
                rows.add(MatrixMemory.step(c.q.narrow(2, t, 1), c.k.narrow(2, t, 1), c.v.narrow(2, t, 1), g, memory));
            }
            return new MatrixMemory.Result(Tensors.cat(rows, 2), memory);
        }
    }

    private void compare(Case c, String what) {
        MatrixMemory.Result right = twin(c, false);
        for (int size : new int[] {1, 16, 64, 7}) {
            assertEqual(
                    MatrixMemory.chunk(c.q, c.k, c.v, c.g, c.memory, null, size),
                    right,
                    what + ", chunk " + size,
                    1e-9);
        }
        assertEqual(steps(c), right, what + ", steps", 1e-9);
        assertThat(Fixtures.error(
                        MatrixMemory.parallel(c.q, c.k, c.v, c.g, null),
                        twin(c, true).y()))
                .as("%s, parallel, seed %d", what, seed)
                .isLessThan(1e-9);
        Case narrow = c.to(DType.FLOAT32);
        assertEqual(
                MatrixMemory.chunk(narrow.q, narrow.k, narrow.v, narrow.g, narrow.memory, null),
                right,
                what + ", float32",
                1e-5);
        assertEqual(steps(narrow), right, what + ", steps, float32", 1e-5);
    }

    private void assertEqual(MatrixMemory.Result found, MatrixMemory.Result right, String what, double tolerance) {
        assertThat(Fixtures.error(found.y(), right.y()))
                .as("%s, outputs, seed %d", what, seed)
                .isLessThan(tolerance);
        assertThat(Fixtures.error(found.memory(), right.memory()))
                .as("%s, memory, seed %d", what, seed)
                .isLessThan(tolerance);
    }

    @ParameterizedTest
    @EnumSource
    void everyFormAndChunkEqualsTheTwinAtAnyGate(Decay decay) {
        for (int tokens : new int[] {1, 2, 15, 16, 17, 63, 64, 65, 130}) {
            compare(random(decay, tokens, Double.NaN), "mixed gates, %d tokens".formatted(tokens));
        }
        if (decay != Decay.NONE) {
            for (double gate : GATES) {
                compare(random(decay, 130, gate), "gate " + gate);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void gradientsAreThoseOfFiniteDifferences(Decay decay) {
        Case c = random(decay, 7, 0.5);
        Map<String, Tensor> tensors = new LinkedHashMap<>(Map.of("q", c.q, "k", c.k, "v", c.v, "memory", c.memory));
        if (c.g != null) {
            tensors.put("g", c.g.add(Fixtures.normal(random, 0.1, c.g.shape())));
        }
        for (int size : new int[] {1, 3, 64}) {
            FiniteDifferences.check(
                    decay + ", chunk " + size,
                    tensors,
                    t -> {
                        MatrixMemory.Result result = MatrixMemory.chunk(
                                MixerSpec.need(t, "q"),
                                MixerSpec.need(t, "k"),
                                MixerSpec.need(t, "v"),
                                t.get("g"),
                                MixerSpec.need(t, "memory"),
                                null,
                                size);
                        return Tensors.cat(2, result.y(), result.memory());
                    },
                    seed);
        }
        tensors.remove("memory");
        FiniteDifferences.check(
                decay + ", parallel",
                tensors,
                t -> MatrixMemory.parallel(
                        MixerSpec.need(t, "q"), MixerSpec.need(t, "k"), MixerSpec.need(t, "v"), t.get("g"), null),
                seed);
    }

    @Test
    void gradientsStayFiniteWhereGatesAreClosed() {
        for (Decay decay : List.of(Decay.HEAD, Decay.ROW)) {
            for (double gate : new double[] {0, 1, Double.NaN}) {
                Case c = random(decay, 80, gate).to(DType.FLOAT32);
                for (Tensor leaf : List.of(c.q, c.k, c.v, c.g, c.memory)) {
                    leaf.requiresGrad(true);
                }
                MatrixMemory.chunk(c.q, c.k, c.v, c.g, c.memory, null)
                        .y()
                        .square()
                        .sum()
                        .backward();
                MatrixMemory.parallel(c.q, c.k, c.v, c.g, null).square().sum().backward();
                for (Tensor leaf : List.of(c.q, c.k, c.v, c.g, c.memory)) {
                    Tensor gradient = leaf.grad();
                    assertThat(gradient != null && gradient.allFinite())
                            .as("%s, gate %s, %s", decay, gate, leaf)
                            .isTrue();
                }
            }
        }
    }

    /** The textbook form q e^Σg and k e^−Σg over the whole sequence is lost at a gate of 0.5; the chunks are not. */
    @Test
    void foldingOverTheWholeSequenceOverflowsWhereChunksDoNot() {
        int tokens = 2048;
        Case exact = random(Decay.HEAD, tokens, 0.5);
        Case c = exact.to(DType.FLOAT32);
        Tensor sum = c.g.cumsum(-1).unsqueeze(-1); // [B, H, T, 1]
        Tensor folded = c.q.mul(sum.exp()).matmul(c.k.mul(sum.neg().exp()).transpose(-1, -2)); // [B, H, T, T]
        assertThat(folded.tril(0).matmul(c.v).allFinite()).isFalse();

        MatrixMemory.Result right = twin(exact, false);
        assertEqual(MatrixMemory.chunk(c.q, c.k, c.v, c.g, c.memory, null), right, "float32", 1e-5);
        Case rows = new Case(c.q, c.k, c.v, c.g.unsqueeze(-1).expand(-1, -1, -1, FEATURES), c.memory);
        assertEqual(MatrixMemory.chunk(rows.q, rows.k, rows.v, rows.g, rows.memory, null), right, "by row", 1e-5);
    }

    @Test
    void aSpanIsChainedToTheNext() {
        try (Scope scope = Scope.open()) {
            int tokens = MatrixMemory.CHUNK * MatrixMemory.SPAN + 100;
            Case c = random(Decay.HEAD, tokens, 0.999);
            assertEqual(MatrixMemory.chunk(c.q, c.k, c.v, c.g, c.memory, null), twin(c, false), "two spans", 1e-9);
        }
    }

    @Test
    void headsOfAGroupMayShareTheirValueInAStep() {
        Tensor memory = Tensors.zeros(DType.FLOAT64, Device.CPU, BATCH, 4, FEATURES, WIDTH);
        Tensor q = Fixtures.normal(random, 1, BATCH, 4, 1, FEATURES);
        Tensor k = Fixtures.normal(random, 1, BATCH, 4, 1, FEATURES);
        Tensor v = Fixtures.normal(random, 1, BATCH, 2, 1, WIDTH);
        Tensor y = MatrixMemory.step(q, k, v, null, memory.copy());
        Tensor own = MatrixMemory.step(q, k, v.repeatInterleave(2, 1), null, memory.copy());
        assertThat(Fixtures.error(y, own)).isLessThan(1e-14);
    }
}
