package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * What becomes of the keys of a config that no reader asks for: those that only say how the model was trained or is run
 * are passed over, those that would change its formulas are refused by name, those that nobody knows are told.
 */
final class KnownKeys {
    private static final int SHOWN = 8;
    private static final int LONGEST = 40;

    /** Keys that {@link ModelConfig}, {@link RopeKeys}, {@link WindowKeys} and {@link ConvertedConfig} read. */
    static final Set<String> READ = words("""
        model_type base_model_type lizard vocab_size hidden_size intermediate_size num_hidden_layers
        num_attention_heads num_key_value_heads head_dim hidden_act max_position_embeddings rms_norm_eps
        tie_word_embeddings attention_bias mlp_bias bos_token_id eos_token_id
        rope_theta rope_scaling rope_parameters partial_rotary_factor original_max_position_embeddings
        sliding_window use_sliding_window max_window_layers layer_types\
        """);

    /** Training, generation, storage, bookkeeping: no forward pass depends on them. */
    private static final Set<String> HARMLESS = words("""
        architectures transformers_version torch_dtype dtype use_cache initializer_range initializer_std
        attention_dropout attn_dropout hidden_dropout resid_pdrop embd_pdrop attn_pdrop residual_dropout
        embedding_dropout dropout classifier_dropout classifier_dropout_prob layerdrop pretraining_tp
        pad_token_id unk_token_id sep_token_id decoder_start_token_id _name_or_path name_or_path _commit_hash
        id2label label2id num_labels problem_type finetuning_task task_specific_params return_dict
        output_attentions output_hidden_states output_scores return_dict_in_generate torchscript tf_legacy_loss
        use_bfloat16 chunk_size_feed_forward is_decoder cross_attention_hidden_size tie_encoder_decoder prefix
        max_length min_length do_sample early_stopping num_beams num_beam_groups diversity_penalty temperature
        top_k top_p typical_p repetition_penalty length_penalty no_repeat_ngram_size
        encoder_no_repeat_ngram_size bad_words_ids num_return_sequences forced_bos_token_id
        forced_eos_token_id remove_invalid_values exponential_decay_length_penalty suppress_tokens
        begin_suppress_tokens max_new_tokens generation_config cache_implementation
        _attn_implementation _attn_implementation_autoset attn_implementation _flash_attn_2_enabled
        use_flash_attn use_flash_attention flash_attention gradient_checkpointing use_fused_rms_norm
        max_sequence_length max_seq_length model_max_length seq_length n_positions tokenizer_class
        tokenizer_model_max_length unsloth_version unsloth_fixed unsloth_tied is_llama_config
        transformers.js_config z_loss router_aux_loss_coef output_router_logits norm_topk_prob
        decoder_sparse_step shared_expert_intermediate_size moe_intermediate_size num_experts_per_tok
        max_batch_size special_tokens_map_file tokenizer_file license language tags\
        """);

    /** Keys that change the formulas of other families, each with the values that leave them as they are here. */
    private static final Map<String, Set<String>> MATHS = maths("""
        num_experts 0 1; num_local_experts 0 1; n_routed_experts 0 1; moe_num_experts 0 1; mlp_only_layers []
        quantization_config; quantization; compression_config; text_config; vision_config; audio_config
        per_layer_config {}; block_configs []; pruned_heads {}; is_encoder_decoder false
        add_cross_attention false; is_causal true; use_bidirectional_attention false
        embedding_multiplier 1; residual_multiplier 1; attention_multiplier; logits_scaling 1
        logit_scale 1; scale_emb 1; scale_depth; dim_model_base; embedding_scale 1; emb_scale 1
        residual_scale 1; width_scale 1; lm_head_multiplier 1; key_multiplier 1; attention_out_multiplier 1
        attention_in_multiplier 1; mlp_multipliers 1; query_pre_attn_scalar; attn_scale; attention_scale
        mup_attn_multiplier; mup_width_multiplier; mup_embedding_multiplier; mup_use_scaling false
        mup_base_hidden_size; scale_attn_weights true; scale_attn_by_inverse_layer_idx false
        attn_logit_softcapping 0; final_logit_softcapping 0; attn_logit_softcap 0; final_logit_softcap 0
        logits_soft_cap 0; logit_softcapping 0; clip_qkv 0; swiglu_limit; activation_sparsity_pattern 0 []
        qk_norm false; use_qk_norm false; qk_layernorm false; qk_layer_norm false; post_norm false
        use_post_norm false; sandwich_norm false; parallel_attn false; use_parallel_residual false
        no_rope_layers 1 []; no_rope_layer_interval 0; nope_layer_interval 0; use_rope true; alibi false
        use_alibi false; position_embedding_type rope rotary; rope_interleaved false; rope_interleave false
        use_mrope false; mrope_section; use_dynamic_ntk false; use_logn_attn false; rope_ratio 1
        rotary_pct 1; rotary_percent 1; rope_pct 1; rope_percent 1; rotary_dim; rope_dim
        attention_chunk_size 0; attn_temperature_tuning false 0; sliding_window_pattern
        _sliding_window_pattern; layer_group_size; attention_sink false; attention_sinks false
        add_swa_attention_sink_bias false; attn_output_gate false; use_gated_attention false
        num_kv_shared_layers 0; cla_share_factor 1; use_cla false; q_lora_rank; kv_lora_rank
        qk_rope_head_dim; qk_nope_head_dim; v_head_dim; hidden_size_per_layer_input 0; altup_num_inputs
        laurel_rank; mlp_act; ssm_cfg; conv_kernel; norm_type rmsnorm rms_norm; rms_norm_add_unit_offset false\
        """);

    /** Other families' names for keys that are read here: they must say what is used. */
    private static final Map<String, String> ALIASES = Map.ofEntries(
            Map.entry("num_layers", "num_hidden_layers"),
            Map.entry("n_layer", "num_hidden_layers"),
            Map.entry("n_layers", "num_hidden_layers"),
            Map.entry("n_head", "num_attention_heads"),
            Map.entry("n_heads", "num_attention_heads"),
            Map.entry("num_heads", "num_attention_heads"),
            Map.entry("n_kv_heads", "num_key_value_heads"),
            Map.entry("num_kv_heads", "num_key_value_heads"),
            Map.entry("multi_query_group_num", "num_key_value_heads"),
            Map.entry("n_embd", "hidden_size"),
            Map.entry("d_model", "hidden_size"),
            Map.entry("n_inner", "intermediate_size"),
            Map.entry("ffn_dim", "intermediate_size"),
            Map.entry("d_ff", "intermediate_size"),
            Map.entry("ffn_hidden_size", "intermediate_size"),
            Map.entry("kv_channels", "head_dim"),
            Map.entry("attention_head_dim", "head_dim"),
            Map.entry("head_size", "head_dim"),
            Map.entry("padded_vocab_size", "vocab_size"),
            Map.entry("norm_eps", "rms_norm_eps"),
            Map.entry("norm_epsilon", "rms_norm_eps"),
            Map.entry("layer_norm_eps", "rms_norm_eps"),
            Map.entry("layer_norm_epsilon", "rms_norm_eps"),
            Map.entry("layernorm_epsilon", "rms_norm_eps"),
            Map.entry("rms_norm_epsilon", "rms_norm_eps"),
            Map.entry("hidden_activation", "hidden_act"),
            Map.entry("activation_function", "hidden_act"),
            Map.entry("rotary_emb_base", "rope_theta"),
            Map.entry("rotary_base", "rope_theta"),
            Map.entry("rope_base", "rope_theta"),
            Map.entry("rope_local_base_freq", "rope_theta"),
            Map.entry("global_rope_theta", "rope_theta"),
            Map.entry("local_rope_theta", "rope_theta"),
            Map.entry("tie_embeddings", "tie_word_embeddings"),
            Map.entry("tie_weights", "tie_word_embeddings"),
            Map.entry("use_tied_embeddings", "tie_word_embeddings"));

    private KnownKeys() {}

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+", -1));
    }

    private static Map<String, Set<String>> maths(String text) {
        return Stream.of(text.split("[;\n]", -1))
                .map(String::strip)
                .filter(entry -> !entry.isEmpty())
                .map(entry -> List.of(entry.split(" ", -1)))
                .collect(Collectors.toUnmodifiableMap(
                        List::getFirst, words -> Set.copyOf(words.subList(1, words.size()))));
    }

    /**
     * Looks at every key that no reader asks for.
     *
     * @param used what the readers made of the keys that have aliases
     * @param notes receives a line that names the unknown keys
     * @throws LizardException INPUT for a key that would change the formulas
     */
    static void check(ConfigKeys config, Map<String, Object> used, List<String> notes) {
        List<String> unknown = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : config.node().properties()) {
            String key = entry.getKey();
            if (READ.contains(key) || HARMLESS.contains(key) || entry.getValue().isNull()) {
                continue;
            }
            String read = ALIASES.get(key);
            Set<String> neutral = MATHS.get(key);
            if (read != null) {
                Object meant = used.getOrDefault(read, "");
                if (!plain(entry.getValue()).equals(meant.toString())) {
                    throw config.contradiction(key, read, meant);
                }
            } else if (neutral == null) {
                unknown.add(key);
            } else if (!neutral.contains(plain(entry.getValue()))) {
                throw refused(config, key, neutral);
            }
        }
        if (!unknown.isEmpty()) {
            notes.add("%s has keys that are not known and not read: %s"
                    .formatted(
                            config.where(),
                            unknown.stream().limit(SHOWN).map(KnownKeys::hinted).collect(Collectors.joining(", "))
                                    + (unknown.size() > SHOWN ? ", ..." : "")));
        }
    }

    /** The nearest key that is understood, where {@code key} is not; empty where it is. */
    static Optional<String> unknown(String key) {
        boolean known =
                READ.contains(key) || HARMLESS.contains(key) || ALIASES.containsKey(key) || MATHS.containsKey(key);
        return known ? Optional.empty() : Optional.of(Nearest.to(key, READ, 1).getFirst());
    }

    private static LizardException refused(ConfigKeys config, String key, Set<String> neutral) {
        if (key.contains("expert")) {
            return config.unsupported(key, "a dense model", "use a model without experts");
        }
        if (key.startsWith("quantization") || key.equals("compression_config")) {
            return config.unsupported(key, "plain weights", "use the unquantised model or a GGUF file of it");
        }
        if (key.endsWith("_config") && !key.startsWith("per_layer")) {
            return config.unsupported(key, "a language model alone", "use the language model that it was built from");
        }
        return config.unsupported(
                key,
                neutral.isEmpty() ? "no such key" : String.join(" or ", new TreeSet<>(neutral)),
                "use a model without it");
    }

    private static String hinted(String key) {
        Set<String> known = new HashSet<>(READ);
        known.addAll(MATHS.keySet());
        String shown = key.length() <= LONGEST ? key : key.substring(0, LONGEST) + "...";
        String hint = Nearest.hintOr(shown, known, "");
        return hint.isEmpty() ? shown : "%s (%s)".formatted(shown, hint);
    }

    /** Numbers alike however they are written; a list of one repeated value as that value. */
    private static String plain(JsonNode value) {
        if (value.isNumber()) {
            return plain(value.doubleValue());
        }
        if (value.isArray() && !value.isEmpty()) {
            Set<String> items = new HashSet<>();
            value.forEach(item -> items.add(plain(item)));
            return items.size() == 1 ? items.iterator().next() : value.toString();
        }
        return value.isString() ? value.stringValue() : value.toString();
    }

    static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : Double.toString(number);
    }
}
