package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The keys of an {@code adapter_config.json}. Every key that is understood stands here; any other must be off: it may
 * change the formula.
 */
record AdapterKeys(Path file, ObjectNode config) {
    /** Read elsewhere, by name. */
    private static final Set<String> READ = Set.of(
            "peft_type",
            "task_type",
            "r",
            "lora_alpha",
            "use_rslora",
            "rank_pattern",
            "alpha_pattern",
            "target_modules",
            "exclude_modules",
            "layers_to_transform",
            "layers_pattern",
            "bias",
            "init_lora_weights",
            "fan_in_fan_out",
            "base_model_name_or_path");

    /** Of training, of another key that must be off, or of where the files came from: whatever they say, the sum is the same. */
    private static final Set<String> WITHOUT_EFFECT = Set.of(
            "auto_mapping",
            "peft_version",
            "revision",
            "inference_mode",
            "lora_dropout",
            "loftq_config",
            "eva_config",
            "corda_config",
            "lora_ga_config",
            "qalora_group_size",
            "megatron_core",
            "runtime_config");

    /** Known to peft, and not here; named so that a misspelt key is not likened to something else. */
    private static final Set<String> NOT_SUPPORTED = Set.of(
            "use_dora",
            "use_qalora",
            "use_bdlora",
            "lora_bias",
            "modules_to_save",
            "layer_replication",
            "target_parameters",
            "trainable_token_indices",
            "alora_invocation_tokens",
            "ensure_weight_tying",
            "megatron_config",
            "arrow_config",
            "kasa_config",
            "monteclora_config",
            "velora_config");

    /** @throws LizardException INPUT for a key that is set and not understood */
    AdapterKeys {
        for (Map.Entry<String, JsonNode> property : config.properties()) {
            String key = property.getKey();
            boolean understood = READ.contains(key) || WITHOUT_EFFECT.contains(key);
            if (!understood && isSet(property.getValue())) {
                throw BadFile.in(
                        file,
                        key,
                        NOT_SUPPORTED.contains(key) ? "unsupported adapter" : "unknown key",
                        "plain LoRA without it",
                        property.getValue(),
                        NOT_SUPPORTED.contains(key) ? "merge it with peft first" : advice(key));
            }
        }
    }

    private static String advice(String key) {
        Set<String> known = new TreeSet<>(READ);
        known.addAll(WITHOUT_EFFECT);
        known.addAll(NOT_SUPPORTED);
        return Nearest.hintOr(key, known, "merge it with peft first");
    }

    /** Whether a value is other than null, false and empty. */
    static boolean isSet(JsonNode value) {
        boolean off = value.isMissingNode()
                || value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isContainer() && value.isEmpty())
                || (value.isString() && value.stringValue().isEmpty());
        return !off;
    }

    /** A missing node for null, too. */
    JsonNode get(String key) {
        JsonNode value = config.path(key);
        return value.isNull() ? MissingNode.getInstance() : value;
    }

    /** A text or a list of texts; empty where there is none. */
    List<String> texts(String key) {
        JsonNode node = get(key);
        List<String> texts = new ArrayList<>();
        for (JsonNode item : node.isArray() ? node : List.of(node)) {
            if (item.isString() && !item.stringValue().isEmpty()) {
                texts.add(item.stringValue());
            } else if (isSet(node)) {
                throw wrong(key, "a text or a list of texts");
            }
        }
        return texts;
    }

    boolean flag(String key) {
        JsonNode node = get(key);
        if (!node.isBoolean() && !node.isMissingNode()) {
            throw wrong(key, "true or false");
        }
        return node.isBoolean() && node.booleanValue();
    }

    int rank(String key, JsonNode node) {
        if (!node.isIntegralNumber() || !node.canConvertToInt() || node.intValue() < 1) {
            throw wrong(key, node, "a positive whole number");
        }
        return node.intValue();
    }

    double number(String key, JsonNode node) {
        if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
            throw wrong(key, node, "a number");
        }
        return node.doubleValue();
    }

    /** The values of an object by its keys, in its order; empty where there is none. */
    Map<String, JsonNode> map(String key) {
        JsonNode node = get(key);
        if (!node.isObject() && !node.isMissingNode()) {
            throw wrong(key, "an object of module patterns");
        }
        Map<String, JsonNode> values = new LinkedHashMap<>();
        node.properties().forEach(property -> values.put(property.getKey(), property.getValue()));
        return values;
    }

    LizardException wrong(String key, String expected) {
        return wrong(key, config.path(key), expected);
    }

    LizardException wrong(String key, JsonNode node, String expected) {
        boolean told = node.isNumber() || node.isString() || node.isArray();
        String found = Json.kindOf(node) + (told ? ", " + node : "");
        return BadFile.in(file, key, "bad adapter", expected, found, BadFile.AGAIN);
    }
}
