package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Which of a model's own weights a stage trains, and their groups.
 *
 * <p>Weights are named by whole parts of their Hugging Face names: {@code q_proj}, {@code mlp}, {@code layers.3},
 * {@code embed_tokens}; {@code *} stands for anything within, {@code all} for every weight, and a name after {@code !}
 * takes out what those before it named. A tied output layer is the embedding.
 */
final class BaseWeights {
    /** Matrices of the blocks. */
    static final String MATRICES = "base";
    /** The embedding and an output layer of its own. */
    static final String EMBEDDING = "base-embedding";
    /** Norms and biases, which do not decay unless they are named. */
    static final String VECTORS = "base-vectors";

    /** Those that an earlier stage trained and this one does not. */
    static final String FROZEN = "base-frozen";
    /** All groups that need not have parameters yet. */
    static final List<String> AND_LORA = List.of(MATRICES, EMBEDDING, VECTORS, Trained.LORA);

    private static final String NOT = "!";
    private static final String LAYERS = ".layers.";

    private BaseWeights() {}

    /** Whether weights of the model itself are in it, rather than a mixer's parameters. */
    static boolean isGroup(String group) {
        return group.equals(MATRICES) || group.equals(EMBEDDING) || group.equals(VECTORS) || group.equals(FROZEN);
    }

    static String group(String name, Tensor weight) {
        if (weight.rank() == 1) {
            return VECTORS;
        }
        return name.contains(LAYERS) ? MATRICES : EMBEDDING;
    }

    /**
     * The weights that are named, in the order of the forward pass.
     *
     * @param where the key, for messages
     * @throws LizardException USAGE for a name that no weight has, naming the nearest, or where none is left
     */
    static Map<String, Tensor> named(List<String> patterns, Map<String, Tensor> weights, String where) {
        Set<String> names = new LinkedHashSet<>();
        for (String pattern : patterns) {
            boolean without = pattern.startsWith(NOT);
            String name = without ? pattern.substring(NOT.length()) : pattern;
            List<String> meant = weights.keySet().stream().filter(meaning(name)).toList();
            if (meant.isEmpty()) {
                throw unknown(name, weights.keySet(), where);
            }
            if (without ? !names.removeAll(meant) : !names.addAll(meant)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "name without effect",
                        where,
                        "names that change which weights are trained",
                        "'" + pattern + "'",
                        "take it out, or put it after those that it is taken from");
            }
        }
        Map<String, Tensor> found = new LinkedHashMap<>();
        weights.forEach((name, weight) -> {
            if (names.contains(name)) {
                found.put(name, weight);
            }
        });
        return found;
    }

    /** Losses at blocks reach nothing else. */
    static void requireInBlocks(Set<String> names, String where) {
        for (String name : names) {
            if (!name.contains(LAYERS)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "weight that the loss does not reach",
                        where,
                        "weights of blocks, such as [layers]",
                        name,
                        "take it out, or choose a loss along the whole pass");
            }
        }
    }

    private static Predicate<String> meaning(String name) {
        if (name.equals(Trained.ALL)) {
            return weight -> true;
        }
        String inner = Arrays.stream(name.split("\\*", -1))
                .map(Pattern::quote)
                .reduce((a, b) -> a + ".*" + b)
                .orElse("");
        return Pattern.compile("(.*\\.)?" + inner + "(\\..*)?").asMatchPredicate();
    }

    private static LizardException unknown(String name, Set<String> weights, String where) {
        Set<String> parts = new TreeSet<>(weights);
        weights.forEach(weight -> parts.addAll(new ArrayList<>(List.of(weight.split("\\.", -1)))));
        return LizardException.at(
                LizardException.Kind.USAGE,
                "no such weight",
                where,
                "all, or parts of the model's names of weights",
                "'" + name + "'",
                Nearest.hint(name, parts));
    }
}
