package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerInput;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The real teacher from its GGUF file against transformers. */
@ExtendWith(LiveTensors.class)
class SmolGoldenTest {
    private static final double TIE = 0.02; // margins below which the arithmetic's order may decide

    private static Decoder decoder;

    @BeforeAll
    static void load() {
        decoder = Shared.load(Shared.model("SmolLM2-135M-Instruct.Q4_1.gguf"));
    }

    @AfterAll
    static void free() {
        if (decoder != null) {
            decoder.close();
        }
    }

    private static JsonNode line(String file, int index) throws IOException {
        List<String> lines = Files.readAllLines(Shared.golden(file));
        return Json.parse(lines.get(index), file, LizardException.Kind.INPUT);
    }

    private static long[] ids(JsonNode node) {
        long[] ids = new long[node.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = node.get(i).longValue();
        }
        return ids;
    }

    @Test
    void hiddenStatesAndMixerOutputsAreThoseOfTransformers() {
        Path file = Shared.golden("activations.safetensors");
        List<Double> worst = new ArrayList<>();
        try (References reference = new References(file);
                Gradients off = Gradients.off()) {
            Tensor ids = reference.get("ids.1").view(1, 13);
            Tensor streams = reference.get("hidden_states.1"); // [layers + 1, T, D], the last after the norm
            Tensor mixed = reference.get("attention_heads.1"); // [layers, T, H d]
            Tensor last = decoder.hidden(ids, Form.CHUNK, new MixerObserver() {
                @Override
                public void observe(int layer, MixerInput in, Tensor heads) {
                    Tensor rows = heads.transpose(1, 2).reshape(13, 576);
                    worst.add(Shared.relative(rows, mixed.select(0, layer)));
                    assertThat(worst.getLast()).as("mixer %d", layer).isLessThan(1e-3);
                }

                @Override
                public void hidden(int depth, Tensor hidden) {
                    if (depth < 30) {
                        worst.add(Shared.relative(hidden.select(0, 0), streams.select(0, depth)));
                        assertThat(worst.getLast()).as("hidden %d", depth).isLessThan(1e-3);
                    }
                }
            });
            worst.add(Shared.relative(last.select(0, 0), streams.select(0, 30)));
            assertThat(worst.getLast()).isLessThan(1e-3);
        }
        Shared.figure("SmolLM2 hidden states and mixer outputs, worst relative difference", Collections.max(worst));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void greedyTokensAreThoseOfTransformers(int index) throws IOException {
        JsonNode line = line("greedy.jsonl", index);
        long[] prompt = ids(line.get("ids"));
        long[] expected = ids(line.get("greedy"));
        int compared = 0;
        try (DecoderState state = decoder.newState(1);
                References reference = new References(Shared.golden("activations.safetensors"));
                Gradients off = Gradients.off()) {
            Tensor fresh = Tensors.of(prompt, 1, prompt.length);
            for (int t = 0; t < expected.length; t++) {
                try (Scope step = Scope.open()) {
                    Tensor hidden = decoder.advance(fresh, state);
                    Tensor last = hidden.select(1, hidden.size(1) - 1); // [1, D]
                    Tensor logits = decoder.logits(last); // [1, V]
                    if (t == 0) {
                        double difference = Shared.relative(logits.select(0, 0), reference.get("logits_last." + index));
                        assertThat(difference).isLessThan(1e-3);
                        Shared.figure("SmolLM2 logits after prompt " + index + ", relative difference", difference);
                    }
                    long next = logits.argmax(-1).longs()[0];
                    if (line.at("/margin/" + t).doubleValue() > TIE) {
                        assertThat(next).as("token %d", t).isEqualTo(expected[t]);
                        compared++;
                    }
                }
                fresh = Tensors.of(new long[] {expected[t]}, 1, 1);
            }
        }
        Shared.figure("SmolLM2 greedy tokens equal for prompt " + index, compared);
    }

    @Test
    void likelihoodsOfABookAreThoseOfTransformers() throws IOException {
        likelihoods(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Tag("slow")
    void likelihoodsOfLongerTextsAreThoseOfTransformers(int index) throws IOException {
        likelihoods(index);
    }

    private static void likelihoods(int index) throws IOException {
        JsonNode line = line("nll.jsonl", index);
        long[] all = ids(line.get("ids"));
        int tokens = all.length;
        try (Gradients off = Gradients.off()) {
            Tensor ids = Tensors.of(all, 1, tokens);
            Tensor hidden = decoder.hidden(ids.narrow(1, 0, tokens - 1), Form.CHUNK);
            float[] nll = TokenLikelihoods.nll(decoder, hidden, ids.narrow(1, 1, tokens - 1))
                    .floats();
            double sum = 0;
            double worst = 0;
            for (int t = 0; t < nll.length; t++) {
                worst = Math.max(worst, Math.abs(nll[t] - line.at("/nll/" + t).doubleValue()));
                sum += nll[t];
            }
            double mean = Math.abs(sum / nll.length - line.get("mean_nll").doubleValue());
            assertThat(worst).isLessThan(2e-3);
            assertThat(mean).isLessThan(1e-4);
            Shared.figure("SmolLM2 NLL of %d tokens, worst difference".formatted(tokens), worst);
            Shared.figure("SmolLM2 NLL of %d tokens, difference of the mean".formatted(tokens), mean);
        }
    }
}
