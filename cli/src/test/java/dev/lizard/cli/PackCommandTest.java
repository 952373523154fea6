package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.Safetensors;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** pack, and --student in the commands that know it. */
class PackCommandTest {
    private static final String TEXT = "It was a bright cold day in April, and the clocks were striking thirteen.";

    @TempDir
    static Path temp;

    private static String teacher;
    private static String converted;
    private static Path text;

    private final Terminal terminal =
            new Terminal().with("LIZARD_CACHE", temp.resolve("cache").toString());

    @BeforeAll
    static void models() throws IOException {
        teacher = TinyModel.teacher(temp.resolve("teacher")).toString();
        converted = TinyModel.converted(temp.resolve("converted")).toString();
        text = Files.writeString(temp.resolve("text.txt"), TEXT);
    }

    private int run(String... args) {
        String[] common = {"--device=cpu", "--threads=1"};
        return terminal.run(Stream.concat(Stream.of(args), Stream.of(common)).toArray(String[]::new));
    }

    private JsonNode json(String... args) {
        assertThat(run(Stream.concat(Stream.of(args), Stream.of("--json")).toArray(String[]::new)))
                .as(terminal.err())
                .isZero();
        return Json.parse(terminal.outLines().getLast(), "standard output", LizardException.Kind.INPUT);
    }

    private JsonNode packed(String from, String name, String... more) {
        String[] all = Stream.concat(
                        Stream.of(
                                "pack",
                                from,
                                "--base",
                                teacher,
                                "--out",
                                temp.resolve(name).toString()),
                        Stream.of(more))
                .toArray(String[]::new);
        return json(all);
    }

    private String nll(String... model) {
        String[] all = Stream.concat(Stream.of("score", "--text-file", text.toString()), Stream.of(model))
                .toArray(String[]::new);
        return json(all).path("nll").toString();
    }

    @Test
    void anAdapterAndNewParametersGiveTheSameBits() throws IOException {
        JsonNode told = packed(converted, "adapters");
        String student = temp.resolve("adapters").toString();

        assertThat(told.path("logit_difference").asDouble()).isZero();
        assertThat(told.path("changed_weights").asInt()).isZero();
        assertThat(nll("--model", teacher, "--student", student)).isEqualTo(nll("--model", converted));
        assertThat(nll("--model", teacher + "+" + student)).isEqualTo(nll("--model", converted));
        assertThat(nll("--model", teacher)).isNotEqualTo(nll("--model", converted));
        try (Stream<Path> files = Files.list(Path.of(student))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "config.json",
                            "student.json",
                            "lizard.safetensors",
                            "adapter_config.json",
                            "adapter_model.safetensors",
                            "README.md");
        }
        assertThat(Files.readString(Path.of(student, "README.md"))).contains("# adapters", "student of `teacher`");
        JsonNode facts = json("inspect", teacher, "--student", student);
        assertThat(facts.path("mixers").path(1).path("mixer").asString()).isEqualTo("lizard");
        assertThat(facts.path("parameters").path("adapter").asInt()).isPositive();
    }

    @Test
    void changedWeightsAreHeldInEightBitsOrFour() throws IOException {
        String trained = TinyModel.trained(temp.resolve("trained"), "o_proj").toString();
        JsonNode eight = packed(trained, "eight");
        JsonNode four = packed(trained, "four", "--bits=4", "--tolerance=0.2");

        assertThat(eight.path("changed_weights").asInt()).isEqualTo(2);
        assertThat(eight.path("logit_difference").asDouble()).isBetween(1e-7, 2e-3);
        assertThat(four.path("logit_difference").asDouble()).isBetween(2e-3, 0.2);
        assertThat(Files.size(temp.resolve("four/delta.safetensors")))
                .isLessThan(Files.size(temp.resolve("eight/delta.safetensors")));
        String norms = TinyModel.trained(temp.resolve("norms"), "norm").toString();
        assertThat(packed(norms, "vectors").path("logit_difference").asDouble()).isZero();
        assertThat(nll("--model", teacher, "--student", temp.resolve("vectors").toString()))
                .isEqualTo(nll("--model", norms));
    }

    @Test
    void newParametersMayBeRounded() {
        JsonNode told = packed(converted, "rounded", "--save-dtype=bfloat16");
        assertThat(told.path("logit_difference").asDouble()).isBetween(1e-7, 3e-2);
    }

    @Test
    void packingThatMovesTheLogitsIsRefused() throws IOException {
        String trained = TinyModel.trained(temp.resolve("moved"), "o_proj").toString();
        Path out = temp.resolve("refused");
        assertThat(run("pack", trained, "--base", teacher, "--out", out.toString(), "--tolerance=1e-9"))
                .isEqualTo(1);
        assertThat(terminal.err())
                .startsWith("lizard: packing changed the logits: expected a difference of at most 1.0e-09 of the"
                        + " largest but found ")
                .endsWith("; write more bits, or allow more with --tolerance\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void anotherBaseIsRefusedNamingBoth() throws IOException {
        packed(converted, "strict");
        Path student = temp.resolve("strict");
        String other = TinyModel.trained(temp.resolve("other"), "q_proj").toString();
        Files.delete(Path.of(other, "lizard.safetensors"));
        Files.copy(
                Path.of(teacher, "config.json"),
                Path.of(other, "config.json"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);

        assertThat(run("generate", "--model", other, "--student", student.toString(), "--prompt", "a"))
                .isEqualTo(3);
        assertThat(terminal.err().lines().filter(line -> line.startsWith("lizard: ")))
                .singleElement()
                .asString()
                .matches(
                        "lizard: student of another model in %s: expected its base teacher \\(sha256 [0-9a-f]{12}\\.\\.\\.\\)"
                                        .formatted(student)
                                + " but found %s \\(sha256 [0-9a-f]{12}\\.\\.\\.\\); give the model that it was made of"
                                        .formatted(other));
    }

    @Test
    void aStudentIsFoundByNameOrFolderOnly() {
        packed(converted, "alone");
        String student = temp.resolve("alone").toString();
        assertThat(run("generate", "--model", student, "--prompt", "a")).isEqualTo(3);
        assertThat(terminal.err())
                .contains("lizard: a student without its base in " + student)
                .contains("give that model and --student " + student);
        assertThat(run("generate", "--model", teacher, "--student", "nobody", "--prompt", "a"))
                .isEqualTo(3);
        assertThat(terminal.err()).startsWith("lizard: no student in 'nobody': expected a folder that 'lizard pack'");
        assertThat(run("generate", "--model", teacher, "--student", teacher, "--prompt", "a"))
                .isEqualTo(3);
        assertThat(terminal.err()).contains("lizard: no student in " + teacher + ": expected student.json");
        assertThat(run("generate", "--model", converted, "--student", student, "--prompt", "a"))
                .isEqualTo(3);
        assertThat(terminal.err()).contains("lizard: base of a student in " + converted);
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeItIsUsed() throws IOException {
        packed(converted, "torn");
        Path student = temp.resolve("torn");
        try (Scope scope = Scope.open()) {
            Safetensors.write(
                    student.resolve("delta.safetensors"),
                    Map.of("model.layers.0.self_attn.q_proj.weight", Tensors.of(new float[6], 2, 3)),
                    Map.of());
        }
        assertThat(run("generate", "--model", teacher, "--student", student.toString(), "--prompt", "a"))
                .isEqualTo(3);
        assertThat(terminal.err())
                .contains("change that does not fit its weight in " + student.resolve("delta.safetensors"))
                .contains("expected one of [32, 32] but found F32 [2, 3]");
        Files.writeString(student.resolve("student.json"), "{\"version\": 9}");
        assertThat(run("generate", "--model", teacher, "--student", student.toString(), "--prompt", "a"))
                .isEqualTo(3);
        assertThat(terminal.err()).contains("unsupported student in " + student + "/student.json/version");
    }

    @Test
    void aStudentCompetesWithItsBase() {
        packed(converted, "rival");
        String student = temp.resolve("rival").toString();
        assertThat(run("eval", "--model", teacher, converted, "--student", student, "--tasks=piqa"))
                .isEqualTo(2);
        assertThat(terminal.err()).contains("--student: expected one --model beside it but found 2");
        assertThat(EvalCommand.names(List.of(teacher, teacher + "+" + student))).containsExactly("teacher", "rival");
    }
}
