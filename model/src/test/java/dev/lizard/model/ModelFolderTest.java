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
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(LiveTensors.class)
class ModelFolderTest {
    private static final LizardSpec LIZARD =
            new LizardSpec(LizardSpec.Variant.JOINT, 4, 8, 2, 4, 32, LizardSpec.Branches.BOTH);

    @TempDir
    private Path temporary;

    private static Decoder converted(Family family) {
        Decoder decoder = TinyModels.random(TinyModels.config(family), DType.FLOAT32);
        RandomStream random = new RandomStream(8);
        Map<String, Tensor> parameters = new HashMap<>();
        for (MixerSpec.Parameter p : LIZARD.initial(decoder.headDims(), random)) {
            Tensor noise = Tensors.of(
                    random.normal((int) p.initial().count(), 0.3), p.initial().shape());
            parameters.put(p.name(), p.initial().add(noise));
        }
        decoder.replaceMixer(1, LIZARD.create(decoder.headDims(), parameters));
        LoraSpec lora = new LoraSpec(2, 4, List.of("q_proj"));
        Map<String, Tensor> factors = new HashMap<>();
        Lora.initial(decoder, lora, random, "lora")
                .forEach(e -> factors.put(e.name(), e.initial().add(0.1)));
        Lora.attach(decoder, lora, factors);
        return decoder;
    }

    @Test
    void convertedFoldersOpenToTheSameLogits() throws IOException {
        Path folder = temporary.resolve("out");
        Path tokenizer = Files.writeString(temporary.resolve("tokenizer.json"), "{}");
        Tensor ids = TinyModels.ids(1, 2, 11, 50);
        try (Decoder decoder = converted(Family.QWEN3)) {
            ModelFolder.write(
                    folder,
                    decoder,
                    new ModelFolder.Contents(
                            Optional.empty(),
                            Set.of(),
                            List.of(tokenizer),
                            Optional.empty(),
                            f -> Files.writeString(f.resolve("recipe.yaml"), "name: x\n")));
            try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU)) {
                assertThat(open.converted()).isTrue();
                assertThat(open.decoder().mixerSpecs()).containsExactly(new SoftmaxSpec(), LIZARD);
                assertThat(open.eosIds()).containsExactly(2, 3);
                assertThat(open.sha256()).hasSize(64);
                assertThat(Shared.difference(open.decoder().hidden(ids, Form.CHUNK), decoder.hidden(ids, Form.CHUNK)))
                        .isLessThan(1e-6);
            }
        }
        JsonNode config = Json.read(folder.resolve("config.json"), LizardException.Kind.INPUT);
        assertThat(config.at("/model_type").asString()).isEqualTo("lizard");
        assertThat(config.at("/base_model_type").asString()).isEqualTo("qwen3");
        assertThat(config.at("/hidden_size").intValue()).isEqualTo(32);
        assertThat(config.at("/lizard/version").intValue()).isEqualTo(1);
        assertThat(config.at("/lizard/layers/1/mixer").asString()).isEqualTo("lizard");
        assertThat(config.at("/dtype").asString()).isEqualTo("float32");
        assertThat(folder).isDirectoryContaining(f -> f.endsWith("recipe.yaml"));
        assertThat(folder).isDirectoryContaining(f -> f.endsWith("tokenizer.json"));
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.extra().orElseThrow().names())
                    .contains("model.layers.1.self_attn.gate_weight")
                    .noneMatch(n -> n.startsWith("model.layers.0"));
            assertThat(checkpoint.adapter().orElseThrow().targetModules()).containsExactly("q_proj");
        }
    }

    @Test
    void mergedFoldersHaveNoAdapterAndTheSameLogits() {
        Tensor ids = TinyModels.ids(1, 2, 11, 50);
        try (Decoder decoder = converted(Family.LLAMA)) {
            Tensor expected = decoder.hidden(ids, Form.CHUNK);
            Lora.merge(decoder);
            ModelFolder.write(temporary.resolve("merged"), decoder, ModelFolder.Contents.none());
            assertThat(temporary.resolve("merged/adapter_config.json")).doesNotExist();
            try (OpenModel open = Models.open(temporary.resolve("merged"), DType.FLOAT32, Device.CPU)) {
                assertThat(Shared.relative(open.decoder().hidden(ids, Form.CHUNK), expected))
                        .isLessThan(1e-5);
            }
        }
    }

    @Test
    void plainModelsStayPlainAndWeightsAreSharded() throws IOException {
        Path folder = Files.createDirectory(temporary.resolve("plain"));
        ObjectNode source = TinyModels.config(Family.MISTRAL).put("tie_word_embeddings", false);
        try (Decoder decoder = TinyModels.random(source, DType.BFLOAT16)) {
            new ModelFolder(folder, decoder, ModelFolder.Contents.none(), 10_000).fill();
            assertThat(folder)
                    .isDirectoryContaining(f -> f.getFileName().toString().startsWith("model-00002-of-"));
            try (OpenModel open = Models.open(folder, DType.BFLOAT16, Device.CPU)) {
                assertThat(open.converted()).isFalse();
                ObjectNode expected = source.deepCopy().put("dtype", "bfloat16");
                assertThat(open.config().source()).isEqualTo(expected);
                open.decoder()
                        .weights()
                        .forEach((name, weight) -> assertThat(Shared.difference(
                                        weight, decoder.weights().get(name)))
                                .as(name)
                                .isZero());
            }
        }
    }

    @Test
    void baseWeightsAreCopiedAsStored() {
        Path base = temporary.resolve("base");
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32)) {
            ModelFolder.write(base, decoder, ModelFolder.Contents.none());
        }
        try (OpenModel rounded = Models.open(base, DType.BFLOAT16, Device.CPU);
                Checkpoint checkpoint = Checkpoint.open(base)) {
            ModelFolder.write(
                    temporary.resolve("copy"),
                    rounded.decoder(),
                    new ModelFolder.Contents(
                            Optional.of(checkpoint.weights()), Set.of(), List.of(), Optional.empty(), f -> {}));
        }
        assertThat(temporary.resolve("copy/model.safetensors"))
                .hasSameBinaryContentAs(base.resolve("model.safetensors"));
    }

    @Test
    void brokenFoldersAreRefusedByName() throws IOException {
        Path folder = temporary.resolve("broken");
        try (Decoder decoder = converted(Family.LLAMA)) {
            ModelFolder.write(folder, decoder, ModelFolder.Contents.none());
        }
        ObjectNode config = (ObjectNode) Json.read(folder.resolve("config.json"), LizardException.Kind.INPUT);

        withConfig(folder, config.deepCopy().put("intermediate_size", 49));
        refused(folder, "wrong shape", "mlp.gate_proj.weight", "[49, 32]", "[48, 32]");
        withConfig(folder, config.deepCopy().put("tie_word_embeddings", false));
        refused(folder, "missing tensor", "lm_head.weight", "nearest");
        ObjectNode newer = config.deepCopy();
        ((ObjectNode) newer.get("lizard")).put("version", 2);
        withConfig(folder, newer);
        refused(folder, "config.json/lizard/version", "format 1", "found 2");
        ObjectNode typo = config.deepCopy();
        ((ObjectNode) typo.at("/lizard/layers/1")).put("mixer", "lizzard");
        withConfig(folder, typo);
        refused(folder, "config.json/lizard/layers/1", "lizzard", "lizard");
        ObjectNode wider = config.deepCopy();
        ((ObjectNode) wider.at("/lizard/layers/1")).put("features", 9);
        withConfig(folder, wider);
        refused(folder, "lizard.safetensors/model.layers.1.self_attn.query_map", "[4, 8, 9]", "[4, 8, 8]");
        withConfig(folder, config);
        Map<String, Tensor> fewer = new LinkedHashMap<>();
        fewer.put("model.layers.1.self_attn.gate_weigth", Tensors.ones(DType.FLOAT32, Device.CPU, 1));
        Safetensors.write(folder.resolve("lizard.safetensors"), fewer, Map.of());
        refused(folder, "missing tensor", "model.layers.1.self_attn.query_map");
        Files.delete(folder.resolve("lizard.safetensors"));
        refused(folder, "missing file", "lizard.safetensors");
    }

    @Test
    void aBiasThatTheConfigDoesNotKnowIsRefused() throws IOException {
        Path folder = temporary.resolve("biased");
        try (Decoder decoder = TinyModels.random(TinyModels.config(Family.QWEN2), DType.FLOAT32)) {
            ModelFolder.write(folder, decoder, ModelFolder.Contents.none());
        }
        withConfig(folder, TinyModels.config(Family.LLAMA));
        refused(folder, "unexpected tensor", "model.layers.0.self_attn.k_proj.bias", "no bias");
    }

    private static void withConfig(Path folder, ObjectNode config) throws IOException {
        Files.writeString(folder.resolve("config.json"), Json.pretty(config));
    }

    private static void refused(Path folder, String... parts) {
        assertThatThrownBy(() -> Models.open(folder, DType.FLOAT32, Device.CPU))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
                    assertThat(e.getMessage()).contains(parts).doesNotContain("\n");
                });
    }
}
