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
import java.util.Collections;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * How much a matrix memory holds, without any training: random keys of width 64, values from 4,096 unit codes, each key
 * read back. The expected accuracies were measured once with an independent script (float64, step by step).
 */
@ExtendWith(LiveTensors.class)
class MemoryProbeTest {
    private static final int DRAWS = 20;
    private static final int WIDTH = 64;
    private static final int CODES = 4096;

    private final RandomStream random = new RandomStream(11);

    private Tensor gaussian(long... shape) {
        return Fixtures.normal(random, 1, shape).to(DType.FLOAT32);
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.square().sum(-1, true).sqrt());
    }

    /** Feature maps by the names of the table. */
    private static UnaryOperator<Tensor> map(String name) {
        return switch (name) {
            case "identity" -> MemoryProbeTest::unit;
            case "elu" -> x -> x.clampMin(0).add(x.clampMax(0).exp()); // 1 + elu
            case "relu" -> x -> x.clampMin(0);
            case "hedgehog" -> x -> hedgehog(x, 1);
            case "hedgehog x3" -> x -> hedgehog(x, 3);
            case "taylor 8" -> x -> taylor(x, 8);
            case "taylor 16" -> x -> taylor(x, 16);
            case "taylor 24" -> x -> taylor(x, 24);
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Tensor hedgehog(Tensor x, double scale) {
        HeadDims dims = new HeadDims(1, 1, 1, WIDTH);
        return Hedgehog.features(x, Hedgehog.identity(dims, WIDTH, scale));
    }

    /** Of a random projection to p numbers, another in each draw, brought to length √p. */
    private static Tensor taylor(Tensor x, int p) {
        Tensor map = Fixtures.normal(new RandomStream(5), 1, DRAWS, 1, WIDTH, p).to(DType.FLOAT32);
        return new TaylorSpec(p, Near.NONE).features(unit(x.matmul(map)).mul(Math.sqrt(p)));
    }

    /** Share of {@code keys} keys whose last value is the nearest code, each written {@code times} times. */
    private double accuracy(UnaryOperator<Tensor> map, double gate, int keys, int times) {
        try (Scope scope = Scope.open();
                Gradients off = Gradients.off()) {
            Tensor codes = unit(gaussian(CODES, WIDTH));
            Tensor k = map.apply(gaussian(DRAWS, 1, keys, WIDTH));
            List<Tensor> rounds = new ArrayList<>();
            long[] last = new long[DRAWS * keys];
            for (int round = 0; round < times; round++) {
                for (int i = 0; i < last.length; i++) {
                    last[i] = random.nextInt(CODES);
                }
                rounds.add(codes.indexSelect(0, Tensors.of(last, last.length)).view(DRAWS, 1, keys, WIDTH));
            }
            Tensor v = Tensors.cat(rounds, 2);
            Tensor written = Tensors.cat(Collections.nCopies(times, k), 2);
            Tensor g = Tensors.full(Math.log(gate), DType.FLOAT32, Device.CPU, DRAWS, 1, (long) times * keys);
            Tensor empty = Tensors.zeros(DType.FLOAT32, Device.CPU, DRAWS, 1, k.size(3), WIDTH);
            Tensor memory =
                    MatrixMemory.chunk(written, written, v, g, empty, null).memory();
            long[] nearest = k.matmul(memory)
                    .view(-1, WIDTH)
                    .matmul(codes.transpose(0, 1))
                    .argmax(-1)
                    .longs();
            int right = 0;
            for (int i = 0; i < last.length; i++) {
                right += nearest[i] == last[i] ? 1 : 0;
            }
            return (double) right / last.length;
        }
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
        identity,    1,    64, 1.00
        identity,    1,   128, 0.94
        identity,    1,   256, 0.56
        identity,    0.99, 64, 0.98
        identity,    0.99,128, 0.71
        identity,    0.99,256, 0.35
        identity,    0.95, 32, 0.93
        identity,    0.95, 64, 0.52
        identity,    0.95,128, 0.25
        elu,         1,     8, 0.45
        elu,         1,    16, 0.17
        relu,        1,    32, 0.54
        relu,        1,    64, 0.22
        hedgehog,    1,     8, 0.94
        hedgehog,    1,    16, 0.73
        hedgehog,    1,    32, 0.34
        hedgehog x3, 1,    64, 0.94
        hedgehog x3, 1,   128, 0.85
        hedgehog x3, 1,   256, 0.64
        taylor 8,    1,    32, 0.86
        taylor 8,    1,    64, 0.49
        taylor 8,    1,   128, 0.17
        taylor 16,   1,    64, 0.95
        taylor 16,   1,   128, 0.64
        taylor 24,   1,   128, 0.93
        taylor 24,   1,   256, 0.55
        """)
    void capacity(String features, double gate, int keys, double expected) {
        double found = accuracy(map(features), gate, keys, 1);
        assertThat(found).isBetween(expected - 0.05, expected + 0.05);
    }

    /** Without decay the values of a key weigh the same, so the last of n is found once in n. */
    @ParameterizedTest
    @CsvSource(textBlock = """
        2, 0.5,  0.9
        4, 0.25, 0.68
        """)
    void decayPrefersTheNewestValueOfAKey(int times, double without, double with) {
        for (int keys : new int[] {8, 16, 32}) {
            assertThat(accuracy(map("identity"), 1, keys, times)).isBetween(without - 0.1, without + 0.1);
            assertThat(accuracy(map("identity"), 0.98, keys, times)).isGreaterThan(with);
        }
    }
}
