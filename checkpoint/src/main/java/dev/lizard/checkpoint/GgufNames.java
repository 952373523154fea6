package dev.lizard.checkpoint;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** GGUF's tensor names to Hugging Face's. */
final class GgufNames {
    private static final Pattern BLOCK = Pattern.compile("blk\\.(\\d{1,6})\\.([a-z_]+)\\.(weight|bias)");

    private static final Map<String, String> OUTSIDE = Map.of(
            "token_embd.weight", "model.embed_tokens.weight",
            "output_norm.weight", "model.norm.weight",
            "output.weight", "lm_head.weight");

    private static final Map<String, String> INSIDE = Map.ofEntries(
            Map.entry("attn_norm", "input_layernorm"),
            Map.entry("ffn_norm", "post_attention_layernorm"),
            Map.entry("attn_q", "self_attn.q_proj"),
            Map.entry("attn_k", "self_attn.k_proj"),
            Map.entry("attn_v", "self_attn.v_proj"),
            Map.entry("attn_output", "self_attn.o_proj"),
            Map.entry("attn_q_norm", "self_attn.q_norm"),
            Map.entry("attn_k_norm", "self_attn.k_norm"),
            Map.entry("ffn_gate", "mlp.gate_proj"),
            Map.entry("ffn_up", "mlp.up_proj"),
            Map.entry("ffn_down", "mlp.down_proj"));

    /** Tensors that hold no weights: their content is in the config, or follows from it. */
    private static final Set<String> DERIVED = Set.of("rope_freqs", "attn_rot_embd");

    private GgufNames() {}

    static boolean isDerived(String name) {
        String[] parts = name.split("\\.", -1);
        return parts.length >= 2 && DERIVED.contains(parts[parts.length - 2]);
    }

    /** Hugging Face's name, empty for a tensor that these families do not have. */
    static Optional<String> toHuggingFace(String name) {
        String outside = OUTSIDE.get(name);
        if (outside != null) {
            return Optional.of(outside);
        }
        Matcher matcher = BLOCK.matcher(name);
        if (!matcher.matches() || !INSIDE.containsKey(matcher.group(2))) {
            return Optional.empty();
        }
        return Optional.of(
                "model.layers.%s.%s.%s".formatted(matcher.group(1), INSIDE.get(matcher.group(2)), matcher.group(3)));
    }
}
