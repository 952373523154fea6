package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(LiveTensors.class)
class StoredConfigTest {
    @TempDir
    private Path folder;

    /** Writes a model with a head of its own, and {@code tied} as what its config says. */
    private void write(Decoder decoder, boolean tied, boolean sameHead, boolean withHead) throws IOException {
        Map<String, Tensor> weights = new LinkedHashMap<>(decoder.weights());
        if (sameHead) {
            weights.put(WeightShapes.HEAD, weights.get(WeightShapes.EMBEDDING).copy());
        }
        if (!withHead) {
            weights.remove(WeightShapes.HEAD);
        }
        Safetensors.write(folder.resolve("model.safetensors"), weights, Map.of("format", "pt"));
        config(decoder.config().source().deepCopy().put("tie_word_embeddings", tied));
    }

    private void config(ObjectNode config) throws IOException {
        Files.writeString(folder.resolve("config.json"), Json.pretty(config));
    }

    private static ObjectNode untied() {
        return TinyModels.config(Family.LLAMA).put("tie_word_embeddings", false);
    }

    @Test
    void aStoredHeadThatDiffersWinsAndANoteSaysSo() throws IOException {
        Tensor ids = TinyModels.ids(3, 1, 9, 50);
        try (Decoder decoder = TinyModels.random(untied(), DType.FLOAT32)) {
            write(decoder, true, false, true);
            try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU);
                    Checkpoint checkpoint = Checkpoint.open(folder)) {
                Tensor expected = decoder.logits(decoder.hidden(ids, Form.CHUNK));
                Tensor found = open.decoder().logits(open.decoder().hidden(ids, Form.CHUNK));
                assertThat(Shared.difference(found, expected)).isZero();
                assertThat(open.notes())
                        .singleElement()
                        .asString()
                        .contains("model.safetensors/lm_head.weight", "tie_word_embeddings", "config.json");
                assertThat(Models.config(checkpoint).tied()).isFalse();
                assertThat(Models.notes(checkpoint)).isEqualTo(open.notes());
                Path copy = folder.resolve("copy");
                ModelFolder.write(copy, open.decoder(), ModelFolder.Contents.none());
                try (OpenModel again = Models.open(copy, DType.FLOAT32, Device.CPU)) {
                    assertThat(again.notes()).isEmpty();
                    assertThat(again.config().tied()).isFalse();
                    assertThat(Shared.difference(
                                    again.decoder().logits(again.decoder().hidden(ids, Form.CHUNK)), expected))
                            .isZero();
                }
            }
        }
    }

    @Test
    void aHeadThatIsTheEmbeddingStaysTiedInSilence() throws IOException {
        try (Decoder decoder = TinyModels.random(untied(), DType.FLOAT32)) {
            write(decoder, true, true, true);
            try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU)) {
                assertThat(open.config().tied()).isTrue();
                assertThat(open.notes()).isEmpty();
            }
            write(decoder, true, false, false);
            try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU)) {
                assertThat(open.config().tied()).isTrue();
                assertThat(open.notes()).isEmpty();
            }
            write(decoder, false, false, false);
            refused("missing tensor", "lm_head.weight", "nearest", "set tie_word_embeddings to true");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "vocab_size",
                "hidden_size",
                "intermediate_size",
                "num_hidden_layers",
                "num_attention_heads",
                "num_key_value_heads",
                "head_dim"
            })
    void sizesThatNoTensorBearsOutAreRefusedByName(String key) throws IOException {
        try (Decoder decoder = TinyModels.random(untied(), DType.FLOAT32)) {
            write(decoder, false, false, true);
            ObjectNode config = decoder.config().source();
            for (long size : new long[] {3, 64, 16_384, 1L << 30, Integer.MAX_VALUE - 1, Integer.MAX_VALUE, 1L << 62}) {
                config(config.deepCopy().put(key, size));
                refused(key, "config.json");
            }
            for (String bad : new String[] {"0", "-1", "1.5", "1e400", "99999999999999999999999", "\"7\"", "[]"}) {
                Files.writeString(
                        folder.resolve("config.json"),
                        Json.pretty(config.deepCopy().put(key, 12345678)).replace("12345678", bad));
                refused(key, "config.json");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"window", "features", "meta"})
    void sizesOfMixersAreRefusedByName(String key) throws IOException {
        LizardSpec spec = new LizardSpec(LizardSpec.Variant.JOINT, 4, 8, 2, 4, 32, LizardSpec.Branches.BOTH);
        try (Decoder decoder = TinyModels.random(untied(), DType.FLOAT32)) {
            Map<String, Tensor> parameters = new HashMap<>();
            for (MixerSpec.Parameter p : spec.initial(decoder.headDims(), new RandomStream(8))) {
                parameters.put(p.name(), p.initial());
            }
            decoder.replaceMixer(1, spec.create(decoder.headDims(), parameters));
            ModelFolder.write(folder, decoder, ModelFolder.Contents.none());
        }
        ObjectNode config = (ObjectNode) Json.read(folder.resolve("config.json"), LizardException.Kind.INPUT);
        for (long size : new long[] {Integer.MAX_VALUE, 100_000_000, 1L << 40, -1}) {
            ((ObjectNode) config.at("/lizard/layers/1")).put(key, size);
            config(config);
            refused("config.json/lizard/layers/1", key);
        }
        if (!key.equals("window")) {
            ((ObjectNode) config.at("/lizard/layers/1")).put(key, 9);
            config(config);
            refused("lizard.safetensors/model.layers.1.self_attn.", key + " of ", "config.json/lizard/layers/1");
        }
    }

    @Test
    void aWindowBeyondMemoryIsRefusedByName() throws IOException {
        ObjectNode source = TinyModels.config(Family.MISTRAL).put("tie_word_embeddings", false);
        try (Decoder decoder = TinyModels.random(source, DType.FLOAT32)) {
            write(decoder, false, false, true);
            config(source.deepCopy().put("sliding_window", Integer.MAX_VALUE));
            refused("config.json/sliding_window", "at most 1048576", "2147483647");
            config(source.deepCopy().put("max_position_embeddings", Integer.MAX_VALUE));
            Models.open(folder, DType.FLOAT32, Device.CPU).close(); // nothing is as large as these
        }
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> Models.open(folder, DType.FLOAT32, Device.CPU))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
                    assertThat(e.getMessage()).contains(parts).doesNotContain("\n");
                });
    }
}
