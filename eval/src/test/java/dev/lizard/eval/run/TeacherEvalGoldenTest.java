package dev.lizard.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Interrupt;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Progress;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.run.PairEncoder.Pair;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.eval.task.Tasks;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The tasks on the real teacher, item by item, against lm-evaluation-harness's definitions run by another program. */
@ExtendWith(LiveTensors.class)
class TeacherEvalGoldenTest {
    private static final Path SHARED = Path.of(System.getProperty("lizard.root", "."), "..", "shared")
            .toAbsolutePath()
            .normalize();
    /** Items whose likelihoods are computed here; `lizard eval --limit 100` compares more by hand. */
    private static final int ASKED = 2;
    /** Items whose tokens are counted. */
    private static final int COUNTED = 200;

    private static OpenModel model;
    private static Tokenizer tokenizer;
    private static Path golden;

    @BeforeAll
    static void open() {
        Path models = find("LIZARD_MODELS", "models").resolve("SmolLM2-135M-Instruct.Q4_1.gguf");
        golden = find("LIZARD_GOLDEN", "golden").resolve("teacher-eval");
        for (Path path : List.of(models, golden, data())) {
            Assumptions.assumeTrue(Files.exists(path), () -> "reference outputs, model or data not found at " + path);
        }
        model = Models.openWithTokenizer(ModelFiles.of(models), DType.FLOAT32, Device.CPU);
        tokenizer = model.openTokenizer();
    }

    @AfterAll
    static void close() {
        if (model != null) {
            tokenizer.close();
            model.close();
        }
    }

    private static Path find(String variable, String folder) {
        String set = System.getenv(variable);
        return set == null ? SHARED.resolve(folder) : Path.of(set);
    }

    /** Beside the reference outputs. */
    private static Path data() {
        return find("LIZARD_GOLDEN", "golden").resolve("../data/open/eval").normalize();
    }

    private static JsonNode items(String task) throws IOException {
        Path file = golden.resolve(task + ".json.gz");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Json.parse(text, file.toString(), Kind.INPUT).at("/items");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "piqa",
                "arc_easy",
                "arc_challenge",
                "hellaswag",
                "hellaswag_as_shipped",
                "winogrande",
                "openbookqa",
                "openbookqa_qa_prompt",
                "lambada_openai",
                "mmlu"
            })
    void itemsAreAskedAndAnsweredAsByTheReference(String name) throws IOException {
        JsonNode expected = items(name);
        Task task = Tasks.builtIn().find(List.of(name)).getFirst();
        List<Item> items = task.items(new TaskSource(data(), tokenizer, 0));
        assertThat(items).hasSize(expected.size());
        PairEncoder encoder = new PairEncoder(tokenizer);
        for (int i = 0; i < COUNTED; i++) {
            List<Pair> pairs =
                    encoder.encode(((Request.Likelihoods) items.get(i).request()).candidates());
            JsonNode counts = expected.at("/%d/n_tok".formatted(i)); // one number where there is one choice
            for (int c = 0; c < pairs.size(); c++) {
                Pair pair = pairs.get(c);
                assertThat(pair.ids().length - pair.from())
                        .as("tokens of choice %d of item %d", c, i)
                        .isEqualTo(counts.isArray() ? counts.get(c).asInt() : counts.asInt());
            }
        }
        Evaluation evaluation = new Evaluation(new EvalSettings(data(), null, ASKED, 0), new Silent(), new Interrupt());
        evaluation.run(new EvaluatedModel("m", Role.TEACHER, model.decoder(), tokenizer, List.of()), List.of(task));
        List<ItemResult> results = evaluation.outcomes().getFirst().items();
        for (int i = 0; i < ASKED; i++) {
            List<Double> found = results.get(i).logLikelihoods();
            assertThat(found).isNotNull();
            JsonNode wanted = expected.at("/%d/lls".formatted(i));
            assertThat(found).hasSize(wanted.size());
            for (int c = 0; c < wanted.size(); c++) {
                assertThat(found.get(c))
                        .as("choice %d of item %d", c, i)
                        .isCloseTo(wanted.get(c).asDouble(), within(2e-3));
            }
        }
    }

    private record Silent() implements EvalListener {
        @Override
        public Progress progress(String title, String unit, long total) {
            return Progress.NONE;
        }

        @Override
        public void note(String line) {}

        @Override
        public void done(TaskOutcome outcome) {}
    }
}
