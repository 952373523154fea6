package dev.lizard.mixer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mixers that learn through their kernels against the composed operations in float32 on the CPU. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class LizardFunctionTest {
    private static final double LIMIT = 0.015; // bfloat16 in, out and between
    private static final HeadDims DIMS = new HeadDims(96, 6, 2, 64);
    private static final long TOKENS = 700;

    private static List<MixerSpec> specs() {
        return List.of(
                LizardSpec.of(LizardSpec.Variant.JOINT, DIMS.headWidth()),
                LizardSpec.of(LizardSpec.Variant.SUM, DIMS.headWidth()),
                new LolcatsSpec(64, 64, LizardSpec.Branches.BOTH));
    }

    private static boolean serves(MixerSpec spec, MixerInput in, Tape tape) {
        return spec instanceof LizardSpec lizard && lizard.variant() == LizardSpec.Variant.JOINT
                ? tape.carries()
                        && LizardFunction.serves(
                                lizard.window(),
                                lizard.features(),
                                DIMS.headWidth(),
                                in.q().dtype(),
                                in.q().device())
                : MatrixMemoryFunction.serves(in, 128, tape);
    }

    /** Output and gradients by name, float32 on the CPU. */
    private static Map<String, Tensor> learn(MixerSpec spec, DType dtype, Device device, int... documents) {
        Map<String, Tensor> leaves = new LinkedHashMap<>();
        for (MixerSpec.Parameter parameter : spec.initial(DIMS, new RandomStream(3))) {
            Tensor noise = random(parameter.name(), 0.1, parameter.initial().shape());
            leaves.put(
                    parameter.name(),
                    parameter.initial().add(noise).to(device).detach().requiresGrad(true));
        }
        Map<String, Tensor> parameters = Map.copyOf(leaves);
        long[][] shapes = {{2, TOKENS, 96}, {2, TOKENS, 6, 64}, {2, TOKENS, 2, 64}, {2, TOKENS, 2, 64}};
        List<String> names = List.of("x", "q", "k", "v");
        for (int i = 0; i < shapes.length; i++) {
            Tensor rounded = random(names.get(i), 1, shapes[i]).to(DType.BFLOAT16);
            leaves.put(names.get(i), rounded.to(dtype).to(device).detach().requiresGrad(true));
        }
        Tensor dy =
                random("dy", 1, 2, 6, TOKENS, 64).to(DType.BFLOAT16).to(dtype).to(device);
        Map<String, Tensor> result = new LinkedHashMap<>();
        try (Rotary rotary = Rotary.plain(10_000, DIMS.headWidth());
                Positions start = documents.length == 0
                        ? Positions.start(rotary)
                        : Positions.packed(
                                rotary,
                                MixerDocumentsContract.beginnings(documents).to(device));
                Tape tape = new Tape()) {
            Tensor y;
            try (Scope block = Scope.open()) { // as a block of a decoder, which keeps nothing but its output
                MixerInput in = new MixerInput(
                        part(leaves, "x"),
                        part(leaves, "q").transpose(1, 2),
                        part(leaves, "k").transpose(1, 2),
                        part(leaves, "v").transpose(1, 2),
                        start);
                boolean apart = documents.length > 0
                        && !(spec instanceof LizardSpec lizard && lizard.variant() == LizardSpec.Variant.JOINT);
                assertThat(serves(spec, in, tape)).isEqualTo(device.isCuda() && !apart);
                y = block.promote(spec.create(DIMS, parameters).forward(in, Form.CHUNK, tape));
            }
            result.put("y", plain(y));
            tape.backward(y, dy);
        }
        leaves.forEach((name, leaf) -> {
            if (leaf.grad() != null) { // not every mixer reads x
                result.put(name, plain(leaf.grad()));
            }
        });
        return result;
    }

    private static Tensor part(Map<String, Tensor> leaves, String name) {
        return MixerSpec.need(leaves, name).mul(1.0);
    }

    private static Tensor plain(@Nullable Tensor x) {
        assertThat(x).isNotNull();
        return x.detach().to(DType.FLOAT32).to(Device.CPU);
    }

    private static Tensor random(String name, double deviation, long... shape) {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return Tensors.of(RandomStream.named(8, name).normal((int) count, deviation), shape);
    }

    @ParameterizedTest
    @MethodSource("specs")
    void outputsAndGradientsAreThoseOfTheComposedOperations(MixerSpec spec) {
        agrees(spec);
    }

    @ParameterizedTest
    @MethodSource("specs")
    void packedDocumentsAreKeptApartAsByTheComposedOperations(MixerSpec spec) {
        agrees(spec, 100, 333, 3, 264);
    }

    private static void agrees(MixerSpec spec, int... documents) {
        Map<String, Tensor> expected = learn(spec, DType.FLOAT32, Device.CPU, documents);
        Map<String, Tensor> actual = learn(spec, DType.BFLOAT16, Device.cuda(0), documents);
        expected.forEach((name, tensor) -> {
            double error = MixerSpec.need(actual, name).sub(tensor).norm().item()
                    / tensor.norm().item();
            System.out.printf("%s: %.2e%n", name, error);
            assertThat(error).as(name).isLessThan(LIMIT);
        });
    }
}
