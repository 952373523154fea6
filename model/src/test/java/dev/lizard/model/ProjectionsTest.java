package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Projections side by side against each by itself, differentiated automatically. */
@ExtendWith(LiveTensors.class)
class ProjectionsTest {
    private static final long WIDTH = 16;
    private static final long[] OUTPUTS = {3 * WIDTH, WIDTH, WIDTH};
    private static final double SCALE = 1.5;

    private static Tensor random(String name, long... shape) {
        int count = 1;
        for (long size : shape) {
            count *= (int) size;
        }
        return Tensors.of(RandomStream.named(3, name).normal(count, 0.5), shape);
    }

    /** Factors of rank 3 for the projections named in {@code updated}, one letter each. */
    private static ParameterBuffer factors(String updated, Device device) {
        List<ParameterBuffer.Entry> entries = new ArrayList<>();
        entries.add(new ParameterBuffer.Entry("other", random("other", 5), "lora"));
        for (int i = 0; i < 3; i++) {
            if (updated.indexOf("qkv".charAt(i)) >= 0) {
                entries.add(new ParameterBuffer.Entry("a" + i, random("a" + i, 3, 24), "lora"));
                entries.add(new ParameterBuffer.Entry("b" + i, random("b" + i, OUTPUTS[i], 3), "lora"));
            }
        }
        return new ParameterBuffer(entries, List.of(new ParameterBuffer.Group("lora", 1, 0)), device);
    }

    private static List<Linear> linears(DType dtype, Device device, Map<String, Tensor> leaves) {
        List<Linear> linears = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            Tensor weight = random("w" + i, OUTPUTS[i], 24).to(device).to(dtype);
            Linear linear = new Linear("p" + i, new Weight("p" + i, dtype, weight), null, dtype);
            Tensor a = leaves.get("a" + i);
            Tensor b = leaves.get("b" + i);
            linear.update(a == null || b == null ? null : new Linear.Update(a, b, SCALE));
            linears.add(linear);
        }
        return linears;
    }

    /** Outputs, the gradient of x and those of all factors, back-propagated twice so that they add up. */
    private static List<Tensor> learned(String updated, DType dtype, Device device, boolean together) {
        List<Tensor> results = new ArrayList<>();
        try (ParameterBuffer buffer = factors(updated, device)) {
            List<Linear> linears = linears(dtype, device, buffer.parameters());
            assertThat(Projections.serve(linears)).isTrue();
            Tensor x = random("x", 2, 5, 24).to(device).to(dtype).requiresGrad(true);
            for (int pass = 0; pass < 2; pass++) {
                try (Tape tape = new Tape()) {
                    Tensor through = x.mul(1.0);
                    List<Tensor> heads = new ArrayList<>();
                    try (Scope layer = Scope.open()) { // what the way back needs outlives the layer's scope
                        List<Tensor> made = together
                                ? Projections.of(through, linears, WIDTH, tape)
                                : linears.stream()
                                        .map(l -> l.apply(through)
                                                .view(2, 5, l.outputs() / WIDTH, WIDTH)
                                                .transpose(1, 2))
                                        .toList();
                        made.forEach(head -> heads.add(layer.promote(head)));
                    }
                    results.addAll(heads.stream().map(Tensor::detach).toList());
                    for (int i = 0; i < 3; i++) {
                        Tensor gradient = random("g" + i, heads.get(i).shape());
                        heads.get(i).backward(gradient.to(device).to(dtype));
                    }
                    tape.unwind();
                }
            }
            results.add(grad(x.grad()));
            results.add(buffer.gradients().copy());
        }
        return results;
    }

    private static Tensor grad(@Nullable Tensor gradient) {
        assertThat(gradient).isNotNull();
        return gradient;
    }

    private static void same(List<Tensor> actual, List<Tensor> expected, double limit) {
        for (int i = 0; i < expected.size(); i++) {
            Tensor near = actual.get(i).to(Device.CPU).to(DType.FLOAT64);
            Tensor twin = expected.get(i).to(DType.FLOAT64);
            double error = near.sub(twin).norm().item() / twin.norm().item();
            assertThat(error).as("result %d", i).isLessThan(limit);
        }
    }

    @Test
    void valuesAndGradientsAreThoseOfEachByItself() {
        for (String updated : List.of("qkv", "qv", "k")) {
            same(
                    learned(updated, DType.FLOAT32, Device.CPU, true),
                    learned(updated, DType.FLOAT32, Device.CPU, false),
                    1e-6);
        }
    }

    @Test
    void gradientsThatShareRowsAreTakenAsTheyLie() {
        long rows = 2L * 5 * (OUTPUTS[0] + OUTPUTS[1] + OUTPUTS[2] + 16); // room for three ranks of 3
        Tensor all = Tensors.zeros(DType.FLOAT32, Device.CPU, rows).view(2, 5, rows / 10);
        assertThat(Tensors.beside(parts(all), 16)).isNotNull().satisfies(x -> {
            assertThat(x.address()).isEqualTo(all.address());
            assertThat(x.shape()).containsExactly(10, rows / 10);
        });
        assertThat(Tensors.beside(parts(all), 8)).isNull();
        assertThat(Tensors.beside(parts(all).reversed(), 16)).isNull();
        assertThat(Tensors.beside(parts(all).stream().map(Tensor::copy).toList(), 16))
                .isNull();
    }

    private static List<Tensor> parts(Tensor all) {
        Tensor flat = all.view(10, all.size(2));
        List<Tensor> parts = new ArrayList<>();
        long from = 0;
        for (long outputs : OUTPUTS) {
            parts.add(flat.narrow(1, from, outputs));
            from += outputs;
        }
        return parts;
    }

    @Test
    @Tag("gpu")
    void theyAreTheSameOnTheCard() {
        for (String updated : List.of("qkv", "qv", "k")) {
            List<Tensor> expected = learned(updated, DType.FLOAT32, Device.CPU, false);
            same(learned(updated, DType.FLOAT32, Device.cuda(0), true), expected, 1e-5);
            same(learned(updated, DType.BFLOAT16, Device.cuda(0), true), expected, 1e-2);
        }
    }
}
