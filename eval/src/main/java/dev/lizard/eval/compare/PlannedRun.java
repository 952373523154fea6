package dev.lizard.eval.compare;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Hashes;
import dev.lizard.base.Origin;
import dev.lizard.base.Origin.Layer;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.StageRecipe;
import dev.lizard.mixer.MixerSpecs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A conversion to be made.
 *
 * @param name of its row and its folder: recipe, first tokens and seed
 * @param recipe as the user named it
 * @param first tokens that its mixer keeps exactly
 * @param tree the recipe under all that is laid over it
 */
public record PlannedRun(String name, String recipe, int first, long seed, ConfigTree tree) {
    private static final String FIRST = "first";

    /**
     * One for each recipe and seed, recipes first.
     *
     * @param recipes their names or files, with the trees they stand for
     * @param first tokens that every mixer keeps exactly which can; 0 for what the recipes say
     * @param tokens of each run in all, shared over its stages as the recipe does; null for what the recipes say
     */
    public static List<PlannedRun> of(
            List<String> recipes, List<ConfigTree> trees, List<Long> seeds, int first, @Nullable Long tokens) {
        List<PlannedRun> runs = new ArrayList<>();
        for (long seed : seeds) {
            for (int i = 0; i < recipes.size(); i++) {
                runs.add(of(recipes.get(i), trees.get(i), seed, first, tokens));
            }
        }
        return runs;
    }

    private static PlannedRun of(String recipe, ConfigTree given, long seed, int first, @Nullable Long tokens) {
        ConfigTree tree = set(given, "seed", seed, "--seeds");
        Recipe read = Recipe.of(tree);
        String mixer = read.mixer().path("mixer").asString("");
        if (first > 0 && MixerSpecs.keys(mixer).contains(FIRST)) {
            tree = set(tree, "mixer." + FIRST, first, "--first");
        }
        if (tokens != null) {
            long all = read.stages().stream().mapToLong(StageRecipe::tokens).sum();
            for (int i = 0; i < read.stages().size(); i++) {
                double share = (double) read.stages().get(i).tokens() / all;
                tree = set(tree, "stages." + i + ".tokens", Math.max(1, Math.round(share * tokens)), "--tokens");
            }
        }
        int kept = Recipe.of(tree).mixer().path(FIRST).asInt(0);
        String last = Path.of(recipe).getFileName().toString().replaceFirst("\\.ya?ml$", "");
        return new PlannedRun(last + (kept == 0 ? "" : "-first" + kept) + "-seed" + seed, recipe, kept, seed, tree);
    }

    private static ConfigTree set(ConfigTree tree, String key, long value, String flag) {
        return tree.set(key, JsonNodeFactory.instance.numberNode(value), new Origin(Layer.FLAG, flag));
    }

    /** What it is made of, as one number: the same for the same run. */
    String identity(String beside) {
        return Hashes.sha256(Recipe.resolved(tree) + beside);
    }
}
