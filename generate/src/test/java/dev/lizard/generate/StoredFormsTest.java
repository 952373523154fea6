package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Progress;
import dev.lizard.checkpoint.SafetensorsFile;
import dev.lizard.checkpoint.Weights;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.ModelFolder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensors;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders and session files of version 0.1 load and give its logits; see {@code stored-0.1/README.md}. */
@ExtendWith(LiveTensors.class)
class StoredFormsTest {
    private static final int VOCABULARY = 32;
    private static final Path STORED = stored();
    private static final float[] LOGITS = expected("logits"); // [40, V]
    private static final int[] IDS = ids(expected("ids"));

    @TempDir
    private Path temporary;

    private static Path stored() {
        URI readme = URI.create(String.valueOf(StoredFormsTest.class.getResource("/stored-0.1/README.md")));
        return Path.of(readme).getParent();
    }

    private static float[] expected(String name) {
        try (Scope work = Scope.open();
                SafetensorsFile file = SafetensorsFile.open(STORED.resolve("expected.safetensors"))) {
            return Weights.load(file, name, DType.FLOAT32, Device.CPU).floats();
        }
    }

    private static int[] ids(float[] stored) {
        int[] ids = new int[stored.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) stored[i];
        }
        return ids;
    }

    private static OpenModel model() {
        return Models.open(STORED.resolve("model"), DType.FLOAT32, Device.CPU);
    }

    /** To 1e-5 of the largest score. */
    private static void assertRecorded(float[] found, int from) {
        assertThat(found.length).isGreaterThanOrEqualTo(VOCABULARY);
        for (int i = 0; i < found.length; i++) {
            float expected = LOGITS[from * VOCABULARY + i];
            assertThat((double) Math.abs(found[i] - expected)).isLessThan(1e-5 * largest());
        }
    }

    private static double largest() {
        double largest = 0;
        for (float logit : LOGITS) {
            largest = Math.max(largest, Math.abs(logit));
        }
        return largest;
    }

    @ParameterizedTest
    @EnumSource(Form.class)
    void aFolderGivesTheLogitsThatWereRecorded(Form form) {
        try (OpenModel model = model();
                Scope work = Scope.open()) {
            assertThat(model.decoder().mixerSpecs().stream().map(MixerSpec::mixer))
                    .containsExactly("softmax", "window", "lizard", "lizard-sum", "lizard-literal", "lolcats");
            assertRecorded(
                    model.decoder()
                            .logits(model.decoder().hidden(Tensors.of(IDS, 1, IDS.length), form))
                            .floats(),
                    0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 21})
    void aSessionGoesOnToTheLogitsThatWereRecorded(int read) {
        try (OpenModel model = model()) {
            for (int chunk : new int[] {1, 40}) {
                Session.Loaded loaded =
                        Session.load(model.decoder(), STORED.resolve("session-%d.safetensors".formatted(read)));
                try (Session session = loaded.session()) {
                    assertThat(loaded.notes()).isEqualTo(Map.of("sampler", "7"));
                    assertThat(session.tokens()).isEqualTo(read);
                    assertThat(session.hasReadBeginningOf(IDS)).isTrue();
                    assertRecorded(session.logits(), read - 1);
                    session.prefill(Arrays.copyOfRange(IDS, read, 30), chunk, Progress.NONE, () -> false);
                    assertRecorded(session.logits(), 29);
                    for (int t = 30; t < IDS.length; t++) {
                        assertRecorded(session.step(IDS[t]), t);
                    }
                }
            }
        }
    }

    @Test
    void weightsAreWrittenAgainAsTheyWereStored() {
        try (OpenModel model = model()) {
            ModelFolder.write(temporary.resolve("again"), model.decoder(), ModelFolder.Contents.none());
        }
        for (String name : List.of("model", "lizard", "adapter_model")) {
            assertThat(temporary.resolve("again/%s.safetensors".formatted(name)))
                    .hasSameBinaryContentAs(STORED.resolve("model/%s.safetensors".formatted(name)));
        }
    }
}
