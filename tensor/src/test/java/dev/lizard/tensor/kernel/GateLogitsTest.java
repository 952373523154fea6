package dev.lizard.tensor.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits of heads and their gradients against products of matrices in float64. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class GateLogitsTest {
    private static Tensor random(String name, long... shape) {
        int count = 1;
        for (long size : shape) {
            count *= (int) size;
        }
        return Tensors.of(RandomStream.named(11, name).normal(count, 1), shape);
    }

    private static void near(String what, Tensor actual, Tensor expected, double limit) {
        Tensor wide = actual.to(Device.CPU).to(DType.FLOAT64);
        double error = wide.sub(expected).norm().item() / expected.norm().item();
        System.out.printf("%s: %.2e%n", what, error);
        assertThat(error).as(what).isLessThan(limit);
    }

    @ParameterizedTest
    @CsvSource({"9, 576, 700", "3, 328, 37", "16, 2048, 100", "20, 264, 129", "32, 1024, 65"})
    void logitsAndGradients(int heads, int width, int tokens) {
        Device cuda = Device.cuda(0);
        Tensor x = random("x", 2, tokens, width).to(DType.BFLOAT16);
        Tensor weight = random("weight", heads, width);
        Tensor dz = random("dz", 2, tokens, heads);
        Tensor thereX = x.to(cuda);
        Tensor thereWeight = weight.to(cuda);
        Tensor thereDz = dz.to(cuda);
        assertThat(GateLogits.serve(thereX, thereWeight)).isTrue();
        Tensor wideX = x.to(DType.FLOAT64).view(2L * tokens, width);
        Tensor wideWeight = weight.to(DType.FLOAT64);
        Tensor wideDz = dz.to(DType.FLOAT64).view(2L * tokens, heads);
        near(
                "z",
                GateLogits.forward(thereX, thereWeight).view(2L * tokens, heads),
                wideX.matmul(wideWeight.transpose(0, 1)),
                1e-6);
        near("dx", GateLogits.inputs(thereDz, thereWeight).view(2L * tokens, width), wideDz.matmul(wideWeight), 3e-3);
        near(
                "dW",
                GateLogits.weights(thereDz, thereX, thereWeight).weight(),
                wideDz.transpose(0, 1).matmul(wideX),
                1e-6);
        near("db", GateLogits.weights(thereDz, thereX, thereWeight).bias(), wideDz.sum(0, false), 1e-5);
    }

    @ParameterizedTest
    @CsvSource({"9, 700", "3, 37", "32, 65"})
    void logGatesAndTheirSlopes(int heads, int tokens) {
        Device cuda = Device.cuda(0);
        double floor = -4;
        Tensor z = random("z", 2, tokens, heads).mul(4.0);
        Tensor bias = random("bias", heads);
        Tensor dg = random("dg", 2, heads, tokens);
        Tensor wide = z.to(DType.FLOAT64).requiresGrad(true);
        Tensor expected =
                wide.add(bias.to(DType.FLOAT64)).logSigmoid().transpose(1, 2).clampMin(floor);
        expected.backward(dg.to(DType.FLOAT64));
        Tensor g = GateLogits.logGates(z.to(cuda), bias.to(cuda), floor);
        near("log gates", g, expected.detach(), 1e-6);
        near("slopes", GateLogits.slopes(dg.to(cuda), g, floor), java.util.Objects.requireNonNull(wide.grad()), 1e-6);
        near(
                "no bias",
                GateLogits.logGates(z.to(cuda), null, floor),
                z.to(DType.FLOAT64).logSigmoid().transpose(1, 2).clampMin(floor),
                1e-6);
    }
}
