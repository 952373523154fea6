package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** eval on small models. */
class EvalCommandTest {
    @TempDir
    static Path temp;

    private static String teacher;
    private static String student;
    private static String data;

    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void files() throws IOException {
        teacher = TinyModel.teacher(temp.resolve("teacher")).toString();
        student = TinyModel.converted(temp.resolve("student")).toString();
        Path folder = Files.createDirectories(temp.resolve("data/eval"));
        data = temp.resolve("data").toString();
        StringBuilder items = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            items.append("{\"query\": \"Is %d odd?\", \"choices\": [\"yes\", \"no\"], \"gold\": %d}\n"
                    .formatted(i, (i + 1) % 2));
        }
        Files.writeString(folder.resolve("arc_easy_test.jsonl"), items);
        Files.writeString(folder.resolve("piqa_val.jsonl"), "{\"query\": \"a\", \"choices\": [\"b\"], \"gold\": 0}\n");
        Files.writeString(folder.resolve("items.jsonl"), items);
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

    private void refused(int code, String line, String... args) {
        List<String> all = new ArrayList<>(List.of("eval", "--data", data, "--quiet"));
        all.addAll(List.of(args));
        assertThat(run(all.toArray(String[]::new))).as(terminal.err()).isEqualTo(code);
        assertThat(terminal.err()).isEqualTo("lizard: " + line + "\n");
    }

    @Test
    void aModelInBfloat16IsAskedTheSame() throws IOException {
        Path task = Files.writeString(temp.resolve("rolling.yaml"), """
            about: a text
            data: rolling.txt
            ask: {type: text, window: 32, tokens: 0, metrics: [perplexity]}
            """);
        Files.writeString(temp.resolve("data/eval/rolling.txt"), "All happy families are alike. ".repeat(20));
        double[] perplexities = new double[2];
        for (String type : List.of("float32", "bfloat16")) {
            assertThat(terminal.run(
                            "eval",
                            "--model=" + student,
                            "--data=" + data,
                            "--tasks=" + task,
                            "--device=cpu",
                            "--dtype=" + type,
                            "--json"))
                    .as(terminal.err())
                    .isZero();
            perplexities[type.equals("float32") ? 0 : 1] = Json.parse(
                            terminal.out(), "standard output", LizardException.Kind.INPUT)
                    .at("/value")
                    .asDouble();
        }
        assertThat(perplexities[1] / perplexities[0]).isNotEqualTo(1).isCloseTo(1, within(0.05));
    }

    @Test
    void aLineATaskAndAMetric() {
        List<JsonNode> lines = json("eval", "--model", teacher, "--data", data, "--tasks", "arc_easy", "--limit", "8");
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst().propertyNames()).containsExactly("model", "task", "metric", "value", "stderr", "n");
        assertThat(lines.getFirst().at("/model").asString()).isEqualTo("teacher");
        assertThat(lines.getFirst().at("/task").asString()).isEqualTo("arc_easy");
        assertThat(lines).extracting(line -> line.at("/metric").asString()).containsExactly("acc", "acc_norm");
        double acc = lines.getFirst().at("/value").asDouble();
        assertThat(acc).isBetween(0.0, 1.0);
        assertThat(lines.getFirst().at("/stderr").asDouble()).isCloseTo(Math.sqrt(acc * (1 - acc) / 7), within(1e-9));
        assertThat(lines.getFirst().at("/n").asInt()).isEqualTo(8);
        assertThat(run("eval", "--model", teacher, "--data", data, "--tasks", "arc_easy", "--limit", "8"))
                .isZero();
        assertThat(terminal.outLines().getFirst()).matches("teacher +arc_easy +acc +\\d\\.\\d{4} ± \\d\\.\\d{4} +n 8");
    }

    @Test
    void modelsAreComparedAndARunIsNotRepeated() throws IOException {
        Path out = temp.resolve("out");
        String[] command = {
            "eval", "--model", teacher, student, "--data", data, "--tasks", "arc_easy", "--out", out.toString()
        };
        List<JsonNode> first = json(command);
        assertThat(first).extracting(line -> line.at("/model").asString()).contains("teacher", "student");
        ResultSet results = ResultSet.read(out);
        assertThat(results.tasks()).hasSize(4);
        assertThat(results.role("teacher")).isEqualTo(Role.TEACHER);
        assertThat(results.role("student")).isEqualTo(Role.STUDENT);
        assertThat(results.comparisons())
                .extracting(comparison -> comparison.model() + " " + comparison.baseline() + " " + comparison.metric())
                .containsExactly("student teacher acc", "student teacher acc_norm");
        assertThat(results.comparisons().getFirst().difference())
                .isCloseTo(
                        results.tasks().get(2).value()
                                - results.tasks().getFirst().value(),
                        within(1e-12));
        assertThat(results.efforts())
                .hasSize(2)
                .allSatisfy(effort -> assertThat(effort.tokens()).isPositive());
        assertThat(results.provenance()).containsEntry("limit", "0").containsEntry("seed", "0");
        assertThat(Files.readAllLines(out.resolve("student/arc_easy.jsonl"))).hasSize(13);

        assertThat(json(command)).isEqualTo(first);
        assertThat(ResultSet.read(out).efforts()).isEqualTo(results.efforts());
        refused(
                2,
                "log of another run in %s: expected seed 1 but found 0; choose another --out, or delete the file"
                        .formatted(out.resolve("teacher/arc_easy.jsonl")),
                "--model",
                teacher,
                "--tasks",
                "arc_easy",
                "--out",
                out.toString(),
                "--seed",
                "1");
    }

    @Test
    void aTaskOfOnesOwnIsAFile() throws IOException {
        Path mine = Files.writeString(temp.resolve("odd.yaml"), """
            like: arc_easy
            about: "which numbers are odd"
            data: items.jsonl
            ask: {metrics: [acc]}
            """);
        List<JsonNode> lines = json("eval", "--model", teacher, "--data", data, "--tasks", mine.toString());
        assertThat(lines).hasSize(1);
        assertThat(lines.getFirst().at("/task").asString()).isEqualTo("odd");
        assertThat(lines.getFirst().at("/n").asInt()).isEqualTo(12);
    }

    @Test
    void tasksAreListed() {
        List<JsonNode> lines = json("eval", "--list");
        assertThat(lines.getFirst().propertyNames()).containsExactly("task", "about", "groups");
        assertThat(lines).extracting(line -> line.at("/task").asString()).contains("piqa", "mmlu", "wikitext2_2048");
        assertThat(run("eval", "--list")).isZero();
        assertThat(terminal.out()).containsPattern("piqa +PIQA: .* \\[zero-shot]");
    }

    @Test
    void whatIsWrongIsSaidInOneLine() throws IOException {
        assertThat(run("eval", "--quiet", "--model", teacher, "--tasks", "arc_esy"))
                .isEqualTo(2);
        assertThat(terminal.err())
                .startsWith(
                        "lizard: unknown task in --tasks: expected a task, a group of them or a .yaml file but found"
                                + " 'arc_esy'; the nearest names are arc_easy, ")
                .endsWith("; see `lizard eval --list`\n");
        refused(
                2,
                "--limit out of range: expected 1 or more, or 0 for all items, but found -3",
                "--model",
                teacher,
                "--tasks",
                "arc_easy",
                "--limit=-3");
        refused(
                2,
                "no model to ask: expected --model MODEL but found none; give one or several",
                "--tasks",
                "arc_easy");
        refused(
                3,
                "malformed item in %s: expected a list of two texts or more but found [\"b\"]; correct the item"
                        .formatted(temp.resolve("data/eval/piqa_val.jsonl:1/choices")),
                "--model",
                teacher,
                "--tasks",
                "piqa");
        Path bare = TinyModel.teacher(temp.resolve("bare"));
        Files.delete(bare.resolve("tokenizer.json"));
        Files.deleteIfExists(bare.resolve("tokenizer_config.json"));
        assertThat(run("eval", "--data", data, "--quiet", "--model", bare.toString(), "--tasks", "arc_easy"))
                .isEqualTo(3);
        assertThat(terminal.err().lines()).hasSize(1);
        assertThat(terminal.err()).contains("tokenizer").contains("bare").contains(";");
    }
}
