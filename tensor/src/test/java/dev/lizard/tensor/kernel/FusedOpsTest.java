package dev.lizard.tensor.kernel;

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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each step's values and gradients against the composed operations in float64 on the CPU. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class FusedOpsTest {
    private static final Device CUDA = Device.cuda(0);

    private static Tensor random(String name, DType dtype, long... shape) {
        int count = 1;
        for (long size : shape) {
            count *= (int) size;
        }
        return Tensors.of(RandomStream.named(7, name).normal(count, 1.5), shape)
                .to(CUDA)
                .to(dtype);
    }

    /** Runs both on the same numbers, sends the same gradient back, and compares outputs and gradients. */
    private static void same(
            List<Tensor> inputs,
            BiFunction<List<Tensor>, Tape, List<Tensor>> fused,
            BiFunction<List<Tensor>, Tape, List<Tensor>> composed,
            int frozen) {
        double limit = inputs.getFirst().dtype() == DType.FLOAT32 ? 2e-6 : 6e-3;
        List<Tensor> leaves = new ArrayList<>();
        List<Tensor> twins = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            leaves.add(inputs.get(i).detach().requiresGrad(i != frozen));
            twins.add(inputs.get(i).to(Device.CPU).to(DType.FLOAT64).requiresGrad(i != frozen));
        }
        try (Tape tape = new Tape()) {
            List<Tensor> through =
                    leaves.stream().map(x -> x.requiresGrad() ? x.mul(1.0) : x).toList();
            List<Tensor> outputs = fused.apply(through, tape);
            List<Tensor> expected = composed.apply(twins, Tape.OFF);
            Tensor total = Tensors.zeros(DType.FLOAT32, CUDA);
            Tensor totalTwin = Tensors.zeros(DType.FLOAT64, Device.CPU);
            for (int i = 0; i < outputs.size(); i++) {
                near("output " + i, outputs.get(i), expected.get(i), limit);
                Tensor weights =
                        random("weights " + i, DType.BFLOAT16, outputs.get(i).shape());
                total = total.add(outputs.get(i)
                        .mul(weights.to(outputs.get(i).dtype()))
                        .to(DType.FLOAT32)
                        .sum());
                totalTwin = totalTwin.add(expected.get(i)
                        .mul(weights.to(Device.CPU).to(DType.FLOAT64))
                        .sum());
            }
            total.backward();
            tape.unwind();
            totalTwin.backward();
        }
        for (int i = 0; i < leaves.size(); i++) {
            if (i != frozen) {
                near("gradient " + i, leaves.get(i).grad(), twins.get(i).grad(), limit);
            }
        }
    }

    private static void near(String what, @Nullable Tensor actual, @Nullable Tensor expected, double limit) {
        assertThat(actual).as(what).isNotNull();
        assertThat(expected).as(what).isNotNull();
        Tensor wide = actual.to(Device.CPU).to(DType.FLOAT64);
        double error = wide.sub(expected).norm().item() / expected.norm().item();
        System.out.printf("%s %s: %.2e%n", what, actual.dtype(), error);
        assertThat(error).as(what).isLessThan(limit);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void gateOfTheMlp(DType dtype) {
        same(
                List.of(random("both", dtype, 3, 70, 2 * 72)),
                (x, tape) -> List.of(FusedOps.gate(x.getFirst(), tape)),
                (x, tape) -> {
                    Tensor gate = x.getFirst().narrow(-1, 0, 72);
                    return List.of(gate.silu().mul(x.getFirst().narrow(-1, 72, 72)));
                },
                -1);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void normOfAStreamAndOfASum(DType dtype) {
        Tensor x = random("x", dtype, 3, 70, 576);
        Tensor r = random("r", dtype, 3, 70, 576);
        Tensor w = random("w", dtype, 576);
        same(
                List.of(x, w),
                (t, tape) -> parts(FusedOps.norm(t.get(0), t.get(1), 1e-5, tape)),
                (t, tape) -> {
                    Tensor normed = t.get(0).rmsNorm(t.get(1), 1e-5);
                    return List.of(t.get(0), normed, normed);
                },
                1);
        same(
                List.of(x, w, r),
                (t, tape) -> parts(FusedOps.norm(t.get(0), t.get(2), t.get(1), 1e-5, tape)),
                (t, tape) -> {
                    Tensor sum = t.get(0).add(t.get(2));
                    Tensor normed = sum.rmsNorm(t.get(1), 1e-5);
                    return List.of(sum, normed, normed);
                },
                1);
    }

    private static List<Tensor> parts(FusedOps.Normed result) {
        return List.of(result.stream(), result.normed(), result.aside());
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void rotationOfPairs(DType dtype) {
        Tensor angles = random("angles", DType.FLOAT32, 70, 16);
        Tensor both = Tensors.cat(-1, angles, angles);
        Tensor cos = both.to(Device.CPU).to(DType.FLOAT64);
        float[] cosines = new float[70 * 32];
        float[] sines = new float[70 * 32];
        double[] values = cos.doubles();
        for (int i = 0; i < values.length; i++) {
            cosines[i] = (float) Math.cos(values[i]);
            sines[i] = (float) Math.sin(values[i]);
        }
        Tensor c = Tensors.of(cosines, 70, 32);
        Tensor s = Tensors.of(sines, 70, 32);
        same(
                List.of(random("qkv", dtype, 3 * 70, 9 * 32)),
                (t, tape) -> {
                    List<Tensor> x = heads(t.getFirst());
                    FusedOps.Rotated turned =
                            FusedOps.rotate(x.get(0), x.get(1), x.get(2), c.to(CUDA), s.to(CUDA), tape);
                    return List.of(turned.q(), turned.k(), turned.v());
                },
                (t, tape) -> {
                    List<Tensor> x = heads(t.getFirst());
                    return List.of(turned(x.get(0), c, s), turned(x.get(1), c, s), x.get(2));
                },
                -1);
    }

    /** Five heads of queries, two of keys and two of values, [3, n, 70, 32] each. */
    private static List<Tensor> heads(Tensor rows) {
        return Stream.of(rows.narrow(-1, 0, 5 * 32), rows.narrow(-1, 5 * 32, 2 * 32), rows.narrow(-1, 7 * 32, 2 * 32))
                .map(x -> x.view(3, 70, x.size(-1) / 32, 32).transpose(1, 2))
                .toList();
    }

    private static Tensor turned(Tensor x, Tensor cosines, Tensor sines) {
        Tensor quarter = Tensors.cat(-1, x.narrow(-1, 16, 16).neg(), x.narrow(-1, 0, 16));
        return x.mul(cosines.to(DType.FLOAT64)).add(quarter.mul(sines.to(DType.FLOAT64)));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void crossEntropyAndItsGradient(DType dtype) {
        long rows = 60;
        long width = 49152;
        Tensor logits = random("logits", dtype, rows, width).mul(4.0);
        long[] targets = new long[(int) rows];
        for (int i = 0; i < rows; i++) {
            targets[i] = i % 7 == 3 ? -100 : (i * 9973L) % width;
        }
        Tensor goals = Tensors.of(targets, rows);
        Tensor twin = logits.to(Device.CPU).to(DType.FLOAT64).requiresGrad(true);
        Tensor expected = twin.crossEntropyRows(goals);
        expected.sum().mul(0.5 / 51).backward();
        Tensor loss = FusedOps.crossEntropy_(logits, goals.to(CUDA), Tensors.full(51, DType.FLOAT32, CUDA), 0.5);
        near("loss", loss, expected.detach(), 1e-6);
        near("gradient", logits, twin.grad(), dtype == DType.FLOAT32 ? 1e-5 : 3e-3);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void squaredErrorAndItsGradient(DType dtype) {
        Tensor y = random("y", dtype, 2, 70, 9, 64);
        Tensor t = random("t", dtype, 2, 70, 9, 64);
        FusedOps.Squares error = FusedOps.squares(y, t, 0.25);
        Tensor difference =
                y.to(Device.CPU).to(DType.FLOAT64).sub(t.to(Device.CPU).to(DType.FLOAT64));
        near("sum", error.sum(), difference.square().sum(), 1e-6);
        near("gradient", error.gradient(), difference.mul(0.25), dtype == DType.FLOAT32 ? 1e-6 : 3e-3);
    }
}
