package dev.lizard.distill;

import dev.lizard.base.BadSetting;
import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Setting;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a teacher is linearized, as data. The built-in ones are listed by {@link Recipes}.
 *
 * @param name for logs and reports
 * @param mixer the new layers' mixer, as in {@code config.json}
 * @param layers which layers get it: {@code all}, a list of numbers, or {@code {keep_softmax: [numbers]}}
 * @param byLayer what is another way in some of them
 * @param fresh weights of the model that the student draws anew instead of taking them over
 * @param sequenceLength T of training sequences
 * @param documents how those that are packed into one sequence read each other while the student learns
 * @param facts share of the sequences into which facts are put that are stated once and asked for later
 * @param batch B, sequences of one pass
 * @param accumulate passes for one update
 * @param seed of initial values and the order of the data
 * @param heldOut what quality is measured on
 * @param stages one after the other; without any the layers are replaced and nothing is learnt
 */
public record Recipe(
        String name,
        @Setting(meant = "mixer") ObjectNode mixer,
        @Setting(byDefault = "all") JsonNode layers,
        @Setting(byDefault = "[]") List<LayerMixers.Other> byLayer,
        @Setting(byDefault = "[]") List<String> fresh,

        @Setting(byDefault = "1024", min = 2, max = MOST_TOKENS)
        int sequenceLength,

        @Setting(byDefault = "together") Documents documents,
        @Setting(byDefault = "0", min = 0, max = 1) double facts,

        @Setting(byDefault = "8", min = 1, max = MOST_SEQUENCES)
        int batch,

        @Setting(byDefault = "1", min = 1, max = MOST_SEQUENCES)
        int accumulate,

        @Setting(byDefault = "0") long seed,
        HeldOutRecipe heldOut,
        List<StageRecipe> stages) {
    static final double SHARE = 0.02;
    static final int STRETCH = 2;
    static final long MEASURED = 1 << 16;

    /** Longest sequence: more than any model reads, and no product of sizes overflows. */
    static final double MOST_TOKENS = 1 << 24;

    /** Most sequences of one pass, and passes of one update. */
    static final double MOST_SEQUENCES = 1 << 20;

    /** Longest budget: a million billion tokens. */
    static final double MOST_BUDGET = 1e15;

    /**
     * The held-out part of the corpus.
     *
     * @param share of its tokens that is not trained on
     * @param stretch its sequences are so many times as long as those trained on
     * @param tokens how many are measured each time
     */
    public record HeldOutRecipe(
            @Setting(byDefault = "" + SHARE, min = 0, max = 0.5)
            double share,

            @Setting(byDefault = "" + STRETCH, min = 1, max = 64)
            int stretch,

            @Setting(byDefault = "" + MEASURED, min = 1, max = MOST_BUDGET)
            long tokens) {}

    public Recipe {
        Keys.requireFew(batch, accumulate);
        if (facts > 0 && documents == Documents.APART) {
            throw new BadSetting("facts", "expected documents together beside it but found apart; change one");
        }
        if (facts > 0 && stages.stream().anyMatch(stage -> stage.loss().responses())) {
            throw new BadSetting("facts", "expected labels all in every stage but found response; change one");
        }
        if (!fresh.isEmpty() && stages.stream().anyMatch(stage -> stage.loss().place() == Loss.Place.MIXER)) {
            throw new BadSetting(
                    "fresh", "expected no loss at mixers beside it, which sees the teacher's projections; change one");
        }
        Set<String> names = new HashSet<>();
        for (StageRecipe stage : stages) {
            if (!names.add(stage.name())) {
                throw new BadSetting("stages", "two stages named '" + stage.name() + "'; rename one");
            }
        }
    }

    /**
     * Binds strictly.
     *
     * @throws LizardException USAGE for unknown, missing or wrong keys, naming file, key and the nearest right one
     */
    public static Recipe of(ConfigTree tree) {
        return OldSpelling.today(tree, note -> {}).bind(Recipe.class);
    }

    /** The recipe in full, defaults included, as a tree that binds to the same record. */
    public static ObjectNode resolved(ConfigTree tree) {
        return Resolved.tree(OldSpelling.today(tree, note -> {}), Recipe.class);
    }

    /** The key of a stage, for messages. */
    String key(String where, int stage) {
        return where + "/stages." + stage;
    }

    /** Whether packed documents are kept apart. */
    boolean apart() {
        return documents == Documents.APART;
    }

    /** Tokens of one update. */
    public long tokensPerStep() {
        return (long) batch * accumulate * sequenceLength;
    }
}
