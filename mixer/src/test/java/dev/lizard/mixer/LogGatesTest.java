package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Gradients that are written out, of gates and of a head's few numbers, against automatic ones. */
@ExtendWith(LiveTensors.class)
class LogGatesTest {
    private static final int HEADS = 3;

    private static Tensor random(String name, double deviation, long... shape) {
        int count = 1;
        for (long size : shape) {
            count *= (int) size;
        }
        return Tensors.of(RandomStream.named(5, name).normal(count, deviation), shape);
    }

    /** Outputs, then gradients of all inputs. */
    private static List<Tensor> learned(
            List<Tensor> inputs, Device device, BiFunction<List<Tensor>, Tape, List<Tensor>> function) {
        List<Tensor> leaves = inputs.stream()
                .map(x -> x.to(device).detach().requiresGrad(true))
                .toList();
        List<Tensor> results = new ArrayList<>();
        try (Tape tape = new Tape()) {
            List<Tensor> outputs = function.apply(leaves, tape);
            for (Tensor output : outputs) {
                results.add(output.detach().copy());
                output.backward(
                        random("of " + results.size(), 1, output.shape()).to(device));
            }
            tape.unwind();
        }
        leaves.forEach(leaf -> results.add(arrived(leaf.grad())));
        return results;
    }

    private static Tensor arrived(@Nullable Tensor gradient) {
        assertThat(gradient).isNotNull();
        return gradient;
    }

    private static void same(List<Tensor> actual, List<Tensor> expected, double limit) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.size(); i++) {
            Tensor twin = expected.get(i).to(DType.FLOAT64);
            double error = actual.get(i)
                    .to(Device.CPU)
                    .to(DType.FLOAT64)
                    .sub(twin)
                    .norm()
                    .item();
            assertThat(error / twin.norm().item()).as("result %d", i).isLessThan(limit);
        }
    }

    private static List<Tensor> composedGates(List<Tensor> in) {
        Tensor g = in.get(0).linear(in.get(1), in.get(2)).logSigmoid().transpose(1, 2);
        return List.of(g.clampMin(MatrixMemory.floor(DType.FLOAT32)));
    }

    private static void gates(Device device, double limit) {
        List<Tensor> in = List.of(
                random("x", 4, 2, 7, 16).to(DType.BFLOAT16).to(DType.FLOAT32),
                random("w", 6, HEADS, 16),
                random("b", 6, HEADS));
        same(
                learned(in, device, (x, tape) -> List.of(LogGates.of(x.get(0), x.get(1), x.get(2), tape))),
                learned(in, Device.CPU, (x, tape) -> composedGates(x)),
                limit);
    }

    private static void heads(Device device) {
        for (int rows : new int[] {HEADS, 1}) {
            same(
                    learned(List.of(random("l", 1, HEADS), random("s", 1, rows, 4)), device, (x, tape) -> {
                        HeadScalars.Weights weights = HeadScalars.of(x.get(0), x.get(1), HEADS, tape);
                        return List.of(weights.share(), weights.sink() == null ? weights.share() : weights.sink());
                    }),
                    learned(
                            List.of(random("l", 1, HEADS), random("s", 1, rows, 4)),
                            Device.CPU,
                            (x, tape) -> List.of(x.get(0).exp(), Sinks.folded(x.get(1), HEADS))),
                    1e-6);
        }
    }

    @Test
    void gatesAndTheirGradients() {
        gates(Device.CPU, 1e-6);
    }

    @Test
    void numbersOfHeadsAndTheirGradients() {
        heads(Device.CPU);
    }

    @Test
    @Tag("gpu")
    void theyAreTheSameOnTheCard() {
        gates(Device.cuda(0), 1e-5);
        heads(Device.cuda(0));
    }
}
