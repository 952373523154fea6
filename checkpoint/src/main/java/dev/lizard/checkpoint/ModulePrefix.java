package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Puts a decoder's tensors under the names that transformers gives them in a causal language model. They are stored
 * otherwise where the model was saved without its head (no {@code model.}), as a part of a larger one
 * ({@code language_model.model.}), or wrapped ({@code module.}, {@code _orig_mod.}).
 */
final class ModulePrefix {
    static final String MODEL = "model.";
    private static final String HEAD = "lm_head.";
    private static final String EMBEDDING = "embed_tokens.weight";
    private static final String FIRST_NORM = "layers.0.input_layernorm.weight";

    private ModulePrefix() {}

    /**
     * The source itself where its names are the usual ones, or none that are known.
     *
     * @param notes receives a line where the prefix is an unusual one
     * @throws LizardException INPUT for several models side by side, or one in the layout of its makers' own code
     */
    static WeightSource strip(WeightSource source, List<String> notes) {
        Set<String> names = source.names();
        List<String> found = prefixes(names);
        if (found.contains(MODEL)) {
            return rename(source, MODEL);
        }
        if (found.isEmpty()) {
            refuseMakersLayout(source);
            return source;
        }
        if (found.size() > 1) {
            throw BadFile.in(
                    source.file(found.get(1) + EMBEDDING),
                    found.get(1) + EMBEDDING,
                    "several models in one",
                    "one decoder",
                    "others under " + String.join(", ", found),
                    "save the language model alone");
        }
        String prefix = found.getFirst();
        if (!prefix.isEmpty()) {
            notes.add(
                    "%s: tensors under %s are read as the model's".formatted(source.file(prefix + EMBEDDING), prefix));
        }
        return rename(source, prefix);
    }

    private static List<String> prefixes(Set<String> names) {
        List<String> prefixes = new ArrayList<>();
        for (String name : names) {
            boolean whole = name.equals(EMBEDDING) || name.endsWith("." + EMBEDDING);
            String prefix = whole ? name.substring(0, name.length() - EMBEDDING.length()) : "";
            if (whole && (prefix.equals(MODEL) || names.contains(prefix + FIRST_NORM))) {
                prefixes.add(prefix);
            }
        }
        return prefixes;
    }

    private static WeightSource rename(WeightSource source, String prefix) {
        Set<String> names = source.names();
        String head = headPrefix(names, prefix);
        if (prefix.equals(MODEL) && head.equals(HEAD)) {
            return source;
        }
        Map<String, String> stored = new LinkedHashMap<>();
        for (String name : names) {
            boolean ofHead = name.startsWith(head);
            boolean ofModel = !ofHead && name.startsWith(prefix);
            String usual = ofHead
                    ? HEAD + name.substring(head.length())
                    : ofModel ? MODEL + name.substring(prefix.length()) : name;
            stored.putIfAbsent(usual, name);
        }
        return new RenamedSource(source, stored);
    }

    /** The head lies beside the decoder, or in something that holds both. */
    private static String headPrefix(Set<String> names, String prefix) {
        String around = prefix;
        while (true) {
            if (names.contains(around + HEAD + "weight")) {
                return around + HEAD;
            }
            if (around.isEmpty()) {
                return HEAD;
            }
            around = around.substring(0, around.lastIndexOf('.', around.length() - 2) + 1);
        }
    }

    private static void refuseMakersLayout(WeightSource source) {
        String name = "tok_embeddings.weight";
        if (source.contains(name)) {
            throw BadFile.in(
                    source.file(name),
                    name,
                    "unsupported layout",
                    "the names of transformers, such as " + MODEL + EMBEDDING,
                    "those of the makers' own code",
                    "convert the checkpoint with transformers, or download it in that form");
        }
    }
}
