package dev.lizard.eval.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.eval.report.Report.Format;
import dev.lizard.eval.result.Ablation;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The page's other forms. */
class FormatsTest {
    @TempDir
    Path folder = Path.of(".");

    private String made(Format format, ResultSet... results) throws IOException {
        List<Path> folders = new ArrayList<>();
        for (int i = 0; i < results.length; i++) {
            folders.add(folder.resolve("run" + i));
            results[i].write(folders.getLast());
        }
        Path file = folder.resolve("out");
        Report.write(Map.of(file, format), folders);
        return Files.readString(file);
    }

    @Test
    void csvHasEveryFigureOnce() throws IOException {
        List<String> lines = made(Format.CSV, Example.results()).lines().toList();
        assertThat(lines.getFirst()).isEqualTo("model,task,metric,traits,value,low,high,n");
        assertThat(lines)
                .doesNotHaveDuplicates()
                .contains(
                        "student,held-out text,bits_per_byte,,1.029,,,",
                        "teacher,efficiency,state_bytes,context=1024,1572864,,,",
                        "run0,layers,before,layer=0,0.62,,,",
                        "run0,training,tokens,stage=Stage 2: next token;step=1,2048,,,");
        assertThat(lines)
                .anyMatch(line -> line.matches("teacher,passkey,exact,size=2048,0.2,0.12\\d+,0.31\\d+,64"))
                .anyMatch(line -> line.matches("student,positions,kl,from=0;to=64,0.042\\d+,,,1000"));
        assertThat(lines).allSatisfy(line -> assertThat(line).doesNotContain("NaN", "null"));
    }

    @Test
    void csvReadsNewRecordsByTheNamesOfTheirFields() {
        Findings found = new Findings("t");
        found.ablations.add(new Ablation("student", "far", 3.5, 0.1, 0.02, 0.2, 24));
        found.layers.add(new LayerError(3, 0.5, 0.25));
        assertThat(Tidy.of(new Run("here", found.results())))
                .containsExactly(
                        new Measured("here", "layers", "before", Map.of("layer", "3"), 0.5, null, null),
                        new Measured("here", "layers", "after", Map.of("layer", "3"), 0.25, null, null),
                        new Measured("student", "ablations", "nll", Map.of("without", "far"), 3.5, null, 24L),
                        new Measured(
                                "student",
                                "ablations",
                                "rise",
                                Map.of("without", "far"),
                                0.1,
                                Interval.ofMean(0.1, 0.02),
                                24L),
                        new Measured("student", "ablations", "kl", Map.of("without", "far"), 0.2, null, 24L));
    }

    @Test
    void csvTellsModelsOfSeveralRunsApartAndQuotes() throws IOException {
        Findings first = new Findings("t");
        Findings second = new Findings("t");
        first.models.add(new ModelResult("a \"b\", c", Role.STUDENT, null, 3.0, null, null, null, null));
        second.models.add(new ModelResult("a \"b\", c", Role.STUDENT, null, 3.5, null, null, null, null));
        second.ablations.add(new Ablation("a \"b\", c", "", 3.5, 0, null, 0.2, 24));
        assertThat(made(Format.CSV, first.results(), second.results()))
                .contains(
                        "\n\"a \"\"b\"\", c (run0)\",held-out text,nll,,3,,,\n",
                        "\n\"a \"\"b\"\", c (run1)\",held-out text,nll,,3.5,,,\n",
                        "\n\"a \"\"b\"\", c (run1)\",ablations,nll,without=,3.5,,,24\n");
    }

    @Test
    void markdownHasVerdictTablesAndCommands() throws IOException {
        String page = made(Format.MARKDOWN, Example.results());
        assertThat(page)
                .startsWith("# A Transformer made into a constant-memory model\n\nstudent beside teacher: ")
                .contains("\n**Lost**\n", "\n## Side by side\n", "| teacher 95 % interval | student 95 % interval |")
                .contains("\n    lizard demo --seed 0\n", "**Bits per byte.** By position. bits per byte")
                .contains("sold the \\<black\\> drum")
                .doesNotContain("<svg", "<b>", "NaN");
    }

    @Test
    void theCardsHeadIsAModelIndexThatTheHubCanRead() throws IOException {
        String card = made(Format.MODEL_CARD, Example.results());
        String[] parts = card.split("---\n", 3);
        assertThat(parts[0]).isEmpty();
        JsonNode head = Json.YAML.readTree(parts[1]);
        assertThat(head.at("/pipeline_tag").asString()).isEqualTo("text-generation");
        JsonNode model = head.at("/model-index/0");
        assertThat(model.get("name").asString()).isEqualTo("student");
        assertThat(head.at("/model-index")).hasSize(1);
        for (JsonNode result : model.get("results")) {
            assertThat(result.at("/task/type").asString()).isEqualTo("text-generation");
            assertThat(result.at("/dataset/type").asString()).isNotEmpty();
            assertThat(result.at("/dataset/name").asString()).isNotEmpty();
            for (JsonNode metric : result.get("metrics")) {
                assertThat(metric.get("type").asString()).isNotEmpty();
                assertThat(metric.get("value").isNumber()).isTrue();
            }
        }
        assertThat(model.at("/results/1/dataset/name").asString()).isEqualTo("piqa");
        assertThat(model.at("/results/1/metrics/0/value").asDouble()).isEqualTo(0.6712);
        assertThat(model.at("/results/1/metrics/0/name").asString()).isEqualTo("accuracy (95 %: 65.0 to 69.3 %)");
        assertThat(parts[2]).contains("**Kept**", "## Side by side", "## How to do it again");
    }
}
