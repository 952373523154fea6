package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.tensor.LiveTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Layers with mixers of their own, and recipes that teach nothing. */
@ExtendWith(LiveTensors.class)
class LayerMixersTest {
    private static final String RECIPE = """
        name: tiny
        mixer: {mixer: lizard, window: 8, first: 2, slots: 12, score_hidden: 16, far: none, meta: 0}
        by_layer:
          - {layers: [1], mixer: {slots: 6}}
        sequence_length: 64
        batch: 4
        held_out: {share: 0.2, tokens: 1024}
        stages:
          - name: importance
            loss: {type: importance}
            train: {mixer: [score]}
            tokens: 1000
            learning_rate: 1e-2
          - name: finetune
            loss: {type: next-token}
            train: {lora: {rank: 4, alpha: 8}}
            random_slots: [2, 12]
            tokens: 500
            learning_rate: 5e-3
        """;

    @TempDir
    static Path shared;

    @BeforeAll
    static void teacher() throws IOException {
        TinyTeacher.write(shared, 60);
        TinyTeacher.stories(shared, 30);
    }

    private static Linearizer linearizer(String recipe, LinearizeOptions options) {
        return new Linearizer(TinyTeacher.tree(recipe), "tiny.yaml", options, TrainListener.NONE);
    }

    private static JsonNode layers(Path folder) {
        return Json.read(folder.resolve("config.json"), LizardException.Kind.INPUT)
                .at("/lizard/layers");
    }

    @Test
    void eachLayerHasItsOwnBudgetAndKind() throws IOException {
        LinearizeOptions options = TinyTeacher.options(shared, "budgets", false);
        Path out = linearizer(RECIPE, options).run(() -> false).out();
        JsonNode layers = layers(out);
        assertThat(layers.at("/0/slots").asInt()).isEqualTo(12);
        assertThat(layers.at("/1/slots").asInt()).isEqualTo(6);
        assertThat(layers.at("/1/first").asInt()).isEqualTo(2);
        assertThat(layers.at("/1/distance_limit").asInt()).isEqualTo(128);
        String written = Files.readString(out.resolve("recipe.yaml"));
        Path again = linearizer(written, TinyTeacher.options(shared, "again", false))
                .run(() -> false)
                .out();
        for (String file : List.of("lizard.safetensors", "adapter_model.safetensors", "recipe.yaml")) {
            assertThat(again.resolve(file)).hasSameBinaryContentAs(out.resolve(file));
        }
    }

    @Test
    void withoutStagesNothingIsLearntAndNoDataAreNeeded() {
        String untrained = RECIPE.substring(0, RECIPE.indexOf("stages:"))
                        .replace("score_hidden: 16", "slot_score: knorm")
                        .replace("mixer: {slots: 6}", "mixer: {mixer: window, window: 20}")
                + "stages: []\n";
        LinearizeOptions with = TinyTeacher.options(shared, "untrained", false);
        LinearizeResult measured = linearizer(untrained, with).run(() -> false);
        assertThat(measured.measurements().stream().map(Measurement::model)).containsExactly("teacher", "swapped");
        assertThat(measured.steps()).isEmpty();
        assertThat(layers(measured.out()).at("/0/slot_score").asString()).isEqualTo("knorm");
        assertThat(layers(measured.out()).at("/1").toString())
                .isEqualTo("{\"mixer\":\"window\",\"window\":20,\"meta\":0}");

        LinearizeOptions without = new LinearizeOptions(
                with.model(),
                List.of(),
                List.of(),
                shared.resolve("swapped"),
                with.cache(),
                with.device(),
                with.dtype(),
                with.models(),
                false,
                with.version(),
                with.command());
        LinearizeResult swapped = linearizer(untrained, without).run(() -> false);
        assertThat(layers(swapped.out())).isEqualTo(layers(measured.out()));
        assertThat(swapped.out().resolve("provenance.json")).isRegularFile();
        assertThat(swapped.measurements()).isEmpty();
        assertThatThrownBy(() -> linearizer(RECIPE, without))
                .hasMessage("nothing to learn from: expected --data DATA for the stages of tiny.yaml but found none;"
                        + " give some");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        [1], mixer | [7], mixer | wrong layers in tiny.yaml/by_layer.0.layers: expected some of [0, 1] but found 7; correct the number
        [1], mixer | [1, 1], mixer | layer named twice in tiny.yaml/by_layer.0.layers: expected each once but found 1 as in tiny.yaml/by_layer.0; take one out
        {slots: 6} | {slots: 12} | keys without effect in tiny.yaml/by_layer.0: expected another mixer, and layers but found Other[layers=[1], mixer={"slots":12}]; take them out
        score_hidden: 16 | slot_score: random | a score that is not learned in tiny.yaml/stages.0/loss: expected slot_score learned but found\
        """)
    void whatIsWrongIsNamed(String key, String instead, String line) {
        LinearizeOptions options = TinyTeacher.options(shared, "wrong", false);
        assertThatThrownBy(
                        () -> linearizer(RECIPE.replace(key, instead), options).run(() -> false))
                .isInstanceOf(LizardException.class)
                .hasMessageStartingWith(line);
    }
}
