package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import tools.jackson.databind.JsonNode;

/** inspect, tokenize and generate on small models; MODEL in all its meanings. */
class ModelCommandsTest {
    @TempDir
    static Path temp;

    private static String teacher;
    private static String converted;

    private final Terminal terminal =
            new Terminal().with("LIZARD_CACHE", temp.resolve("cache").toString());

    @BeforeAll
    static void models() throws IOException {
        teacher = TinyModel.teacher(temp.resolve("teacher")).toString();
        converted = TinyModel.converted(temp.resolve("converted")).toString();
    }

    private int run(String... args) {
        String[] common = {"--device=cpu", "--dtype=float32", "--threads=1"};
        return terminal.run(Stream.concat(Stream.of(args), Stream.of(common)).toArray(String[]::new));
    }

    private JsonNode json(String... args) {
        assertThat(run(Stream.concat(Stream.of(args), Stream.of("--json")).toArray(String[]::new)))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.outLines()).hasSize(1);
        return Json.parse(terminal.out(), "standard output", LizardException.Kind.INPUT);
    }

    @Test
    void inspectTellsAConvertedModelsParts() {
        JsonNode facts = json("inspect", converted);
        assertThat(facts.propertyNames())
                .containsExactly(
                        "path",
                        "family",
                        "converted",
                        "shape",
                        "parameters",
                        "dtypes",
                        "tokenizer",
                        "mixers",
                        "state",
                        "state_dtype",
                        "sha256",
                        "files");
        assertThat(facts.at("/family").asString()).isEqualTo("llama");
        assertThat(facts.at("/converted").asBoolean()).isTrue();
        assertThat(facts.at("/mixers/0/mixer").asString()).isEqualTo("softmax");
        assertThat(facts.at("/mixers/1/window").asInt()).isEqualTo(8);
        assertThat(facts.at("/parameters/adapter").asInt()).isEqualTo(2 * 2 * (32 + 32 + 32 + 16));
        assertThat(facts.at("/parameters/new").asInt()).isPositive();
        assertThat(facts.at("/tokenizer/vocab_size").asInt()).isEqualTo(260);
        assertThat(facts.at("/state/0/kv_cache_bytes").asInt()).isEqualTo(2 * 2 * 2 * 8 * 4 * 1024);
        long before = facts.at("/state/0/bytes").asLong();
        assertThat(facts.at("/state/1/bytes").asLong() - before).isEqualTo(2 * 2 * 8 * 4 * 7 * 1024);
        assertThat(facts.at("/files").propertyNames()).contains("lizard.safetensors", "adapter_model.safetensors");
    }

    @Test
    void inspectShowsPeopleATable() {
        assertThat(run("inspect", teacher)).isZero();
        assertThat(terminal.out())
                .contains("layers 0 to 1              softmax")
                .contains("bytes of state after")
                .contains("1,048,576 tokens");
    }

    @Test
    void demoIsUnpackedOnce() {
        JsonNode facts = json("inspect", "demo");
        assertThat(facts.at("/shape/vocab_size").asInt()).isEqualTo(257);
        Path folder = Path.of(facts.at("/path").asString());
        assertThat(folder).startsWith(temp.resolve("cache")).isDirectoryContaining("glob:**/model.safetensors");
        assertThat(json("inspect", "demo").at("/path").asString()).isEqualTo(folder.toString());
    }

    @Test
    void tokenizeGivesIdsAndPieces() {
        JsonNode tokens = json("tokenize", "--model", teacher, "--text", "Hé");
        assertThat(Json.line(tokens)).isEqualTo("{\"ids\":[72,195,169],\"pieces\":[\"H\",\"Ã\",\"©\"]}");
        assertThat(run("tokenize", "--model", teacher, "--text", "Hé")).isZero();
        assertThat(terminal.out()).contains("     72  \"H\"").endsWith("back to text: Hé" + System.lineSeparator());
    }

    @Test
    void tokenizeReadsFiles() throws IOException {
        Path file = temp.resolve("text.txt");
        Files.writeString(file, "ab");
        assertThat(json("tokenize", "--model", teacher, "--file", file.toString())
                        .at("/ids")
                        .size())
                .isEqualTo(2);
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe});
        assertThat(run("tokenize", "--model", teacher, "--file", file.toString()))
                .isEqualTo(3);
        assertThat(terminal.err()).startsWith("lizard: unreadable text in " + file + ": expected UTF-8");
    }

    @Test
    void aLongFileIsReadInPartsAndGivesTheTokensOfTheWhole() throws IOException {
        Path file = temp.resolve("long.txt");
        String text = "the cat sat on the mat ".repeat(20_000);
        Files.writeString(file, text);
        JsonNode tokens = json("tokenize", "--model", teacher, "--file", file.toString());
        assertThat(tokens.at("/ids").values().stream().mapToInt(JsonNode::asInt).toArray())
                .isEqualTo(text.chars().toArray());
        assertThat(tokens.at("/pieces").size()).isEqualTo(text.length());
        Files.writeString(file, "a".repeat(2_200_000));
        assertThat(run("tokenize", "--model", teacher, "--file", file.toString()))
                .isEqualTo(3);
        assertThat(terminal.err())
                .contains("text without a break: expected the end of a word within 2,097,152 characters");
    }

    @Test
    void generateHasTheFieldsOfTheContract() {
        JsonNode made = json("generate", "--model", converted, "--prompt", "abc", "--max-tokens", "5");
        assertThat(made.propertyNames())
                .containsExactly(
                        "text",
                        "ids",
                        "prompt_tokens",
                        "completion_tokens",
                        "finish_reason",
                        "prefill_tokens_per_s",
                        "decode_tokens_per_s",
                        "state_bytes",
                        "peak_rss_bytes");
        assertThat(made.at("/prompt_tokens").asInt()).isEqualTo(3);
        assertThat(made.at("/completion_tokens").asInt())
                .isEqualTo(made.at("/ids").size());
        assertThat(made.at("/finish_reason").asString()).isIn("length", "stop");
    }

    @Test
    void theStreamIsTheText() {
        String text = json("generate", "--model", teacher, "--prompt", "abc", "--max-tokens", "12")
                .at("/text")
                .asString();
        assertThat(run("generate", "--model", teacher, "--prompt", "abc", "--max-tokens", "12"))
                .isZero();
        assertThat(terminal.out()).isEqualTo(text + System.lineSeparator());
        assertThat(terminal.err()).contains("3 tokens read at").contains("(length)");
    }

    @Test
    void aSavedStateGoesOnAsIfNothingHadHappened() {
        String state = temp.resolve("state.safetensors").toString();
        List<String> sampling = List.of("--temperature=0.8", "--top-k=40", "--seed=7", "--model", converted);
        JsonNode whole = json(with(sampling, "generate", "--prompt", "abc", "--max-tokens", "12"));
        JsonNode first =
                json(with(sampling, "generate", "--prompt", "abc", "--max-tokens", "5", "--save-state", state));
        JsonNode rest = json(with(sampling, "generate", "--max-tokens", "7", "--load-state", state));
        assertThat(first.at("/ids").toString().replace("]", "") + ","
                        + rest.at("/ids").toString().replace("[", ""))
                .isEqualTo(whole.at("/ids").toString());
        assertThat(rest.at("/prompt_tokens").asInt()).isZero();
        assertThat(run("generate", "--model", teacher, "--load-state", state)).isEqualTo(3);
        assertThat(terminal.err()).startsWith("lizard: state of another model in " + state);
    }

    private static String[] with(List<String> more, String... args) {
        return Stream.concat(Stream.of(args), more.stream()).toArray(String[]::new);
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/model-faults.csv", delimiter = '|', quoteCharacter = '`')
    void faultsAreOneLine(String line, int code, String message) {
        assertThat(run(line.replace("MODEL", teacher).split(" "))).isEqualTo(code);
        assertThat(terminal.err())
                .isEqualTo("lizard: "
                        + message.replace("CACHE", temp.resolve("cache").toString()) + System.lineSeparator());
        assertThat(terminal.out()).isEmpty();
    }
}
