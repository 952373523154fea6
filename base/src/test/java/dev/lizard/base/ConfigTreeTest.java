package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

class ConfigTreeTest {
    enum Precision {
        FLOAT32,
        B_FLOAT16
    }

    record Optimizer(
            @Setting(byDefault = "1e-3", min = 0) double lr,
            @Setting(byDefault = "[0.9, 0.95]") List<Double> betas) {}

    sealed interface Stage permits TransferStage, LoraStage {}

    record TransferStage(
            @Setting(byDefault = "100", min = 1) long tokens, Optimizer optimizer) implements Stage {}

    record LoraStage(
            @Setting(byDefault = "8", min = 1, max = 512) int rank) implements Stage {
        LoraStage {
            if (rank % 2 != 0) {
                throw new IllegalArgumentException("rank must be even but is " + rank);
            }
        }
    }

    record Recipe(
            String name,
            @Setting(byDefault = "128", min = 1) int seqLen,
            @Setting(byDefault = "float32") Precision dtype,
            @Setting(byDefault = "[]") List<Stage> stages,
            @Setting(byDefault = "{}") Map<String, Double> weights,
            @Nullable Path log,
            @Setting(byDefault = "true") boolean resume) {}

    private static final Origin FILE = new Origin(Origin.Layer.CONFIG_FILE, "my.yaml");
    private static final Origin FLAG = new Origin(Origin.Layer.FLAG, "--set");

    private static ConfigTree yaml(String text) {
        return ConfigTree.parse(text, FILE);
    }

    @Test
    void bindsNestedRecordsWithDefaults() {
        Recipe recipe = yaml("""
            name: small
            dtype: b-float16
            log: runs/log
            stages:
              - type: transfer
                optimizer: {lr: 3e-4}
              - {type: lora, rank: 16}
            weights: {kl: 1, ce: 0.5}
            """).bind(Recipe.class);

        assertThat(recipe)
                .isEqualTo(new Recipe(
                        "small",
                        128,
                        Precision.B_FLOAT16,
                        List.of(new TransferStage(100, new Optimizer(3e-4, List.of(0.9, 0.95))), new LoraStage(16)),
                        Map.of("kl", 1.0, "ce", 0.5),
                        Path.of("runs/log"),
                        true));
    }

    @ParameterizedTest
    @CsvFileSource(resources = "/config-faults.csv", delimiter = '|', quoteCharacter = '`')
    void eachFaultNamesFileKeyValueAndWhatToDo(String text, String message) {
        assertThatThrownBy(() -> yaml(text.replace("\\n", "\n")).bind(Recipe.class))
                .isInstanceOfSatisfying(LizardException.class, e -> {
                    assertThat(e.getMessage()).isEqualTo(message);
                    assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE);
                });
    }

    @Test
    void malformedAndRepeatedKeysNameTheLine() {
        assertThatThrownBy(() -> yaml("name: a\nname: b\n"))
                .hasMessageMatching(
                        "malformed text in my.yaml line 2 .*Duplicate.*name.*; correct the file at that place");
        assertThatThrownBy(() -> yaml("name: [a\n")).hasMessageContaining("malformed text in my.yaml line ");
        assertThatThrownBy(() -> ConfigTree.parse("{\"a\":", new Origin(Origin.Layer.CONFIG_FILE, "config.json")))
                .hasMessageContaining("malformed text in config.json line 1");
    }

    @Test
    void filesThatCannotBeRead(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> ConfigTree.read(folder.resolve("none.yaml")))
                .hasMessage("no such file: " + folder.resolve("none.yaml") + "; check the path");
        assertThatThrownBy(() -> ConfigTree.read(folder)).hasMessageContaining("it is a folder");
        Path binary = Files.write(folder.resolve("b.yaml"), new byte[] {(byte) 0xff, 0, (byte) 0xfe});
        assertThatThrownBy(() -> ConfigTree.read(binary)).hasMessageContaining("expected UTF-8");
        Path empty = Files.writeString(folder.resolve("empty.yaml"), "");
        assertThat(ConfigTree.read(empty).keys()).isEmpty();
    }

    @Test
    void assignmentsReachIntoObjectsAndLists() {
        ConfigTree tree = yaml("name: a\nstages: [{type: transfer}]\n")
                .set("stages.0.optimizer.lr=0.5", FLAG)
                .set("stages[0].tokens=7", FLAG)
                .set("weights.kl=2", FLAG)
                .set("name=", FLAG)
                .set("log=null", FLAG);

        Recipe recipe = tree.bind(Recipe.class);

        assertThat(recipe.stages()).containsExactly(new TransferStage(7, new Optimizer(0.5, List.of(0.9, 0.95))));
        assertThat(recipe.weights()).containsEntry("kl", 2.0);
        assertThat(recipe.name()).isEmpty();
        assertThat(tree.origin("stages.0.tokens")).isEqualTo(FLAG);
        assertThat(tree.origin("stages.0.type")).isEqualTo(FILE);
        assertThat(tree.origin("dtype")).isEqualTo(Origin.BUILT_IN);
    }

    @Test
    void badAssignmentsAreUsageErrors() {
        ConfigTree tree = yaml("name: a\nstages: [{type: transfer}]\n");
        assertThatThrownBy(() -> tree.set("name", FLAG)).hasMessageContaining("expected a.b=value but found 'name'");
        assertThatThrownBy(() -> tree.set("stages.1.tokens=3", FLAG)).hasMessageContaining("a number below 1");
        assertThatThrownBy(() -> tree.set("name.x=3", FLAG)).hasMessageContaining("something with keys before '.x'");
        assertThatThrownBy(() -> tree.set("name=[", FLAG)).hasMessageContaining("malformed value in --set");
        assertThatThrownBy(() -> tree.set("nam=b", FLAG).bind(Recipe.class))
                .hasMessageStartingWith("unknown key 'nam' in --set:");
    }

    @Test
    void strongerLayersWinAndOriginsAreKept() {
        Origin recipeFile = new Origin(Origin.Layer.RECIPE, "lizard.yaml");
        ConfigTree recipe =
                ConfigTree.parse("name: a\nseq_len: 64\nweights: {kl: 1, ce: 2}\nstages: [{type: lora}]\n", recipeFile);
        ConfigTree tree = yaml("weights: {ce: 3}\nstages: []\n").over(recipe).set("seq_len=32", FLAG);

        assertThat(tree.bind(Recipe.class).weights()).isEqualTo(Map.of("kl", 1.0, "ce", 3.0));
        assertThat(tree.explain(Recipe.class))
                .containsExactly(
                        new ConfigTree.Entry("name", "\"a\"", recipeFile),
                        new ConfigTree.Entry("seq_len", "32", FLAG),
                        new ConfigTree.Entry("dtype", "\"float32\"", Origin.BUILT_IN),
                        new ConfigTree.Entry("stages", "[]", FILE),
                        new ConfigTree.Entry("weights.kl", "1", recipeFile),
                        new ConfigTree.Entry("weights.ce", "3", FILE),
                        new ConfigTree.Entry("log", "null", Origin.BUILT_IN),
                        new ConfigTree.Entry("resume", "true", Origin.BUILT_IN));
        assertThat(recipe.bind(Recipe.class).seqLen())
                .as("the lower tree is untouched")
                .isEqualTo(64);
    }

    @Test
    void othersFilesFailAsInput() {
        Origin config = new Origin(Origin.Layer.CONFIG_FILE, "config.json");
        ConfigTree tree = ConfigTree.of(
                Json.parse("{\"lr\":-1}", "config.json", LizardException.Kind.INPUT),
                config,
                LizardException.Kind.INPUT);
        assertThatThrownBy(() -> tree.bind(Optimizer.class))
                .isInstanceOfSatisfying(
                        LizardException.class,
                        e -> assertThat(e.kind().exitCode()).isEqualTo(3))
                .hasMessage("number out of range in config.json/lr: expected at least 0 but found -1; choose another");
    }

    @Test
    void onlyKeepsTheNamedKeys() {
        ConfigTree tree = yaml("name: a\nseed: 4\n").only(ConfigTree.keysOf(Recipe.class));
        assertThat(tree.keys()).containsExactly("name");
        assertThat(tree.bind(Recipe.class).name()).isEqualTo("a");
    }

    @Test
    void entriesAreTheWrittenLeaves() {
        assertThat(yaml("a: {b: [1, x], c: {}}\n").set("a.d=2", FLAG).entries())
                .containsExactly(
                        new ConfigTree.Entry("a.b.0", "1", FILE),
                        new ConfigTree.Entry("a.b.1", "\"x\"", FILE),
                        new ConfigTree.Entry("a.c", "{}", FILE),
                        new ConfigTree.Entry("a.d", "2", FLAG));
    }

    @Test
    void linesOfJsonHaveSnakeCaseKeys() {
        assertThat(Json.line(new TransferStage(3, new Optimizer(0.5, List.of()))))
                .isEqualTo("{\"tokens\":3,\"optimizer\":{\"lr\":0.5,\"betas\":[]}}");
        assertThat(Json.line(Map.of("a", "x\ny"))).doesNotContain("\n");
    }

    @Test
    void numberedKeysReachIntoListsOfTheWeakerTree() {
        ConfigTree weaker =
                ConfigTree.parse("stages: [{lr: 1, n: 2}, {lr: 3}]", new Origin(Origin.Layer.RECIPE, "r.yaml"));
        ConfigTree flags = ConfigTree.empty().set("stages.1.lr=9", new Origin(Origin.Layer.FLAG, "--set stages.1.lr"));
        ConfigTree both = flags.over(weaker);
        assertThat(both.toNode().toString()).isEqualTo("{\"stages\":[{\"lr\":1,\"n\":2},{\"lr\":9}]}");
        assertThat(both.origin("stages.1.lr").layer()).isEqualTo(Origin.Layer.FLAG);
        assertThat(both.origin("stages.0.lr").layer()).isEqualTo(Origin.Layer.RECIPE);
    }
}
