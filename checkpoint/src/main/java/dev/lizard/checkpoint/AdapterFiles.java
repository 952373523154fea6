package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** peft's adapter folder. */
final class AdapterFiles {
    static final String CONFIG = "adapter_config.json";
    static final String WEIGHTS = "adapter_model.safetensors";
    private static final String PREFIX = "base_model.model.";
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    /** Switches that change the formula; each must be off, null or empty. */
    private static final List<String> MUST_BE_OFF = List.of(
            "use_rslora",
            "use_dora",
            "use_qalora",
            "use_bdlora",
            "lora_bias",
            "fan_in_fan_out",
            "modules_to_save",
            "rank_pattern",
            "alpha_pattern",
            "layer_replication",
            "target_parameters",
            "trainable_token_indices",
            "alora_invocation_tokens",
            "arrow_config",
            "kasa_config",
            "monteclora_config",
            "velora_config");

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
        ObjectNode config = JsonFiles.readObject(configFile);
        checkVariant(configFile, config);
        int rank = rank(configFile, config);
        JsonNode alpha = config.path("lora_alpha");
        if (!alpha.isNumber()) {
            throw BadFile.in(
                    configFile, "lora_alpha", "bad adapter", "a number", JsonFiles.kindOf(alpha), BadFile.AGAIN);
        }
        JsonNode base = config.path("base_model_name_or_path");
        try (SafetensorsFile weights = SafetensorsFile.open(weightsFile)) {
            return new Adapter(
                    rank,
                    alpha.doubleValue(),
                    targets(config),
                    base.isString() ? Optional.of(base.stringValue()) : Optional.empty(),
                    pairs(weights, rank));
        }
    }

    static void write(Path folder, Adapter adapter) {
        List<StoredTensor> tensors = new ArrayList<>();
        adapter.pairs().forEach((module, pair) -> {
            tensors.add(stored(aName(module), pair.a(), pair.rank(), pair.in()));
            tensors.add(stored(bName(module), pair.b(), pair.out(), pair.rank()));
        });
        Safetensors.write(folder.resolve(WEIGHTS), tensors, Map.of("format", "pt"));
        ObjectNode config = Json.object();
        config.put("peft_type", "LORA");
        config.put("task_type", "CAUSAL_LM");
        config.put("base_model_name_or_path", adapter.baseModel().orElse(null));
        config.put("r", adapter.rank());
        config.put("lora_alpha", adapter.alpha());
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

    private static StoredTensor stored(String name, MemorySegment values, long rows, long columns) {
        return new StoredTensor(new TensorInfo(name, StoredType.F32, List.of(rows, columns)), () -> values);
    }

    private static void checkVariant(Path file, ObjectNode config) {
        String type = config.path("peft_type").asString("LORA");
        if (!type.equals("LORA")) {
            throw BadFile.in(file, "peft_type", "unsupported adapter", "LORA", type, "use a LoRA adapter");
        }
        String bias = config.path("bias").asString("none");
        if (!bias.equals("none")) {
            throw BadFile.in(file, "bias", "unsupported adapter", "none", bias, "merge it with peft first");
        }
        for (String key : MUST_BE_OFF) {
            JsonNode value = config.path(key);
            boolean off = value.isMissingNode()
                    || value.isNull()
                    || (value.isBoolean() && !value.booleanValue())
                    || (value.isContainer() && value.isEmpty());
            if (!off) {
                throw BadFile.in(
                        file, key, "unsupported adapter", "plain LoRA without it", value, "merge it with peft first");
            }
        }
    }

    private static int rank(Path file, ObjectNode config) {
        JsonNode rank = config.path("r");
        if (!rank.canConvertToInt() || rank.intValue() < 1) {
            throw BadFile.in(file, "r", "bad adapter", "a positive whole number", rank, BadFile.AGAIN);
        }
        return rank.intValue();
    }

    private static List<String> targets(ObjectNode config) {
        JsonNode node = config.path("target_modules");
        if (node.isString()) {
            return List.of(node.stringValue());
        }
        List<String> targets = new ArrayList<>();
        for (JsonNode item : node) {
            targets.add(item.asString(""));
        }
        return targets;
    }

    private static Map<String, LoraPair> pairs(SafetensorsFile weights, int rank) {
        Map<String, LoraPair> pairs = new LinkedHashMap<>();
        for (String name : weights.names()) {
            boolean isA = name.endsWith(A);
            if (!name.startsWith(PREFIX) || !(isA || name.endsWith(B))) {
                throw BadFile.in(
                        weights.path(),
                        name,
                        "unsupported adapter tensor",
                        PREFIX + "<module>" + A + " or " + B,
                        weights.info(name).shape(),
                        "use a plain LoRA adapter of peft");
            }
            String module = name.substring(PREFIX.length(), Math.max(PREFIX.length(), name.length() - A.length()));
            pairs.computeIfAbsent(module, m -> pair(weights, m, rank));
        }
        if (pairs.isEmpty()) {
            throw BadFile.in(weights.path(), "bad adapter", "LoRA factors", "no tensors", BadFile.AGAIN);
        }
        return pairs;
    }

    private static LoraPair pair(SafetensorsFile weights, String module, int rank) {
        TensorInfo a = weights.info(aName(module));
        TensorInfo b = weights.info(bName(module));
        if (a.shape().size() != 2 || a.shape().getFirst() != rank) {
            throw wrongShape(weights, a, "[%d, in]".formatted(rank));
        }
        if (b.shape().size() != 2 || b.shape().getLast() != rank) {
            throw wrongShape(weights, b, "[out, %d]".formatted(rank));
        }
        int in = Math.toIntExact(a.shape().getLast());
        int out = Math.toIntExact(b.shape().getFirst());
        return LoraPair.of(rank, in, out, weights.readFloat32(a.name()), weights.readFloat32(b.name()));
    }

    private static LizardException wrongShape(SafetensorsFile weights, TensorInfo info, String expected) {
        return BadFile.in(
                weights.path(),
                info.name(),
                "bad adapter shape",
                expected,
                info.shape(),
                "check that " + CONFIG + " belongs to these weights");
    }

    static String aName(String module) {
        return PREFIX + module + A;
    }

    static String bName(String module) {
        return PREFIX + module + B;
    }
}
