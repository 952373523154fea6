package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.LizardException.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The names that factors have, and every tensor that is none. */
class AdapterTensorsTest {
    private static final String FIRST = "base_model.model.model.layers.0.self_attn.q_proj";

    @TempDir
    Path temp = Path.of(".");

    AdapterFolder folder = new AdapterFolder(temp);

    @BeforeEach
    void fresh() {
        folder = new AdapterFolder(temp);
    }

    private void refused(String tensor, String... texts) {
        Errors.refused(Kind.INPUT, () -> folder.read(), "adapter_model.safetensors/" + tensor);
        Errors.refused(Kind.INPUT, () -> folder.read(), texts);
    }

    private void rename(UnaryOperator<String> rename) {
        Map<String, List<Long>> renamed = new LinkedHashMap<>();
        folder.tensors.forEach((name, shape) -> renamed.put(rename.apply(name), shape));
        folder.tensors.clear();
        folder.tensors.putAll(renamed);
    }

    @ParameterizedTest
    @CsvSource({
        "base_model.model.,''",
        "base_model.model.model.,base_model.model.",
        "base_model.model.model.,base_model.model.model.language_model.",
        "base_model.model.model.,base_model.model.language_model.model.",
        ".lora_A.weight,.lora_A.default.weight"
    })
    void factorsAreFoundUnderOtherNames(String from, String to) throws IOException {
        rename(name -> name.replace(from, to).replace(from.replace("_A", "_B"), to.replace("_A", "_B")));
        Adapter adapter = folder.read();
        assertThat(adapter.pairs())
                .containsOnlyKeys(
                        "model.layers.0.self_attn.q_proj",
                        "model.layers.0.self_attn.v_proj",
                        "model.layers.1.self_attn.q_proj",
                        "model.layers.1.self_attn.v_proj");
        assertThat(adapter.pairs().keySet()).allMatch(adapter.targets());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "base_model.model.lm_head.weight",
                "base_model.model.model.embed_tokens.lora_embedding_A",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias",
                "base_model.model.model.layers.0.self_attn.q_proj.base_layer.bias",
                "base_model.model.model.layers.0.self_attn.q_proj.bias",
                "base_model.model.model.layers.0.self_attn.q_proj.lora_C.weight",
                "base_model.model.model.norm.modules_to_save.weight",
                "lora_A.weight"
            })
    void tensorsThatAreNoFactorsAreRefusedByName(String name) {
        folder.tensors.put(name, List.of(4L, 6L));
        refused(name, "unsupported adapter tensor", "lora_A.weight");
    }

    @Test
    void modulesThatTheConfigDoesNotNameAreRefused() {
        folder.put("base_model.model.model.layers.0.self_attn.k_proj", 4);
        refused(
                "base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight",
                "does not target",
                "v_proj, q_proj",
                "did you mean 'q_proj'");
    }

    @Test
    void halfAModuleIsRefused() {
        folder.tensors.remove(FIRST + ".lora_B.weight");
        refused(FIRST + ".lora_B.weight", "missing tensor", "did you mean");
        fresh();
        folder.tensors.remove(FIRST + ".lora_A.weight");
        refused(FIRST + ".lora_A.weight", "missing tensor", "did you mean");
    }

    @Test
    void twoAdaptersInOneAreRefused() {
        folder.tensors.put(FIRST + ".lora_A.other.weight", List.of(4L, 6L));
        refused(FIRST + ".lora_A.", "module twice", FIRST + ".lora_A.weight", FIRST + ".lora_A.other.weight");
    }

    @Test
    void otherRanksAndShapesAreRefused() {
        folder.put(FIRST, 3);
        refused(FIRST + ".lora_A.weight", "[4, in]", "[3, 6]");
        fresh();
        folder.tensors.put(FIRST + ".lora_B.weight", List.of(4L, 6L));
        refused(FIRST + ".lora_B.weight", "[out, 4]", "[4, 6]");
        fresh();
        folder.tensors.put(FIRST + ".lora_A.weight", List.of(4L, 0L));
        refused(FIRST + ".lora_A.weight", "axes of a projection", "[4, 0]");
        fresh();
        folder.tensors.put(FIRST + ".lora_A.weight", List.of(24L));
        refused(FIRST + ".lora_A.weight", "[4, in]", "[24]");
    }

    @Test
    void anEmptyFileIsRefused() {
        folder.tensors.clear();
        Errors.refused(Kind.INPUT, () -> folder.read(), "adapter_model.safetensors", "LoRA factors", "no tensors");
    }
}
