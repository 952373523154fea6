package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointTest {
    private static final String ONE = "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";

    @TempDir
    Path folder = Path.of(".");

    private void put(String name, String content) throws IOException {
        Files.writeString(folder.resolve(name), content);
    }

    private void refused(String... texts) {
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(folder).close(), folder.toString());
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(folder).close(), texts);
    }

    @Test
    void refusesFoldersThatAreNoCheckpoint() throws IOException {
        Errors.refused(Kind.INPUT, () -> Checkpoint.open(folder.resolve("no")), "no", "found nothing");
        refused("expected config.json", "an empty folder");
        put("x.gguf", "");
        refused("config.json", "x.gguf", "give the file itself");
        put("config.json", "[1]");
        refused("config.json", "a JSON object", "an array");
        put("config.json", "{\"a\":1,\"a\":2}");
        refused("config.json", "Duplicate", "a");
        put("config.json", "{}");
        refused("cannot find weights", "model.safetensors");
        put("pytorch_model.bin", "");
        refused("save the model as safetensors first");
        put("model-00001-of-00002.safetensors", "");
        refused("expected model.safetensors.index.json", "download the index");
    }

    @Test
    void opensLinearizedFolder() throws IOException {
        put("config.json", "{\"model_type\":\"lizard\"}");
        put("tokenizer.json", "{}");
        Files.write(folder.resolve("model.safetensors"), SafetensorsTest.file(ONE, 4));
        Files.write(folder.resolve("lizard.safetensors"), SafetensorsTest.file(ONE.replace("\"w\"", "\"gate\""), 4));
        adapter().write(folder);
        String hash;
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.extra().orElseThrow().names()).containsExactly("gate");
            assertThat(checkpoint.adapter().orElseThrow().pairs()).hasSize(1);
            assertThat(checkpoint.tokenizerFiles()).containsExactly(folder.resolve("tokenizer.json"));
            hash = checkpoint.sha256();
        }
        put("config.json", "{\"model_type\":\"Lizard\"}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.sha256()).isNotEqualTo(hash);
        }
    }

    private static Adapter adapter() {
        LoraPair pair = LoraPair.of(2, 3, 1, 8, new float[] {1, 2, 3, 4, 5, 6}, new float[] {7, 8});
        return Adapter.of(List.of("q_proj"), Optional.of("base"), Map.of("model.layers.0.self_attn.q_proj", pair));
    }

    @Test
    void adapterGoesThereAndBack() {
        adapter().write(folder);
        Adapter read = Adapter.read(folder);
        assertThat(read.rank()).isEqualTo(2);
        assertThat(read.alpha()).isEqualTo(16);
        assertThat(read.baseModel()).contains("base");
        assertThat(read.targetModules()).containsExactly("q_proj");
        LoraPair pair = read.pair("model.layers.0.self_attn.q_proj");
        assertThat(pair.in()).isEqualTo(3);
        assertThat(pair.out()).isEqualTo(1);
        assertThat(pair.scale()).isEqualTo(8);
        assertThat(pair.aValues()).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(pair.bValues()).containsExactly(7, 8);
        Errors.refused(
                Kind.INPUT,
                () -> read.pair("model.layers.0.self_attn.k_proj"),
                "did you mean 'model.layers.0.self_attn.q_proj'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"use_dora\": false        |\"use_dora\": true       |use_dora",
                "\"modules_to_save\": null  |\"modules_to_save\":[\"lm_head\"]|modules_to_save;lm_head",
                "\"bias\": \"none\"         |\"bias\": \"all\"        |bias;none;all",
                "\"peft_type\": \"LORA\"    |\"peft_type\": \"IA3\"   |peft_type;LORA;IA3",
                "\"r\": 2                   |\"r\": 0                 |adapter_config.json/r;positive",
                "\"r\": 2                   |\"r\": 4                 |lora_A.weight;[4, in];[2, 3]",
                "\"lora_alpha\": 16.0       |\"lora_alpha\": \"x\"    |lora_alpha;a number;a text"
            })
    void refusesOtherAdapters(String from, String to, String texts) throws IOException {
        adapter().write(folder);
        Path config = folder.resolve("adapter_config.json");
        String text = Files.readString(config).replaceAll(" : ", ": ");
        assertThat(text).contains(from.strip());
        Files.writeString(config, text.replace(from.strip(), to.strip()));
        Errors.refused(Kind.INPUT, () -> Adapter.read(folder), texts.split(";", -1));
    }

    @Test
    void refusesUnknownAdapterTensors() throws IOException {
        adapter().write(folder);
        Files.write(folder.resolve("adapter_model.safetensors"), SafetensorsTest.file(ONE, 4));
        Errors.refused(Kind.INPUT, () -> Adapter.read(folder), "adapter_model.safetensors/w", "lora_A.weight");
        Files.delete(folder.resolve("adapter_model.safetensors"));
        Errors.refused(Kind.INPUT, () -> Adapter.read(folder), folder.toString(), "adapter_model.safetensors");
    }
}
