package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.checkpoint.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a training command refuses before it has done anything, and what its plan says. */
class TrainingRefusalsTest {
    private static final int USAGE = 2;
    private static final int ENVIRONMENT = 4;

    @TempDir
    Path temp;

    private final Terminal terminal = new Terminal();
    private Path out;

    @BeforeEach
    void files() throws IOException {
        TinyModel.teacher(temp.resolve("tiny"));
        Files.writeString(temp.resolve("a.txt"), "Once upon a time there was a lizard. ".repeat(200));
        out = temp.resolve("out");
    }

    private int linearize(String... more) {
        List<String> arguments = new ArrayList<>(List.of(
                "linearize",
                "--model=" + temp.resolve("tiny"),
                "--data=" + temp.resolve("a.txt"),
                "--out=" + out,
                "--cache=" + temp.resolve("cache"),
                "--seq-len=32",
                "--set=mixer.window=8",
                "--stage1-tokens=64",
                "--stage2-tokens=64"));
        arguments.addAll(List.of(more));
        return terminal.run(arguments.toArray(String[]::new));
    }

    private int pretrain(String... more) throws IOException {
        Path config = Files.writeString(temp.resolve("pre.yaml"), """
            model: {hidden_size: 32, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 32}
            sequence_length: 64
            batch: 2
            steps: 2
            synthetic: {stories: 1}
            """);
        List<String> arguments =
                new ArrayList<>(List.of("pretrain", "--config=" + config, "--out=" + out, "--cache=" + temp));
        arguments.addAll(List.of(more));
        return terminal.run(arguments.toArray(String[]::new));
    }

    private void says(String... parts) {
        assertThat(terminal.err()).contains(parts);
        assertThat(out).doesNotExist();
    }

    @Test
    void aStepThatNeedsMoreThanTheDataOrTheMachineHas() throws IOException {
        assertThat(linearize("--set=batch=100000")).isEqualTo(USAGE);
        says("one step needs 100,000 sequences of 32 tokens but the data have 2");
        assertThat(pretrain("--set=batch=1000000", "--set=sequence_length=4096"))
                .isEqualTo(ENVIRONMENT);
        says("not enough memory for stage pretrain: it needs about ", " TiB but ", "lower batch");
        assertThat(pretrain("--set=accumulate=1000000", "--set=sequence_length=65536"))
                .isEqualTo(ENVIRONMENT);
        says("not enough memory for stage pretrain");
    }

    @Test
    void aDryRunSaysTheSameInWords() {
        assertThat(linearize("--set=batch=100000", "--dry-run")).isZero();
        assertThat(terminal.out())
                .contains(
                        "warning: one step needs 100,000 sequences of 32 tokens",
                        "passes over the data",
                        " there; time: ")
                .containsPattern("memory: .* GiB needed, .* there");
        assertThat(linearize("--set=batch=2", "--dry-run", "--json")).isZero();
        assertThat(terminal.outLines())
                .last()
                .asString()
                .contains(
                        "\"memory_bytes\":",
                        "\"available_bytes\":",
                        "\"warnings\":[",
                        "\"weight_bytes\":",
                        "\"epochs\":");
    }

    @Test
    void aFolderThatAnotherRunWorksInIsLeftToIt() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("recipe.yaml"), "");
        long own = ProcessHandle.current().pid();
        try (FolderLock lock = FolderLock.take(out)) {
            for (String resume : List.of("--resume", "--quiet")) {
                assertThat(linearize(resume)).isEqualTo(ENVIRONMENT);
                assertThat(terminal.err()).contains(out + " is in use by process " + own + " (lock file ");
                assertThat(pretrain(resume)).isEqualTo(ENVIRONMENT);
                assertThat(terminal.err()).contains(out + " is in use by process " + own);
            }
            assertThat(terminal.run("merge", "--model=" + temp.resolve("tiny"), "--out=" + out))
                    .isEqualTo(ENVIRONMENT);
            assertThat(terminal.err()).contains(out + " is in use by process " + own);
        }
    }

    /** A share that is set aside of nothing, and keys of a model's config that nobody knows. */
    @Test
    void keysThatHaveNoEffect() throws IOException {
        String apart = "--eval-data=" + temp.resolve("a.txt");
        assertThat(linearize(apart, "--set=held_out.share=0.1")).isEqualTo(USAGE);
        says("--set held_out.share has no effect: quality is measured on text of its own (--eval-data); take one of");
        assertThat(linearize("--set=held_out.share=0", "--set=stages.1.measure_every=1"))
                .isEqualTo(USAGE);
        says("--set stages.1.measure_every has no effect: nothing is held out (share 0)");
        assertThat(pretrain("--set=model.hiden_size=64")).isEqualTo(USAGE);
        says("unknown key 'hiden_size' in --set model.hiden_size: expected", "found 64; did you mean 'hidden_size'?");
        assertThat(pretrain("--set=held_out=0.2")).isEqualTo(USAGE);
        says("held_out in ", "has no effect without --data");
        assertThat(pretrain("--set=synthetic.digits=9", "--set=synthetic.passkey=0"))
                .isEqualTo(USAGE);
        says("it has no effect, for the weight of passkey is 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"int64", "int32", "bool", "float64", "half"})
    void weightsAreWrittenAsNumbersOnly(String dtype) throws IOException {
        assertThat(pretrain("--save-dtype=" + dtype)).isEqualTo(USAGE);
        says("bad value in --save-dtype: expected one of float32, bfloat16 but found '" + dtype + "'");
    }

    @Test
    void clipOfZeroIsNoLimit() throws IOException {
        assertThat(pretrain("--set=clip=0", "--save-dtype=float32")).isZero();
        byte[] unlimited = Files.readAllBytes(out.resolve("model.safetensors"));
        out = temp.resolve("high");
        assertThat(pretrain("--set=clip=1e30", "--save-dtype=float32")).isZero();
        assertThat(out.resolve("model.safetensors")).hasBinaryContent(unlimited);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        --device=cuda:1  | bad value in --device: expected cpu
        --dtype=bfloat16 | --dtype: expected float32, which demo computes in, but found bfloat16; leave it out
        """)
    void optionsWithoutEffectOnTheDemo(String option, String message) {
        assertThat(terminal.run("demo", "--out=" + out, option)).isEqualTo(USAGE);
        says(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        --set=mixer=lolcats                 | wrong type in --set mixer: expected keys and values but found "lolcats"; write mixer.mixer=lolcats
        --set=stages.0.labels=response      | unknown key 'labels' in --set stages.0.labels
        --set=sequence_length=64            | contradiction in --seq-len: expected one value but found 32 and, from --set sequence_length, 64
        --set=stages.0.trains=[gates]       | unknown group of parameters
        --set=stages.1.lora.rank=1000000    | rank out of range in lora.rank: expected at most
        --set=mixer.features=2000000000     | expected at most 4096
        --set=stages.1.group_rates={lora: 0, maps: 0, gate: 0, mix: 0} | a stage that trains nothing
        """)
    void valuesWithoutEffectOrSense(String option, String message) {
        assertThat(linearize(option)).isEqualTo(USAGE);
        says(message);
    }
}
