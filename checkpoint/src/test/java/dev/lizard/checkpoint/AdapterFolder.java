package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** An adapter's folder to be spoilt: peft's config as it writes it today, and factors of two layers. */
final class AdapterFolder {
    private static final String WRITTEN_BY_PEFT = """
        {"alora_invocation_tokens": null, "alpha_pattern": {}, "arrow_config": null, "auto_mapping": null,
         "base_model_name_or_path": "base", "bias": "none", "corda_config": null, "ensure_weight_tying": false,
         "eva_config": null, "exclude_modules": null, "fan_in_fan_out": false, "inference_mode": true,
         "init_lora_weights": true, "kasa_config": null, "layer_replication": null, "layers_pattern": null,
         "layers_to_transform": null, "loftq_config": {}, "lora_alpha": 8, "lora_bias": false, "lora_dropout": 0.1,
         "lora_ga_config": null, "megatron_config": null, "megatron_core": "megatron.core",
         "modules_to_save": null, "monteclora_config": null, "peft_type": "LORA", "peft_version": "0.21.2",
         "qalora_group_size": 16, "r": 4, "rank_pattern": {}, "revision": null,
         "target_modules": ["v_proj", "q_proj"], "target_parameters": null, "task_type": "CAUSAL_LM",
         "trainable_token_indices": null, "use_bdlora": null, "use_dora": false, "use_qalora": false,
         "use_rslora": false, "velora_config": null}\
        """;

    final Path path;
    final ObjectNode config = (ObjectNode) Json.MAPPER.readTree(WRITTEN_BY_PEFT);
    final Map<String, List<Long>> tensors = new LinkedHashMap<>();
    private Map<String, List<Long>> written = Map.of("none", List.of());

    AdapterFolder(Path path) {
        this.path = path;
        for (int layer = 0; layer < 2; layer++) {
            put("base_model.model.model.layers." + layer + ".self_attn.q_proj", 4);
            put("base_model.model.model.layers." + layer + ".self_attn.v_proj", 4);
        }
    }

    /** Factors of a module of width 6. */
    AdapterFolder put(String module, long rank) {
        tensors.put(module + ".lora_A.weight", List.of(rank, 6L));
        tensors.put(module + ".lora_B.weight", List.of(6L, rank));
        return this;
    }

    /** Sets a key to a value written as JSON, with single quotes. */
    AdapterFolder set(String key, String json) {
        config.set(key, node(json));
        return this;
    }

    static JsonNode node(String json) {
        return Json.MAPPER.readTree(json.replace('\'', '"'));
    }

    Adapter read() throws IOException {
        Files.writeString(path.resolve(AdapterFiles.CONFIG), Json.line(config));
        if (!tensors.equals(written)) {
            write();
        }
        return Adapter.read(path);
    }

    private void write() {
        List<StoredTensor> stored = tensors.entrySet().stream()
                .map(entry -> new TensorInfo(entry.getKey(), StoredType.F32, entry.getValue()))
                .map(info -> new StoredTensor(info, () -> MemorySegment.ofArray(new byte[(int) info.byteSize()])))
                .toList();
        Safetensors.write(path.resolve(AdapterFiles.WEIGHTS), stored, Map.of());
        written = Map.copyOf(tensors);
    }
}
