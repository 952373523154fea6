package dev.lizard.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Sessions, scores and chat on the real teacher, against what another implementation computed. */
@ExtendWith(LiveTensors.class)
class SmolSessionGoldenTest {
    private static final Path SHARED = Path.of(System.getProperty("lizard.root", "."), "..", "shared")
            .toAbsolutePath()
            .normalize();
    /** Where the best two logits are closer than this, rounding may choose either. */
    private static final double CLOSE = 0.02;

    private static OpenModel model;

    @BeforeAll
    static void open() {
        model = Models.open(
                find("LIZARD_MODELS", "models", "SmolLM2-135M-Instruct.Q4_1.gguf"), DType.FLOAT32, Device.CPU);
    }

    @AfterAll
    static void close() {
        if (model != null) {
            model.close();
        }
    }

    private static Path find(String variable, String folder, String name) {
        String set = System.getenv(variable);
        Path path = (set == null ? SHARED.resolve(folder) : Path.of(set)).resolve(name);
        Assumptions.assumeTrue(
                Files.exists(path), () -> "reference outputs not found at " + path + ": set " + variable);
        return path;
    }

    private static List<JsonNode> lines(String name) throws IOException {
        return Files.readAllLines(find("LIZARD_GOLDEN", "golden", name)).stream()
                .map(line -> Json.parse(line, name, LizardException.Kind.INPUT))
                .toList();
    }

    private static int[] ints(JsonNode array) {
        int[] values = new int[array.size()];
        Arrays.setAll(values, i -> array.get(i).asInt());
        return values;
    }

    @Test
    void greedyTextIsThatOfTheReference() throws IOException {
        try (Tokenizer tokenizer = model.openTokenizer()) {
            Generator generator = new Generator(tokenizer);
            int compared = 0;
            for (JsonNode line : lines("greedy.jsonl")) {
                int[] expected = ints(line.get("greedy"));
                int count = 0; // up to the first choice that rounding may turn
                while (count < expected.length && line.get("margin").get(count).asDouble() > CLOSE) {
                    count++;
                }
                try (Session session = new Session(model.decoder())) {
                    Generation made = generator.generate(
                            session,
                            ints(line.get("ids")),
                            GenerationSettings.of(count, SamplerSettings.GREEDY).goingPastEnd(),
                            new Sampler(SamplerSettings.GREEDY, model.config().vocabSize()),
                            GenerationListener.NONE,
                            () -> false);
                    assertThat(made.ids().stream().mapToInt(i -> i).toArray())
                            .isEqualTo(Arrays.copyOf(expected, count));
                    compared += count;
                }
            }
            System.out.printf("[reference] greedy tokens equal: %d%n", compared);
            assertThat(compared).isGreaterThan(100);
        }
    }

    @Test
    void scoresAreThoseOfTheReference() throws IOException {
        JsonNode line = lines("nll.jsonl").getFirst();
        int[] ids = ints(line.get("ids"));
        Score score = new Scorer(model.decoder()).score(ids, 0, 0, Progress.NONE);
        double worst = 0;
        for (int i = 0; i < score.nll().size(); i++) {
            worst = Math.max(
                    worst, Math.abs(score.nll().get(i) - line.get("nll").get(i).asDouble()));
        }
        double mean = Math.abs(score.meanNll() - line.get("mean_nll").asDouble());
        System.out.printf("[reference] nll of %d tokens: worst %.2g, mean %.2g%n", ids.length, worst, mean);
        assertThat(worst).isLessThan(2e-3);
        assertThat(mean).isLessThan(1e-4);
        assertThat(score.byPosition().getLast().meanNll()).isCloseTo(score.meanNll(), within(1.0));
    }

    @Test
    void aSecondTurnReadsOnlyItself() {
        try (Tokenizer tokenizer = model.openTokenizer();
                ChatSession chat = new ChatSession(
                        model.decoder(), tokenizer, ChatTemplate.of(tokenizer).orElseThrow())) {
            GenerationSettings settings = GenerationSettings.of(12, SamplerSettings.GREEDY);
            chat.send("What is the capital of France?", settings, GenerationListener.NONE, () -> false);
            long before = chat.stats().tokens();
            ChatReply reply = chat.send("And of Italy?", settings, GenerationListener.NONE, () -> false);
            assertThat(chat.messages().get(1).content()).contains("Paris");
            assertThat(reply.notice()).isEmpty();
            assertThat(reply.reusedTokens()).isEqualTo(before);
            assertThat(reply.generation().promptTokens()).isLessThan(20);
            assertThat(reply.generation().text()).contains("Rome");
        }
    }
}
