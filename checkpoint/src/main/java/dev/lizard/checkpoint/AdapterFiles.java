package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** peft's adapter folder. */
final class AdapterFiles {
    static final String CONFIG = "adapter_config.json";
    static final String WEIGHTS = "adapter_model.safetensors";

    private AdapterFiles() {}

    static Adapter read(Path folder) {
        Path configFile = folder.resolve(CONFIG);
        Path weightsFile = folder.resolve(WEIGHTS);
        if (!Files.isRegularFile(configFile)) {
            throw BadFile.in(folder, "cannot open adapter", CONFIG, "no such file", "give peft's adapter folder");
        }
        if (!Files.isRegularFile(weightsFile)) {
            throw BadFile.in(
                    folder,
                    "cannot open adapter",
                    WEIGHTS,
                    "no such file",
                    "save the adapter as safetensors or download the file");
        }
        AdapterConfig config = AdapterConfig.read(configFile);
        try (SafetensorsFile weights = SafetensorsFile.open(weightsFile)) {
            AdapterTensors tensors = new AdapterTensors(weights, config);
            return new Adapter(
                    config.rank(),
                    config.alpha(),
                    config.targets().names(),
                    module -> config.targets().include(tensors.prefixed(module)),
                    config.baseModel(),
                    tensors.pairs(),
                    config.notes(configFile, tensors.modules()));
        }
    }

    static void write(Path folder, Adapter adapter) {
        List<StoredTensor> tensors = new ArrayList<>();
        adapter.pairs().forEach((module, pair) -> tensors.addAll(AdapterTensors.stored(module, pair)));
        Safetensors.write(folder.resolve(WEIGHTS), tensors, Map.of("format", "pt"));
        ObjectNode config = Json.object();
        config.put("peft_type", "LORA");
        config.put("task_type", "CAUSAL_LM");
        config.put("base_model_name_or_path", adapter.baseModel().orElse(null));
        config.put("r", adapter.rank());
        config.put("lora_alpha", adapter.alpha());
        putExceptions(adapter, config);
        config.put("lora_dropout", 0.0);
        config.put("bias", "none");
        adapter.targetModules().forEach(config.putArray("target_modules")::add);
        config.put("inference_mode", true);
        config.put("fan_in_fan_out", false);
        config.put("use_rslora", false);
        config.put("use_dora", false);
        config.putNull("modules_to_save");
        AtomicFiles.write(folder.resolve(CONFIG), (Json.pretty(config) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** Modules whose rank or scale is not the usual one, as patterns: their paths with dots that are dots. */
    private static void putExceptions(Adapter adapter, ObjectNode config) {
        ObjectNode ranks = Json.object();
        ObjectNode alphas = Json.object();
        adapter.pairs().forEach((module, pair) -> {
            String pattern = module.replace(".", "\\.");
            if (pair.rank() != adapter.rank()) {
                ranks.put(pattern, pair.rank());
            }
            if (!adapter.hasUsualAlpha(pair)) {
                alphas.put(pattern, pair.scale() * pair.rank());
            }
        });
        if (!ranks.isEmpty()) {
            config.set("rank_pattern", ranks);
        }
        if (!alphas.isEmpty()) {
            config.set("alpha_pattern", alphas);
        }
    }

    static String aName(String module) {
        return AdapterTensors.PREFIX + module + AdapterTensors.A;
    }

    static String bName(String module) {
        return AdapterTensors.PREFIX + module + AdapterTensors.B;
    }
}
