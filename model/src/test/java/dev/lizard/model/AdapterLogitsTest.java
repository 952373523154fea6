package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.node.ObjectNode;

/** Adapters of peft's layout beside a base: the sum W + s B A with the scale that peft gives each module. */
@ExtendWith(LiveTensors.class)
class AdapterLogitsTest {
    private static final String QUERY = "model.layers.%d.self_attn.q_proj";
    private static final String DOWN = "model.layers.%d.mlp.down_proj";

    @TempDir
    private Path folder;

    private final Map<String, Tensor> factors = new LinkedHashMap<>();
    private final RandomStream random = new RandomStream(4);

    /** Draws factors of a module into the file to be. */
    private void draw(String module, int rank, int in, int out) {
        String prefix = "base_model.model." + module;
        factors.put(prefix + ".lora_A.weight", Tensors.of(random.normal(rank * in, 0.3), rank, in));
        factors.put(prefix + ".lora_B.weight", Tensors.of(random.normal(out * rank, 0.3), out, rank));
    }

    private Decoder base() {
        return TinyModels.random(TinyModels.config(Family.LLAMA), DType.FLOAT32);
    }

    private ObjectNode config() {
        ObjectNode config = Json.object();
        config.put("peft_type", "LORA").put("r", 4).put("lora_alpha", 8);
        config.putArray("target_modules").add("q_proj").add("down_proj");
        return config;
    }

    private void write(ObjectNode config) throws IOException {
        try (Decoder decoder = base()) {
            ModelFolder.write(folder, decoder, ModelFolder.Contents.none());
        }
        Safetensors.write(folder.resolve("adapter_model.safetensors"), factors, Map.of());
        Files.writeString(folder.resolve("adapter_config.json"), Json.pretty(config));
    }

    /** Adds s B A to a weight. */
    private void merge(Decoder decoder, String module, double scale) {
        Tensor a = factors.get("base_model.model." + module + ".lora_A.weight");
        Tensor b = factors.get("base_model.model." + module + ".lora_B.weight");
        decoder.weights().get(module + ".weight").add_(b.matmul(a).mul(scale));
    }

    @ParameterizedTest
    @CsvSource({"false,2,1,3,1.5", "true,4,2.82842712474619,6,4.24264068711929"})
    void scalesAreThoseOfEachModule(boolean stabilised, double q0, double q1, double d0, double d1) throws IOException {
        draw(QUERY.formatted(0), 4, 32, 32);
        draw(QUERY.formatted(1), 8, 32, 32);
        draw(DOWN.formatted(0), 4, 48, 32);
        draw(DOWN.formatted(1), 8, 48, 32);
        ObjectNode config = config().put("use_rslora", stabilised);
        config.putObject("rank_pattern").put("layers\\.1\\..*", 8);
        config.putObject("alpha_pattern").put("down_proj", 12);
        write(config);
        Tensor ids = TinyModels.ids(1, 1, 9, 50);
        try (Decoder merged = base();
                OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU)) {
            Tensor plain = merged.hidden(ids, Form.CHUNK);
            merge(merged, QUERY.formatted(0), q0);
            merge(merged, QUERY.formatted(1), q1);
            merge(merged, DOWN.formatted(0), d0);
            merge(merged, DOWN.formatted(1), d1);
            Tensor expected = merged.hidden(ids, Form.CHUNK);
            assertThat(Shared.relative(expected, plain)).isGreaterThan(0.1);
            assertThat(Shared.relative(open.decoder().hidden(ids, Form.CHUNK), expected))
                    .isLessThan(1e-5);

            Path again = folder.resolve("again");
            ModelFolder.write(again, open.decoder(), ModelFolder.Contents.none());
            try (OpenModel copy = Models.open(again, DType.FLOAT32, Device.CPU)) {
                assertThat(Shared.relative(copy.decoder().hidden(ids, Form.CHUNK), expected))
                        .isLessThan(1e-5);
            }
        }
    }

    @Test
    void aModuleThatIsTargetedAndMissingIsNamed() throws IOException {
        draw(QUERY.formatted(0), 4, 32, 32);
        draw(QUERY.formatted(1), 4, 32, 32);
        draw(DOWN.formatted(0), 4, 48, 32);
        write(config());
        noted("the adapter has no factors for " + DOWN.formatted(1) + ", which its target_modules name");
        draw(DOWN.formatted(1), 4, 48, 32);
        ObjectNode head = config();
        head.withArray("target_modules").add("lm_head");
        write(head);
        noted("the adapter has no factors for lm_head, which its target_modules name");
        draw("lm_head", 4, 32, 50);
        write(head);
        refused("lm_head", "a projection of the model", "none of that name");
    }

    @Test
    void adaptersOfSomeLayersAreWrittenByTheirPaths() throws IOException {
        draw(QUERY.formatted(1), 4, 32, 32);
        ObjectNode config = config();
        config.putArray("target_modules").add(QUERY.formatted(1));
        write(config);
        try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU)) {
            assertThat(Lora.adapter(open.decoder(), Optional.empty())
                            .orElseThrow()
                            .targetModules())
                    .containsExactly(QUERY.formatted(1));
        }
    }

    private void noted(String line) {
        try (OpenModel open = Models.open(folder, DType.FLOAT32, Device.CPU)) {
            assertThat(open.notes()).singleElement().asString().startsWith(line);
        }
    }

    private void refused(String module, String... parts) {
        assertThatThrownBy(() -> Models.open(folder, DType.FLOAT32, Device.CPU))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
                    assertThat(e.getMessage()).contains(parts).contains(folder + "/" + module);
                });
    }
}
