package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.checkpoint.Adapter;
import dev.lizard.mixer.Form;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensor;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A peft adapter against peft's own results. */
@ExtendWith(LiveTensors.class)
class LoraGoldenTest {
    @Test
    void logitsAndMergedWeightAreThoseOfPeft() {
        Path folder = Shared.golden("tiny/qwen2-bias-lora");
        try (Decoder decoder = Shared.load(Shared.golden("tiny/qwen2-bias"));
                References reference = new References(folder.resolve("reference.safetensors"))) {
            Lora.attach(decoder, Adapter.read(folder), folder.toString());
            Tensor ids = reference.get("input_ids");
            Tensor logits = decoder.logits(decoder.hidden(ids, Form.CHUNK));
            double difference = Shared.difference(logits, reference.get("logits"));
            assertThat(difference).isLessThan(2e-4);
            Shared.figure("peft adapter, logits, worst difference", difference);
            Lora.merge(decoder);
            Tensor merged = decoder.weights().get("model.layers.0.self_attn.q_proj.weight");
            double weights = Shared.difference(merged, reference.get("merged_q_proj_layer_0"));
            assertThat(weights).isLessThan(2e-4);
            Shared.figure("peft adapter, merged weight, worst difference", weights);
            Tensor again = decoder.logits(decoder.hidden(ids, Form.CHUNK));
            assertThat(Shared.difference(again, reference.get("logits"))).isLessThan(2e-4);
        }
    }
}
