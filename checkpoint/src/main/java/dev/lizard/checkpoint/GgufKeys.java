package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What becomes of an architecture's metadata keys that {@link GgufConfig} and {@link GgufRope} do not read: those that
 * would change the formulas are refused unless they have the value that changes nothing, unknown ones are reported.
 */
final class GgufKeys {
    private static final Set<String> READ = Set.of(
            "block_count",
            "context_length",
            "embedding_length",
            "feed_forward_length",
            "vocab_size",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "attention.value_length",
            "attention.layer_norm_rms_epsilon",
            "attention.sliding_window",
            "rope.dimension_count",
            "rope.freq_base",
            "rope.scale_linear",
            "rope.scaling.type",
            "rope.scaling.factor",
            "rope.scaling.attn_factor",
            "rope.scaling.original_context_length",
            "rope.scaling.yarn_beta_fast",
            "rope.scaling.yarn_beta_slow");

    private static final Set<String> HARMLESS = Set.of(
            "rope.scaling.finetuned",
            "tensor_data_layout",
            "expert_used_count",
            "expert_shared_count",
            "expert_feed_forward_length",
            "expert_weights_scale",
            "expert_weights_norm",
            "expert_gating_func",
            "leading_dense_block_count");

    /** Keys of the formulas, each with the value that leaves them as they are here. */
    private static final Map<String, Object> MATHS = Map.ofEntries(
            Map.entry("expert_count", 0L),
            Map.entry("logit_scale", 1.0),
            Map.entry("residual_scale", 1.0),
            Map.entry("embedding_scale", 1.0),
            Map.entry("attn_logit_softcapping", 0.0),
            Map.entry("final_logit_softcapping", 0.0),
            Map.entry("router_logit_softcapping", 0.0),
            Map.entry("use_parallel_residual", false),
            Map.entry("swin_norm", false),
            Map.entry("nextn_predict_layers", 0L),
            Map.entry("embedding_length_per_layer_input", 0L),
            Map.entry("activation_sparsity_scale", 0.0),
            Map.entry("swiglu_clamp_exp", 0.0),
            Map.entry("swiglu_clamp_shexp", 0.0),
            Map.entry("attention.causal", true),
            Map.entry("attention.clamp_kqv", 0.0),
            Map.entry("attention.max_alibi_bias", 0.0),
            Map.entry("attention.scale", 0.0),
            Map.entry("attention.output_scale", 0.0),
            Map.entry("attention.temperature_length", 0L),
            Map.entry("attention.temperature_scale", 0.0),
            Map.entry("attention.shared_kv_layers", 0L),
            Map.entry("attention.q_lora_rank", 0L),
            Map.entry("attention.kv_lora_rank", 0L),
            Map.entry("attention.layer_norm_epsilon", 0.0),
            Map.entry("attention.sliding_window_pattern", 0L),
            Map.entry("rope.freq_base_swa", 0.0),
            Map.entry("rope.dimension_count_swa", 0L),
            Map.entry("rope.dimension_sections", 0L),
            Map.entry("rope.scaling.alpha", 0.0),
            Map.entry("rope.scaling.yarn_log_multiplier", 0.0),
            Map.entry("rope.scaling.yarn_ext_factor", 1.0),
            Map.entry("rope.scaling.yarn_attn_factor", 1.0));

    private static final int SHOWN = 8;

    private GgufKeys() {}

    /**
     * Looks at every key of the architecture.
     *
     * @return a line that names those that nobody knows
     * @throws LizardException INPUT for a key that would change the formulas
     */
    static List<String> check(GgufMetadata metadata) {
        String prefix = metadata.architecture() + ".";
        List<String> unknown = new ArrayList<>();
        metadata.values().forEach((full, value) -> {
            if (!full.startsWith(prefix)) {
                return;
            }
            String key = full.substring(prefix.length());
            if (MATHS.containsKey(key)) {
                if (!neutral(value, MATHS.get(key))) {
                    throw BadFile.in(
                            metadata.file(),
                            full,
                            key.startsWith("expert") ? "unsupported mixture of experts" : "unsupported metadata",
                            key.startsWith("expert") ? "a dense model" : MATHS.get(key) + ", or no such key",
                            key.startsWith("expert") ? value + " experts" : value,
                            "use another model");
                }
            } else if (!READ.contains(key) && !HARMLESS.contains(key)) {
                unknown.add(BadFile.brief(full));
            }
        });
        return unknown.isEmpty()
                ? List.of()
                : List.of("%s has keys that are not known and not read: %s%s"
                        .formatted(
                                metadata.file(),
                                String.join(", ", unknown.subList(0, Math.min(SHOWN, unknown.size()))),
                                unknown.size() > SHOWN ? ", ..." : ""));
    }

    /** Lists are per layer, or per section of a head. */
    private static boolean neutral(Object value, Object expected) {
        return switch (value) {
            case List<?> list -> list.stream().allMatch(item -> item != null && neutral(item, expected));
            case Number number -> expected instanceof Number same && number.doubleValue() == same.doubleValue();
            default -> value.equals(expected);
        };
    }
}
