package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.eval.result.ResultSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import tools.jackson.databind.JsonNode;

/** score, bench and merge on small models. */
class MeasureCommandsTest {
    @TempDir
    static Path temp;

    private static String teacher;
    private static String converted;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void models() throws IOException {
        teacher = TinyModel.teacher(temp.resolve("teacher")).toString();
        converted = TinyModel.converted(temp.resolve("converted")).toString();
    }

    private int run(String... args) {
        String[] common = {"--device=cpu", "--dtype=float32", "--threads=1", "--cache=" + temp.resolve("cache")};
        return terminal.run(Stream.concat(Stream.of(args), Stream.of(common)).toArray(String[]::new));
    }

    private List<JsonNode> json(String... args) {
        assertThat(run(Stream.concat(Stream.of(args), Stream.of("--json")).toArray(String[]::new)))
                .as(terminal.err())
                .isZero();
        return terminal.outLines().stream()
                .map(line -> Json.parse(line, "standard output", LizardException.Kind.INPUT))
                .toList();
    }

    @Test
    void scoreOfATextHasOneNumberAToken() throws IOException {
        Path text = Files.writeString(temp.resolve("text.txt"), "Hé, world");
        Path out = temp.resolve("scores.jsonl");
        List<JsonNode> lines =
                json("score", "--model", converted, "--text-file", text.toString(), "--out", out.toString());
        assertThat(lines).hasSize(1);
        JsonNode score = lines.getFirst();
        assertThat(score.propertyNames()).contains("tokens", "nll", "mean_nll", "perplexity", "bits_per_byte");
        assertThat(score.at("/tokens").asInt()).isEqualTo(10);
        assertThat(score.at("/nll").size()).isEqualTo(9);
        double mean = score.at("/mean_nll").asDouble();
        assertThat(score.at("/perplexity").asDouble()).isCloseTo(Math.exp(mean), within(1e-6));
        assertThat(score.at("/bits_per_byte").asDouble()).isCloseTo(mean / Math.log(2), within(1e-6)); // bytes
        assertThat(Files.readString(out)).isEqualTo(terminal.out());
        assertThat(run("score", "--model", converted, "--text-file", text.toString()))
                .isZero();
        assertThat(terminal.out()).startsWith("10 tokens  mean NLL ").contains("bits/byte");
        JsonNode more = json("score", "--model", converted, "--text-file", text.toString(), "--likeliest")
                .getFirst();
        assertThat(more.at("/nll")).isEqualTo(score.at("/nll"));
        assertThat(more.at("/likeliest").size()).isEqualTo(9);
        assertThat(score.has("likeliest")).isFalse();
    }

    @Test
    void scoreOfIdsIsALineEach() throws IOException {
        Path ids = Files.writeString(temp.resolve("ids.jsonl"), "{\"ids\":[72,195,169]}\n\n{\"ids\":[1,2]}\n");
        List<JsonNode> lines = json("score", "--model", teacher, "--ids-file", ids.toString(), "--context", "1");
        assertThat(lines).extracting(line -> line.at("/nll").size()).containsExactly(2, 1);
        Files.writeString(ids, "{\"ids\":[1,2]}\n{\"ids\":[1,\"a\"]}\n");
        assertThat(run("score", "--model", teacher, "--ids-file", ids.toString()))
                .isEqualTo(3);
        assertThat(terminal.err()).contains("lizard: bad ids in " + ids + " line 2: expected");
        Files.writeString(ids, "{\"ids\":[1,260]}\n");
        assertThat(run("score", "--model", teacher, "--ids-file", ids.toString()))
                .isEqualTo(3);
        assertThat(terminal.err()).contains("token id out of range");
    }

    @Test
    void benchContextAddsModelsToAFolderAndSaysWhereTheyCross() throws IOException {
        Path out = temp.resolve("curves");
        Path history = temp.resolve("curves.jsonl");
        String[] line = {
            "bench", "context", "--contexts", "512,256", "--runs", "2", "--new-tokens", "2", "--out", out.toString()
        };
        List<JsonNode> rows = json(with(line, "--model", teacher, "--name", "t", "--history", history.toString()));
        assertThat(rows)
                .extracting(row -> row.at("/context").asLong())
                .startsWith(256L, 512L, 1024L)
                .endsWith(1L << 20);
        assertThat(rows.get(1).at("/state_bytes").asLong())
                .isEqualTo(2 * rows.getFirst().at("/state_bytes").asLong());
        assertThat(rows.get(1).at("/decode_spread/repeats").asInt()).isEqualTo(2);
        assertThat(rows.get(2).at("/missing").asString()).isEqualTo("only the size was computed");
        assertThat(Files.readAllLines(history)).hasSize(rows.size());
        assertThat(run(with(line, "--model", converted, "--name", "s")))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.out())
                .contains("s reads faster than t", "s writes faster than t", "s keeps less than t from");
        run(with(line, "--model", converted, "--name", "s")); // measured anew, not twice there
        ResultSet results = ResultSet.read(out);
        assertThat(results.efficiency()).hasSize(2 * rows.size());
        assertThat(results.provenance()).containsKeys("command cost t, cpu", "command cost s, cpu");
        assertThat(results.provenance().get("model t"))
                .isEqualTo("sha256 "
                        + json("inspect", teacher).getFirst().at("/sha256").asString());
        assertThat(run("bench", "context", "--model", teacher, "--seconds", "0"))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("--seconds out of range: expected 1 or more but found 0");
        assertThat(run("bench", "context")).isEqualTo(2);
        assertThat(terminal.err()).contains("expected one of --model and --random-weights but found neither");
    }

    private static String[] with(String[] line, String... more) {
        return Stream.concat(Stream.of(line), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void benchGenerateEndsWithItsLine() throws IOException {
        Path history = temp.resolve("history.jsonl");
        String[] line = {
            "bench",
            "generate",
            "--model",
            converted,
            "--prompt-tokens",
            "20",
            "--new-tokens",
            "3",
            "--runs",
            "2",
            "--contexts",
            "30,600",
            "--history",
            history.toString()
        };
        JsonNode result = json(line).getLast();
        assertThat(result.propertyNames())
                .containsExactly(
                        "case",
                        "prefill_tokens_per_s",
                        "decode_tokens_per_s",
                        "ms_per_token",
                        "state_bytes",
                        "runs",
                        "contexts");
        assertThat(result.at("/case").asString()).isEqualTo("generate");
        assertThat(result.at("/runs").size()).isEqualTo(2);
        double speed = result.at("/decode_tokens_per_s").asDouble();
        assertThat(result.at("/ms_per_token").asDouble()).isCloseTo(1000 / speed, within(1e-6));
        assertThat(result.at("/contexts/1/tokens").asInt()).isEqualTo(600);
        json(line);
        assertThat(Files.readAllLines(history)).hasSize(2);
        assertThat(run(line)).isZero();
        assertThat(terminal.out()).startsWith("reading ").contains("after       600 tokens:");
    }

    @Test
    void benchGenerateMeasuresRandomWeightsWithAMixer() throws IOException {
        String config = teacher + "/config.json";
        JsonNode result = json(
                        "bench",
                        "generate",
                        "--random-weights",
                        config,
                        "--mixer=window",
                        "--top-p=0.9",
                        "--prompt-tokens=20",
                        "--new-tokens=3",
                        "--runs=1")
                .getLast();
        assertThat(result.at("/case").asString()).isEqualTo("generate");
        assertThat(result.at("/state_bytes").asLong()).isPositive();
        String[] with = {
            "bench", "generate", "--random-weights", config, "--prompt-tokens=20", "--new-tokens=3", "--runs=1"
        };
        JsonNode slots = json(more(with, "--mixer=lizard,far=none,window=4,first=2,slots=6"))
                .getLast();
        JsonNode window =
                json(more(with, "--mixer=lizard,far=none,window=4,first=2")).getLast();
        assertThat(slots.at("/state_bytes").asLong())
                .isGreaterThan(window.at("/state_bytes").asLong());
        assertThat(run(more(with, "--mixer=lizard,slots"))).isEqualTo(2);
        assertThat(terminal.err()).contains("--mixer").contains("slots");
        assertThat(run(more(with, "--mixer=lizard,slotz=4"))).isEqualTo(2);
        assertThat(terminal.err()).contains("--mixer").contains("slotz");
        assertThat(run("bench", "generate", "--model", teacher, "--mixer=window"))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("--mixer has no effect").contains("--random-weights");
        assertThat(run("bench", "generate")).isEqualTo(2);
        assertThat(terminal.err()).contains("expected one of --model and --random-weights but found neither");
    }

    private static String[] more(String[] line, String last) {
        String[] longer = Arrays.copyOf(line, line.length + 1);
        longer[line.length] = last;
        return longer;
    }

    @Test
    void benchTrainMeasuresEachStage() throws IOException {
        Path history = temp.resolve("training.jsonl");
        String[] line = {
            "bench",
            "train",
            "--random-weights",
            teacher + "/config.json",
            "--batch=2",
            "--seq-len=24",
            "--steps=2",
            "--warmup=1",
            "--peak-tflops=1",
            "--history=" + history
        };
        JsonNode result = json(line).getLast();
        assertThat(result.propertyNames())
                .containsExactly("case", "device", "dtype", "batch", "sequence_length", "stages");
        assertThat(result.at("/stages")).hasSize(2);
        for (JsonNode stage : result.at("/stages")) {
            double speed = stage.at("/tokens_per_s").asDouble();
            assertThat(speed)
                    .isBetween(
                            stage.at("/slowest").asDouble(),
                            stage.at("/fastest").asDouble());
            assertThat(stage.at("/ms_per_step").asDouble()).isCloseTo(1000 * 48 / speed, within(1e-6));
            assertThat(stage.at("/of_peak").asDouble()).isPositive();
        }
        assertThat(run("bench", "train", "--model", teacher, "--batch=1", "--seq-len=8", "--steps=1", "--quiet"))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.out()).startsWith("transfer ").contains("\nfinetune ");
        assertThat(Files.readAllLines(history)).hasSize(1);
    }

    @Test
    void mergeKeepsTheLogitsAndTakesTheAdapterAway() {
        Path out = temp.resolve("merged");
        JsonNode done =
                json("merge", "--model", converted, "--out", out.toString()).getLast();
        assertThat(done.at("/done").asBoolean()).isTrue();
        assertThat(done.at("/logit_difference").asDouble()).isBetween(0.0, 1e-4);
        assertThat(out)
                .isDirectoryContaining("glob:**/lizard.safetensors")
                .isDirectoryContaining("glob:**/tokenizer.json")
                .isDirectoryNotContaining("glob:**/adapter*");
        String[] generate = {"generate", "--prompt", "abc", "--max-tokens", "8", "--model"};
        JsonNode before = json(with(generate, converted)).getFirst();
        JsonNode after = json(with(generate, out.toString())).getFirst();
        assertThat(after.at("/ids")).isEqualTo(before.at("/ids"));
        assertThat(run(
                        "merge",
                        "--model",
                        out.toString(),
                        "--out",
                        temp.resolve("again").toString()))
                .isEqualTo(3);
        assertThat(terminal.err()).startsWith("lizard: nothing to merge in " + out);
    }

    private static String[] with(String[] args, String last) {
        return Stream.concat(Stream.of(args), Stream.of(last)).toArray(String[]::new);
    }

    @Test
    void mergeRefusesWhatMovesTheLogits() {
        Path out = temp.resolve("refused");
        assertThat(run(
                        "merge",
                        "--model",
                        converted,
                        "--out",
                        out.toString(),
                        "--save-dtype=bfloat16",
                        "--tolerance=1e-6"))
                .isEqualTo(1);
        assertThat(terminal.err()).startsWith("lizard: merging changed the logits: expected a difference of at most");
        assertThat(temp).isDirectoryNotContaining("glob:**/refused*");
        assertThat(run("merge", "--model", converted, "--out", out.toString(), "--save-dtype=bfloat16"))
                .as(terminal.err())
                .isZero();
        assertThat(run("merge", "--model", converted, "--out", out.toString())).isEqualTo(2);
        assertThat(terminal.err()).isEqualTo("lizard: --out " + out + " is there already; name a folder that is not\n");
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/measure-faults.csv", delimiter = '|', quoteCharacter = '`')
    void faultsAreOneLine(String line, int code, String message) {
        assertThat(run(line.replace("MODEL", teacher).split(" "))).isEqualTo(code);
        assertThat(terminal.err()).isEqualTo("lizard: " + message + System.lineSeparator());
        assertThat(terminal.out()).isEmpty();
    }
}
