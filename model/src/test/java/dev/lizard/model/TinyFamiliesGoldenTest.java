package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.mixer.Form;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random two-layer models of each family against transformers. */
@ExtendWith(LiveTensors.class)
class TinyFamiliesGoldenTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama3-rope-sharded", "mistral-window", "qwen2-bias", "qwen3-qknorm"})
    void logitsAndGradientsAreThoseOfTransformers(String name) {
        Path folder = Shared.golden("tiny/" + name);
        try (Decoder decoder = Shared.load(folder);
                References reference = new References(folder.resolve("reference.safetensors"))) {
            List<String> leaves =
                    List.of("model.layers.0.self_attn.q_proj.weight", "model.layers.1.mlp.down_proj.weight");
            for (String leaf : leaves) {
                decoder.bind(leaf, decoder.weights().get(leaf).copy().requiresGrad(true));
            }
            Tensor ids = reference.get("input_ids");
            for (Form form : List.of(Form.PARALLEL, Form.CHUNK)) {
                Tensor logits = decoder.logits(decoder.hidden(ids, form));
                double difference = Shared.difference(logits.detach(), reference.get("logits"));
                assertThat(difference).as("logits, %s", form).isLessThan(2e-4);
                Shared.figure(name + " logits, " + form + ", worst difference", difference);
                Tensor loss = logits.narrow(1, 0, 159)
                        .reshape(2 * 159, -1)
                        .crossEntropy(ids.narrow(1, 1, 159).reshape(2 * 159));
                assertThat(Math.abs(loss.item()
                                - reference.get("loss_mean_next_token").item()))
                        .isLessThan(1e-5);
                loss.backward();
                for (String leaf : leaves) {
                    Tensor weight = decoder.weights().get(leaf);
                    double off = Shared.relative(weight.grad(), reference.get("grad." + leaf));
                    assertThat(off).as("gradient of %s, %s", leaf, form).isLessThan(1e-3);
                    Shared.figure(name + " gradient of " + leaf + ", " + form + ", relative", off);
                    weight.grad().zero_();
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama3-rope-sharded", "mistral-window", "qwen2-bias", "qwen3-qknorm"})
    void greedyContinuationsAreThoseOfTransformers(String name) {
        Path folder = Shared.golden("tiny/" + name);
        try (Decoder decoder = Shared.load(folder);
                References reference = new References(folder.resolve("reference.safetensors"))) {
            long[] prompt = Arrays.copyOf(reference.get("input_ids").longs(), 20);
            long[] expected = reference.get("greedy_from_first_20_of_row_0").longs();
            assertThat(Greedy.continuation(decoder, prompt, expected.length)).isEqualTo(expected);
        }
    }

    /** Greedy decoding, the prompt read at once, the rest token by token. */
    static final class Greedy {
        private Greedy() {}

        static long[] continuation(Decoder decoder, long[] prompt, int total) {
            long[] all = Arrays.copyOf(prompt, total);
            try (DecoderState state = decoder.newState(1);
                    Gradients off = Gradients.off()) {
                Tensor fresh = Tensors.of(prompt, 1, prompt.length);
                for (int t = prompt.length; t < total; t++) {
                    try (Scope step = Scope.open()) {
                        Tensor hidden = decoder.advance(fresh, state);
                        Tensor last = decoder.logits(hidden.narrow(1, hidden.size(1) - 1, 1)); // [1, 1, V]
                        all[t] = last.argmax(-1).longs()[0];
                    }
                    fresh = Tensors.of(new long[] {all[t]}, 1, 1);
                }
            }
            return all;
        }
    }
}
