package dev.lizard.distill;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.Mutator;
import dev.lizard.mixer.HeadDims;
import dev.lizard.mixer.MixerSpecs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Recipes and pretraining configurations with {@code --set} over them, bound and resolved. */
class RecipeFuzzTest extends FuzzContract {
    private static final String RECIPE = "recipe.yaml";
    private static final String PRETRAIN = "pretrain.yaml";
    private static final String SET = "set.txt";
    private static final String SETTINGS = """
        stages.0.tokens=2000000
        stages[1].lora.rank=4
        mixer.window=64
        layers=[0, 1]
        held_out.share=0.1
        batch=4
        """;

    private static final String PRETRAINING = """
        model: {model_type: llama, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4,
                intermediate_size: 96, rms_norm_eps: 1e-5, max_position_embeddings: 128}
        specials: [<|endoftext|>, <|user|>]
        sequence_length: 64
        batch: 4
        steps: 100
        learning_rate: 3.0e-3
        betas: [0.9, 0.95]
        schedule: {kind: cosine, warmup: 0.1, min_ratio: 0.1}
        clip: 1.0
        synthetic: {weight: 0.5, passkey: 0.25, stories: 0.5, digits: 5}
        """;

    private static final List<String> WORDS = List.of(
            "stages",
            "mixer",
            "lora",
            "rank",
            "targets",
            "tokens",
            "schedule",
            "loss",
            "attention-mse",
            "next-token",
            "trains",
            "all",
            "window",
            "features",
            "keep_softmax",
            "betas",
            "learning_rate",
            "synthetic",
            "model",
            "=",
            ".",
            "[0]",
            "- ",
            ": ",
            "{",
            "}",
            "lizard",
            "softmax",
            "seed",
            "held_out",
            "share",
            "true",
            "1e30",
            "-1");

    @Override
    public String name() {
        return "recipe";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        List<Map<String, byte[]>> samples = new ArrayList<>();
        samples.add(
                Map.of(PRETRAIN, PRETRAINING.getBytes(UTF_8), SET, "batch=8\nmodel.hidden_size=32".getBytes(UTF_8)));
        for (String name : Recipes.names()) {
            byte[] yaml = Json.YAML
                    .writeValueAsString(Recipes.find(name, note -> {}).toNode())
                    .getBytes(UTF_8);
            String set = name.equals("lizard") ? SETTINGS : "seed=3";
            samples.add(Map.of(RECIPE, yaml, SET, set.getBytes(UTF_8)));
        }
        return samples;
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        Map<String, byte[]> files = new HashMap<>(sample);
        String name = mutator.any(sample.keySet().stream().sorted().toList());
        files.computeIfPresent(name, (key, content) -> changed(key, new String(content, UTF_8), mutator));
        return files;
    }

    private static byte[] changed(String name, String text, Mutator mutator) {
        return switch (mutator.random().nextInt(8)) {
            case 0 -> mutator.bytes(text.getBytes(UTF_8));
            case 1, 2, 3 -> mutator.text(text, WORDS).getBytes(UTF_8);
            default ->
                name.equals(SET)
                        ? mutator.text(text, WORDS).getBytes(UTF_8)
                        : mutator.json(Json.YAML.readTree(text).toString()).getBytes(UTF_8);
        };
    }

    @Override
    public void read(Map<String, byte[]> input) {
        boolean pretrain = input.containsKey(PRETRAIN);
        String file = pretrain ? PRETRAIN : RECIPE;
        ConfigTree tree = ConfigTree.parse(text(input, file), new Origin(Origin.Layer.CONFIG_FILE, file));
        for (String assignment : text(input, SET).lines().toList()) {
            tree = tree.set(assignment, new Origin(Origin.Layer.FLAG, "--set"));
        }
        if (pretrain) {
            tree.bind(PretrainConfig.class);
            Resolved.tree(tree, PretrainConfig.class);
            return;
        }
        Recipe recipe = Recipe.of(tree);
        MixerSpecs.read(recipe.mixer(), new HeadDims(64, 4, 2, 16), RECIPE);
        LayerChoice.of(recipe.layers(), 12, RECIPE);
        Recipe.resolved(tree);
        for (StageRecipe stage : recipe.stages()) {
            stage.steps(recipe.tokensPerStep());
        }
    }

    private static String text(Map<String, byte[]> input, String name) {
        return new String(Objects.requireNonNull(input.get(name)), UTF_8);
    }

    @Override
    public Set<LizardException.Kind> kinds() {
        return Set.of(LizardException.Kind.USAGE);
    }
}
