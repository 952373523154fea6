package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each key of peft's config: what peft does with it, or one line that names it. */
class AdapterConfigTest {
    private static final String QUERY = "model.layers.%d.self_attn.q_proj";
    private static final String VALUE = "model.layers.%d.self_attn.v_proj";

    @TempDir
    Path temp = Path.of(".");

    AdapterFolder folder = new AdapterFolder(temp);

    @BeforeEach
    void fresh() {
        folder = new AdapterFolder(temp);
    }

    private void refused(String key, String... texts) {
        Errors.refused(Kind.INPUT, () -> folder.read(), "adapter_config.json/" + key);
        Errors.refused(Kind.INPUT, () -> folder.read(), texts);
    }

    @Test
    void whatPeftWritesIsRead() throws IOException {
        Adapter adapter = folder.read();
        assertThat(adapter.targetModules()).containsExactly("v_proj", "q_proj");
        assertThat(adapter.baseModel()).contains("base");
        assertThat(adapter.pair(QUERY.formatted(1)).scale()).isEqualTo(2);
        assertThat(adapter.notes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'pissa'",
                "'pissa_niter_16'",
                "'PiSSA'",
                "'olora'",
                "'OLoRA'",
                "'corda'",
                "'loftq'",
                "'lora_ga'",
                "'milora'",
                "'gausian'",
                "'true'",
                "3",
                "['gaussian']"
            })
    void initialisationsThatChangeTheBaseAreRefused(String value) {
        folder.set("init_lora_weights", value);
        refused(
                "init_lora_weights",
                "leaves the base weights alone",
                value.replace("'", "").replaceAll("[\\[\\]]", ""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false", "null", "'gaussian'", "'Gaussian'", "'eva'", "'orthogonal'", "'mica'"})
    void initialisationsThatLeaveTheBaseAloneAreRead(String value) throws IOException {
        folder.set("init_lora_weights", value);
        assertThat(folder.read().pairs()).hasSize(4);
    }

    @Test
    void rankStabilisedScalesAreDividedByTheRoot() throws IOException {
        folder.set("use_rslora", "true").set("alpha_pattern", "{'layers.1.self_attn.v_proj': 3}");
        Adapter adapter = folder.read();
        assertThat(adapter.pair(QUERY.formatted(0)).scale()).isEqualTo(8 / Math.sqrt(4));
        assertThat(adapter.pair(VALUE.formatted(1)).scale()).isEqualTo(3 / Math.sqrt(4));
    }

    /** First match in the order of the file; a key is an expression for the whole path or what follows one of its dots. */
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "{'q_proj':2}                                      ;2 4 2 4",
                "{'layers.1.self_attn.q_proj':2}                   ;4 4 2 4",
                "{'^model.layers.1.self_attn.q_proj':2}            ;4 4 2 4",
                "{'model.layers.1.self_attn.q_proj':2,'q_proj':3}  ;3 4 2 4",
                "{'q_proj':3,'model.layers.1.self_attn.q_proj':2}  ;3 4 3 4",
                "{'layers\\\\.[0-9]+\\\\.self_attn\\\\.(q|v)_proj':1};1 1 1 1",
                "{'.*v_proj':5}                                    ;4 5 4 5",
                "{'layers.0.self_attn.(?P<w>.)_proj':6}            ;6 6 4 4"
            })
    void ranksAndAlphasOfModulesAreFoundByPatterns(String pattern, String ranks) throws IOException {
        String[] expected = ranks.split(" ", -1);
        folder.set("rank_pattern", pattern.strip()).set("alpha_pattern", pattern.strip());
        for (int i = 0; i < 4; i++) {
            String module = (i % 2 == 0 ? QUERY : VALUE).formatted(i / 2);
            folder.put("base_model.model." + module, Long.parseLong(expected[i]));
        }
        Adapter adapter = folder.read();
        for (int i = 0; i < 4; i++) {
            String module = (i % 2 == 0 ? QUERY : VALUE).formatted(i / 2);
            int rank = Integer.parseInt(expected[i]);
            assertThat(adapter.pair(module).rank()).as(module).isEqualTo(rank);
            assertThat(adapter.pair(module).scale()).as(module).isEqualTo(rank == 4 ? 2.0 : 1.0);
        }
    }

    @Test
    void patternsSurviveWritingAndReading() throws IOException {
        folder.set("rank_pattern", "{'q_proj':2}").set("alpha_pattern", "{'layers.1.self_attn.v_proj':3}");
        folder.put("base_model.model." + QUERY.formatted(0), 2).put("base_model.model." + QUERY.formatted(1), 2);
        Adapter adapter = folder.read();
        adapter.write(temp);
        Adapter again = Adapter.read(temp);
        adapter.pairs().forEach((module, pair) -> {
            assertThat(again.pair(module).rank()).isEqualTo(pair.rank());
            assertThat(again.pair(module).scale()).isCloseTo(pair.scale(), within(1e-12));
        });
    }

    @Test
    void whatHasNoEffectIsSaid() throws IOException {
        folder.set("fan_in_fan_out", "true").set("alpha_pattern", "{'v_porj': 32}");
        assertThat(folder.read().notes())
                .satisfiesExactly(
                        note -> assertThat(note).contains("fan_in_fan_out has no effect"),
                        note -> assertThat(note).contains("alpha_pattern/v_porj matches no adapted module"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "target_modules   ;'.*self_attn\\\\.(q|v)_proj'                ;all",
                "target_modules   ;'all-linear'                              ;all",
                "target_modules   ;['self_attn.q_proj','v_proj','o_proj']    ;all",
                "target_modules   ;'model\\\\.layers\\\\.0\\\\..*'                 ;layers.1.self_attn.q_proj",
                "target_modules   ;['q_proj']                                ;layers.0.self_attn.v_proj",
                "target_modules   ;'q_proj'                                  ;layers.0.self_attn.q_proj",
                "target_modules   ;['all-linear']                            ;layers.0.self_attn.q_proj",
                "exclude_modules  ;['layers.1.self_attn.q_proj']             ;layers.1.self_attn.q_proj",
                "exclude_modules  ;'.*\\\\.0\\\\..*'                             ;layers.0.self_attn.q_proj",
                "exclude_modules  ;['k_proj']                                ;all",
                "layers_to_transform;[0,1]                                   ;all",
                "layers_to_transform;[]                                      ;all",
                "layers_to_transform;0                                       ;layers.1.self_attn.q_proj"
            })
    void modulesAreNamedByPeftsRules(String key, String value, String extra) throws IOException {
        folder.set(key.strip(), value.strip());
        if (extra.equals("all")) {
            Adapter adapter = folder.read();
            assertThat(adapter.pairs().keySet()).allMatch(adapter.targets());
        } else {
            Errors.refused(
                    Kind.INPUT,
                    () -> folder.read(),
                    "adapter_model.safetensors/base_model.model.model." + extra,
                    "does not target");
        }
    }

    @Test
    void layersAreFoundByTheirPattern() throws IOException {
        folder.set("layers_to_transform", "[0, 1]").set("layers_pattern", "'layers'");
        assertThat(folder.read().pairs()).hasSize(4);
        folder.set("layers_pattern", "['blocks', 'layers']");
        assertThat(folder.read().pairs()).hasSize(4);
        folder.set("layers_pattern", "['blocks']");
        Errors.refused(Kind.INPUT, () -> folder.read(), "does not target");
        folder.set("layers_to_transform", "null");
        refused("layers_pattern", "nothing where layers_to_transform is absent");
        folder.set("layers_to_transform", "[0]").set("target_modules", "'.*q_proj'");
        refused("layers_to_transform", "nothing where target_modules is a regular expression");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "peft_type;'IA3';IA3",
                "peft_type;null;null",
                "peft_type;'lora';lora",
                "task_type;'SEQ_CLS';SEQ_CLS",
                "task_type;3;a number",
                "bias;'all';all",
                "bias;'lora_only';lora_only",
                "bias;true;a boolean",
                "r;0;0",
                "r;-1;-1",
                "r;4.0;4.0",
                "r;'4';a text",
                "r;true;a boolean",
                "r;null;nothing",
                "r;4294967300;4294967300",
                "lora_alpha;null;nothing",
                "lora_alpha;'8';a text",
                "lora_alpha;1e400;a number",
                "lora_alpha;[8];an array",
                "use_rslora;'true';a text",
                "use_rslora;1;a number, 1",
                "use_rslora;[];an array",
                "fan_in_fan_out;'yes';a text",
                "rank_pattern;[4];an array",
                "rank_pattern;'q_proj';a text",
                "rank_pattern/q_proj;{'q_proj':0};0",
                "rank_pattern/q_proj;{'q_proj':'4'};a text",
                "rank_pattern/q_proj;{'q_proj':null};null",
                "rank_pattern/(;{'(':4};bad pattern",
                "rank_pattern/a\\Q;{'a\\\\Q':4};unknown escape",
                "alpha_pattern/q_proj;{'q_proj':[1]};an array",
                "alpha_pattern/q_proj;{'q_proj':true};a boolean",
                "target_modules;null;null",
                "target_modules;[];an array",
                "target_modules;'';a text",
                "target_modules;3;a number",
                "target_modules;['q_proj',3];an array",
                "target_modules;'(q_proj';bad pattern",
                "exclude_modules;3;a number",
                "exclude_modules;'[';bad pattern",
                "layers_to_transform;'0';a text",
                "layers_to_transform;[0,'1'];an array",
                "layers_to_transform;-1;a number",
                "layers_to_transform;1.5;a number",
                "layers_pattern;7;a number"
            })
    void wrongValuesAreNamed(String key, String value, String found) {
        folder.set(key.replaceAll("/.*", ""), value);
        refused(key, found);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
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
                "velora_config"
            })
    void variantsAreRefusedByName(String key) throws IOException {
        for (String off : List.of("null", "false", "{}", "[]", "''")) {
            folder.set(key, off);
            assertThat(folder.read().pairs()).hasSize(4);
        }
        for (String on : List.of("true", "{'a':1}", "['lm_head']", "1", "'x'")) {
            folder.set(key, on);
            refused(key, "unsupported adapter", "merge it with peft first");
        }
    }

    @Test
    void keysThatAreUnknownAreRefusedWithTheNearest() throws IOException {
        for (String key : List.copyOf(folder.config.propertyNames())) {
            fresh();
            String misspelt = key + "x";
            folder.set(misspelt, "'on'");
            refused(misspelt, "unknown key", "did you mean '" + key + "'");
            folder.set(misspelt, "null");
            assertThat(folder.read().pairs()).hasSize(4);
        }
        fresh();
        folder.set("new_variant", "{'strength': 2}");
        refused("new_variant", "unknown key", "strength");
    }

    /** Absent keys mean what they mean to peft, or are asked for. */
    @Test
    void absentKeysAreThoseOfPeftOrAskedFor() throws IOException {
        for (String key : List.copyOf(folder.config.propertyNames())) {
            fresh();
            folder.config.remove(key);
            if (List.of("peft_type", "r", "lora_alpha", "target_modules").contains(key)) {
                refused(key, "nothing");
            } else {
                assertThat(folder.read().pair(QUERY.formatted(0)).scale())
                        .as(key)
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void patternsThatBacktrackWithoutEndAreStopped() {
        folder.set("target_modules", "'.*.*.*.*.*.*.*.*.*.*X'");
        refused("target_modules", "bad pattern", "1,000,000 steps");
        folder.set("target_modules", "'" + "(".repeat(9_000) + ")".repeat(9_000) + "'");
        refused("target_modules", "bad pattern");
    }
}
