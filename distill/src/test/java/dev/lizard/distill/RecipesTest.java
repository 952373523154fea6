package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.Origin;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerSpecs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.node.ObjectNode;

class RecipesTest {
    static Iterable<String> names() {
        return Recipes.names();
    }

    @ParameterizedTest
    @MethodSource("names")
    void builtInRecipesBindAndResolveToThemselves(String name) {
        ConfigTree tree = Recipes.find(name, note -> {});
        Recipe recipe = Recipe.of(tree);
        assertThat(recipe.name()).isEqualTo(name);
        assertThat(MixerSpecs.read(recipe.mixer(), new HeadDims(64, 4, 2, 16), name)
                        .mixer())
                .isEqualTo(
                        switch (name) { // named for its mixer, and what it trains or keeps besides
                            case "based" -> "taylor";
                            case "mohawk" -> "mamba2-discrete";
                            default -> name.replaceFirst("-(full|exact)$", "");
                        });
        ObjectNode resolved = Recipe.resolved(tree);
        assertThat(resolved.at("/stages/0/schedule/warmup").doubleValue()).isEqualTo(0.1);
        assertThat(resolved.at("/stages/0/betas/1").doubleValue()).isEqualTo(0.99);
        String yaml = Json.YAML.writeValueAsString(resolved);
        ConfigTree again = ConfigTree.parse(yaml, new Origin(Origin.Layer.RECIPE, "again.yaml"));
        assertThat(Recipe.of(again)).isEqualTo(recipe);
    }

    @Test
    void stagesThatCannotBeAreRefused() {
        assertThatThrownBy(() ->
                        Recipe.of(TinyTeacher.tree(TinyTeacher.OLD_RECIPE.replace("lora: {rank: 4, alpha: 8}", ""))))
                .hasMessageContaining("tiny.yaml/stages.1")
                .hasMessageContaining("add a lora section");
        assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(TinyTeacher.RECIPE.replace("finetune", "transfer"))))
                .hasMessageContaining("two stages named 'transfer'");
        assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(TinyTeacher.RECIPE.replace("next-token", "next-tokn"))))
                .hasMessageContaining("next-token");
        assertThatThrownBy(() -> Recipe.of(TinyTeacher.tree(TinyTeacher.RECIPE.replace("mixer: all", "mixer: []"))))
                .hasMessageContaining("tiny.yaml/stages.0.train.mixer: train names nothing");
    }
}
