package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.mixer.Form;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LiveTensors.class)
class PretrainerTest {
    private static final String CONFIG = """
            model:
              hidden_size: 32
              num_hidden_layers: 2
              num_attention_heads: 4
              num_key_value_heads: 2
              intermediate_size: 64
              tie_word_embeddings: true
            sequence_length: 64
            batch: 4
            steps: 30
            learning_rate: 1e-2
            checkpoint_every: 10
            """;
    private static final String SYNTHETIC = "synthetic: {stories: 1, passkey: 0, key_values: 0}\n";

    @TempDir
    Path temp;

    private final List<StepRecord> steps = new ArrayList<>();
    private final List<Measurement> measured = new ArrayList<>();

    private final TrainListener listener = new TrainListener() {
        @Override
        public void step(StepRecord step) {
            steps.add(step);
        }

        @Override
        public void measured(Measurement measurement) {
            measured.add(measurement);
        }
    };

    private Path run(String yaml, List<Path> data, String out, boolean resume, BooleanSupplier stop) {
        ConfigTree tree = ConfigTree.parse(yaml, new Origin(Origin.Layer.CONFIG_FILE, "tiny.yaml"));
        Pretrainer.Options options = new Pretrainer.Options(
                data, temp.resolve(out), temp.resolve("cache"), Device.CPU, DType.FLOAT32, DType.FLOAT32, resume);
        return new Pretrainer(tree, "tiny.yaml", options, listener).run(stop);
    }

    private static float[] logits(Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder);
                Decoder decoder = Decoder.load(checkpoint, DType.FLOAT32, Device.CPU)) {
            return decoder.logits(decoder.hidden(Tensors.of(new long[] {72, 105, 33}, 1, 3), Form.CHUNK))
                    .floats();
        }
    }

    @Test
    void trainsOnRulesAloneAndWritesAFolderThatOpens() {
        Path folder = run(CONFIG + SYNTHETIC, List.of(), "out", false, () -> false);
        assertThat(steps).hasSize(30);
        assertThat(steps.getLast().loss()).isLessThan(0.75 * steps.getFirst().loss());
        assertThat(measured).singleElement().satisfies(m -> assertThat(m.nll()).isBetween(1.0, 5.5));
        assertThat(logits(folder)).hasSize(3 * 257);
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.encode("Hi!", false)).containsExactly(72, 105, 33);
            assertThat(tokenizer.eosIds()).containsExactly(256);
        }
    }

    @Test
    void interruptedAndResumedWritesTheSameFolder() throws IOException {
        Path unbroken = run(CONFIG + SYNTHETIC, List.of(), "unbroken", false, () -> false);
        int[] asked = {0};
        assertThatThrownBy(() -> run(CONFIG + SYNTHETIC, List.of(), "broken", false, () -> ++asked[0] == 17))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INTERRUPTED));
        Path resumed = run(CONFIG + SYNTHETIC, List.of(), "broken", true, () -> false);
        for (String file : List.of("model.safetensors", "config.json", "tokenizer.json", "pretrain.yaml")) {
            assertThat(resumed.resolve(file)).hasSameBinaryContentAs(unbroken.resolve(file));
        }
    }

    @Test
    void mixesACorpusWithRules() throws IOException {
        Path data = Files.createDirectories(temp.resolve("data"));
        for (int i = 0; i < 8; i++) {
            Files.writeString(
                    data.resolve(i + ".txt"),
                    "The quick brown fox %d jumps over the dog. ".formatted(i).repeat(40));
        }
        String yaml = CONFIG + "held_out: 0.2\n" + "corpus_weight: 0.9\nmeasure_every: 20\n" + SYNTHETIC;
        run(yaml, List.of(data), "out", false, () -> false);
        assertThat(steps.getLast().loss()).isLessThan(0.75 * steps.getFirst().loss());
        assertThat(measured).hasSize(2);
        assertThat(measured.getLast().nll()).isLessThan(measured.getFirst().nll());
    }

    @Test
    void refusesUsedFoldersAndOtherConfigurations() throws IOException {
        Path out = Files.createDirectories(temp.resolve("out"));
        Files.writeString(out.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> run(CONFIG + SYNTHETIC, List.of(), "out", false, () -> false))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining("output folder exists")
                .hasMessageContaining("notes.txt")
                .hasMessageContaining("--resume");
        assertThatThrownBy(() -> run(CONFIG + SYNTHETIC, List.of(), "other", false, () -> true))
                .isInstanceOf(LizardException.class);
        assertThatThrownBy(() -> run(CONFIG + "seed: 5\n" + SYNTHETIC, List.of(), "other", true, () -> false))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining("pretrain.yaml/seed: expected 5 but found 0");
    }

    @Test
    void namesWhatIsWrongInAConfiguration() {
        assertThatThrownBy(() -> run(CONFIG, List.of(), "out", false, () -> false))
                .hasMessageContaining("nothing to train on");
        assertThatThrownBy(() -> run(CONFIG + "warmup: 3\n" + SYNTHETIC, List.of(), "out", false, () -> false))
                .hasMessageContaining("tiny.yaml/warmup");
        assertThatThrownBy(() -> run(
                        CONFIG.replace("hidden_size: 32", "hidden_size: 33") + SYNTHETIC,
                        List.of(),
                        "out",
                        false,
                        () -> false))
                .hasMessageContaining("tiny.yaml/model");
    }
}
