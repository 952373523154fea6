package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Distance;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.node.ObjectNode;

/** Low-rank updates of a whole decoder learn the same on the card, through its kernels, as on the CPU. */
@Tag("gpu")
@ExtendWith(LiveTensors.class)
class FusedTrainingTest {
    private static final LoraSpec LORA = new LoraSpec(4, 8, List.of("q_proj", "k_proj", "v_proj"));

    private static List<float[]> gradients(DType dtype, Device device, boolean recompute) {
        ObjectNode config = TinyModels.config(Family.LLAMA);
        config.put("hidden_size", 64).put("intermediate_size", 96).put("vocab_size", 64);
        try (Decoder decoder = Decoder.random(TinyModels.parsed(config), new RandomStream(11), dtype, device)) {
            List<ParameterBuffer.Entry> entries = new ArrayList<>();
            for (ParameterBuffer.Entry entry : Lora.initial(decoder, LORA, new RandomStream(5), "lora")) {
                float[] values = new RandomStream(entry.name().hashCode())
                        .normal((int) entry.initial().count(), 0.2);
                Tensor initial =
                        dev.lizard.tensor.Tensors.of(values, entry.initial().shape());
                entries.add(new ParameterBuffer.Entry(entry.name(), initial, "lora"));
            }
            List<float[]> result = new ArrayList<>();
            try (ParameterBuffer buffer =
                            new ParameterBuffer(entries, List.of(new ParameterBuffer.Group("lora", 1, 0)), device);
                    Scope work = Scope.open();
                    Tape tape = new Tape()) {
                Lora.attach(decoder, LORA, buffer.parameters());
                Tensor ids = TinyModels.ids(4, 2, 40, 64).to(device);
                Tensor targets = TinyModels.ids(5, 2, 40, 64).to(device);
                targets.narrow(1, 2, 2).fill_(Losses.IGNORE_INDEX);
                Tensor hidden = decoder.hidden(ids, Form.CHUNK, tape, recompute);
                result.add(Losses.nextToken(decoder, hidden, targets, 16, 0.5).floats());
                tape.unwind();
                result.add(buffer.gradients().floats());
            }
            return result;
        }
    }

    @Test
    void lossAndGradientsAreThoseOfTheCpu() {
        List<float[]> expected = gradients(DType.FLOAT32, Device.CPU, false);
        for (boolean recompute : new boolean[] {false, true}) {
            List<float[]> wide = gradients(DType.FLOAT32, Device.cuda(0), recompute);
            System.out.printf("float32 gradients: %.2e%n", Distance.relative(wide.get(1), expected.get(1)));
            assertThat(Distance.relative(wide.get(0), expected.get(0))).isLessThan(1e-5);
            assertThat(Distance.relative(wide.get(1), expected.get(1))).isLessThan(1e-4);
            List<float[]> half = gradients(DType.BFLOAT16, Device.cuda(0), recompute);
            System.out.printf("bfloat16 gradients: %.2e%n", Distance.relative(half.get(1), expected.get(1)));
            assertThat(Distance.relative(half.get(0), expected.get(0))).isLessThan(5e-3);
            assertThat(Distance.relative(half.get(1), expected.get(1))).isLessThan(5e-2);
        }
    }
}
