package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.Form;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Ten steps of training all weights, against PyTorch's AdamW and clipping. */
@ExtendWith(LiveTensors.class)
class TrainingGoldenTest {
    @Test
    void tenStepsFollowTheReference() {
        Path folder = Shared.golden("tiny/llama3-rope-sharded");
        JsonNode expected = Json.read(Shared.golden("tiny/adamw_ten_steps.json"), LizardException.Kind.INPUT);
        try (Decoder decoder = Shared.load(folder);
                References reference = new References(folder.resolve("reference.safetensors"))) {
            List<ParameterBuffer.Entry> entries = new ArrayList<>();
            decoder.weights().forEach((name, w) -> entries.add(new ParameterBuffer.Entry(name, w, "all")));
            try (ParameterBuffer buffer =
                            new ParameterBuffer(entries, List.of(new ParameterBuffer.Group("all", 1, 0)), Device.CPU);
                    AdamW adam = new AdamW(buffer, new AdamW.Settings(0.9, 0.99, 1e-8))) {
                buffer.parameters().forEach(decoder::bind);
                Tensor ids = reference.get("input_ids");
                Tensor inputs = ids.narrow(1, 0, 159);
                Tensor targets = ids.narrow(1, 1, 159);
                double worst = 0;
                for (int step = 0; step < 10; step++) {
                    try (Scope work = Scope.open()) {
                        buffer.zeroGradients();
                        Tensor loss = Losses.nextToken(decoder, decoder.hidden(inputs, Form.CHUNK), targets, 64);
                        Tensor norm = buffer.clipGradients(1.0);
                        adam.step(1e-3);
                        double off = Math.abs(
                                loss.item() - expected.at("/loss/" + step).doubleValue());
                        double normOff = Math.abs(norm.item()
                                - expected.at("/grad_norm_before_clip/" + step).doubleValue());
                        assertThat(off).as("loss of step %d", step).isLessThan(1e-4);
                        assertThat(normOff).as("gradient norm of step %d", step).isLessThan(1e-4);
                        worst = Math.max(worst, Math.max(off, normOff));
                    }
                }
                Shared.figure("ten AdamW steps, worst difference of loss and gradient norm", worst);
            }
        }
    }
}
