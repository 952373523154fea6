package dev.lizard.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.checkpoint.SafetensorsFile;
import dev.lizard.checkpoint.StoredTensor;
import dev.lizard.checkpoint.StoredType;
import dev.lizard.checkpoint.TensorInfo;
import dev.lizard.mixer.Form;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One model stored in the ways that people have it: the same logits, or one clear line. */
@ExtendWith(LiveTensors.class)
class StoredNamesTest {
    private static final String QUERY = "model.layers.1.self_attn.q_proj.";

    @TempDir
    private Path temporary;

    /** Writes a random model with a head of its own, and again with other names and more tensors. */
    private Path stored(UnaryOperator<String> rename, List<StoredTensor> more) throws IOException {
        Path plain = temporary.resolve("plain");
        try (Decoder decoder =
                TinyModels.random(TinyModels.config(Family.QWEN2).put("tie_word_embeddings", false), DType.FLOAT32)) {
            ModelFolder.write(plain, decoder, ModelFolder.Contents.none());
        }
        Path other = Files.createDirectory(temporary.resolve("other"));
        Files.copy(plain.resolve("config.json"), other.resolve("config.json"));
        try (SafetensorsFile file = SafetensorsFile.open(plain.resolve("model.safetensors"))) {
            List<StoredTensor> tensors = new ArrayList<>(more);
            for (String name : file.names()) {
                tensors.add(new StoredTensor(file.info(name).renamed(rename.apply(name)), () -> file.raw(name)));
            }
            Safetensors.write(other.resolve("model.safetensors"), tensors, Map.of());
        }
        return other;
    }

    private static StoredTensor zeros(String name, StoredType type, Long... shape) {
        TensorInfo info = new TensorInfo(name, type, List.of(shape));
        return new StoredTensor(info, () -> MemorySegment.ofArray(new byte[(int) info.byteSize()]));
    }

    private List<String> readsAsPlain(Path other) {
        Tensor ids = TinyModels.ids(1, 1, 9, 50);
        try (OpenModel expected = Models.open(temporary.resolve("plain"), DType.FLOAT32, Device.CPU);
                OpenModel open = Models.open(other, DType.FLOAT32, Device.CPU)) {
            Tensor logits = open.decoder().logits(open.decoder().hidden(ids, Form.CHUNK));
            Tensor wanted = expected.decoder().logits(expected.decoder().hidden(ids, Form.CHUNK));
            assertThat(Shared.difference(logits, wanted)).isZero();
            return open.notes();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',''",
        "language_model.model.,language_model.",
        "model.language_model.,''",
        "module.model.,module.",
        "_orig_mod.model.,_orig_mod.",
        "base_model.model.model.,base_model.model."
    })
    void anyPrefixGivesTheSameLogits(String prefix, String head) throws IOException {
        Path other = stored(
                name -> name.startsWith("model.") ? prefix + name.substring("model.".length()) : head + name,
                List.of(zeros("vision_tower.patch", StoredType.F8_E4M3, 4L)));
        assertThat(readsAsPlain(other)).last().asString().contains("1 stored tensors", "vision_tower.patch");
    }

    @Test
    void tablesThatFollowFromTheConfigArePassedOverInSilence() throws IOException {
        Path other = stored(
                UnaryOperator.identity(),
                List.of(
                        zeros("model.layers.0.self_attn.rotary_emb.inv_freq", StoredType.F32, 4L),
                        zeros("model.rotary_emb.inv_freq", StoredType.F32, 4L)));
        assertThat(readsAsPlain(other)).isEmpty();
    }

    @Test
    void layersThatTheConfigDoesNotCountAreLeftOutAndNamed() throws IOException {
        Path other = stored(
                UnaryOperator.identity(), List.of(zeros("model.layers.2.mlp.up_proj.weight", StoredType.F32, 4L)));
        assertThat(readsAsPlain(other)).singleElement().asString().contains("model.layers.2.mlp.up_proj.weight");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "weight_scale_inv",
                "weight_scale",
                "input_scale",
                "qweight",
                "qzeros",
                "g_idx",
                "SCB",
                "weight.absmax",
                "weight_packed",
                "lora_A.weight",
                "lora_A.default.weight",
                "base_layer.weight",
                "lora_magnitude_vector"
            })
    void whatChangesAWeightIsRefusedByName(String beside) throws IOException {
        Path other = stored(UnaryOperator.identity(), List.of(zeros(QUERY + beside, StoredType.F32, 4L)));
        refused(
                other,
                "unexpected tensor",
                "model.safetensors/" + QUERY + beside,
                "F32 [4]",
                "save them plain and merged");
    }

    @ParameterizedTest
    @ValueSource(strings = {"F8_E4M3", "I8", "U8"})
    void numbersThatAreNoWeightsAreRefusedByName(StoredType type) throws IOException {
        Path other = stored(
                name -> name.equals(QUERY + "weight") ? "unused" : name,
                List.of(zeros(QUERY + "weight", type, 32L, 32L)));
        refused(other, "unsupported dtype", "model.safetensors/" + QUERY + "weight", "BF16", type.name());
    }

    @Test
    void messagesSpeakOfTheNamesInTheFile() throws IOException {
        Path other = stored(
                name -> name.equals("model.norm.weight") ? "unused" : name.replaceFirst("^model\\.", ""),
                List.of(zeros("norm.weight", StoredType.F32, 31L)));
        refused(other, "wrong shape", "model.safetensors/norm.weight", "[32]", "[31]");
    }

    private static void refused(Path folder, String... parts) {
        assertThatThrownBy(() -> Models.open(folder, DType.FLOAT32, Device.CPU))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT);
                    assertThat(e.getMessage()).contains(parts).doesNotContain("\n");
                });
    }
}
