package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Small checkpoints of four families, saved by the reference implementation. */
class CheckpointGoldenTest {
    @ParameterizedTest
    @CsvSource({
        "llama3-rope-sharded, llama, 20, 64",
        "mistral-window, mistral, 21, 64",
        "qwen2-bias, qwen2, 26, 64",
        "qwen3-qknorm, qwen3, 25, 128"
    })
    void opensTinyFamilies(String folder, String family, int tensors, long queryRows) {
        Path path = Shared.golden().resolve("tiny").resolve(folder);
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            assertThat(checkpoint.config().path("model_type").stringValue()).isEqualTo(family);
            assertThat(checkpoint.generationConfig()).isPresent();
            assertThat(checkpoint.extra()).isEmpty();
            assertThat(checkpoint.adapter()).isEmpty();
            assertThat(checkpoint.weights().names()).hasSize(tensors);
            String query = "model.layers.1.self_attn.q_proj.weight";
            assertThat(checkpoint.weights().info(query).shape()).isEqualTo(List.of(queryRows, 64L));
            for (String name : checkpoint.weights().names()) {
                for (float value : checkpoint.weights().readFloat32(name)) {
                    assertThat(Float.isFinite(value)).isTrue();
                }
            }
            assertThat(checkpoint.sha256()).hasSize(64).isEqualTo(checkpoint.sha256());
        }
    }

    @Test
    void readsPeftAdapter() {
        Path base = Shared.golden().resolve("tiny");
        Adapter adapter = Adapter.read(base.resolve("qwen2-bias-lora"));
        assertThat(adapter.rank()).isEqualTo(8);
        assertThat(adapter.alpha()).isEqualTo(16);
        assertThat(adapter.targetModules()).containsExactly("k_proj", "q_proj", "v_proj");
        assertThat(adapter.pairs()).hasSize(6);
        try (SafetensorsFile reference = SafetensorsFile.open(base.resolve("qwen2-bias-lora/reference.safetensors"));
                Checkpoint checkpoint = Checkpoint.open(base.resolve("qwen2-bias"))) {
            String module = "model.layers.0.self_attn.q_proj";
            LoraPair pair = adapter.pair(module);
            float[] expected = reference.readFloat32("merged_q_proj_layer_0");
            float[] weight = checkpoint.weights().readFloat32(module + ".weight");
            float[] a = pair.aValues();
            float[] b = pair.bValues();
            for (int row = 0; row < pair.out(); row++) {
                for (int column = 0; column < pair.in(); column++) {
                    double sum = weight[row * pair.in() + column];
                    for (int k = 0; k < pair.rank(); k++) {
                        sum += pair.scale() * b[row * pair.rank() + k] * a[k * pair.in() + column];
                    }
                    assertThat((float) sum).isCloseTo(expected[row * pair.in() + column], Offset.offset(1e-6f));
                }
            }
        }
    }
}
