package dev.lizard.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A {@code tokenizer.json} written anew so that text cannot spell its markers, or so that a text begins without the
 * mark that SentencePiece puts there. Ids stay what they are.
 */
final class TokenizerVariants {
    /** Begins a stand-in and occurs in no text: Unicode keeps it for a program's own use. */
    static final char BEGIN = '\uFDD0';

    private static final char ZERO = '\uFDD1';
    private static final char END = '\uFDEF';
    private static final int BASE = END - ZERO;

    private TokenizerVariants() {}

    /** What is written in a text in place of the added token number {@code index}. */
    static String standIn(int index) {
        StringBuilder name = new StringBuilder().append(BEGIN);
        for (int rest = index; name.length() == 1 || rest > 0; rest /= BASE) {
            name.append((char) (ZERO + rest % BASE));
        }
        return name.append(END).toString();
    }

    /** Every marker is called by its stand-in: in the list of added tokens, the vocabulary and the merges. */
    static ObjectNode masked(JsonNode root, AddedTokens tokens) {
        ObjectNode masked = (ObjectNode) root.deepCopy();
        ArrayNode added = masked.putArray("added_tokens");
        int index = 0;
        for (JsonNode token : root.path("added_tokens")) {
            ObjectNode copy = (ObjectNode) token.deepCopy();
            if (tokens.all().get(index).marks()) {
                copy.put("content", standIn(index));
            }
            added.add(copy);
            index++;
        }
        if (masked.path("model") instanceof ObjectNode model) {
            maskModel(model, tokens);
        }
        return masked;
    }

    private static void maskModel(ObjectNode model, AddedTokens tokens) {
        JsonNode vocabulary = model.path("vocab");
        if (vocabulary.isObject()) {
            ObjectNode renamed = model.objectNode();
            vocabulary.properties().forEach(entry -> renamed.set(name(entry.getKey(), tokens), entry.getValue()));
            model.set("vocab", renamed);
        } else {
            for (JsonNode pair : vocabulary) {
                if (pair instanceof ArrayNode piece) {
                    piece.set(0, name(piece.path(0).asString(""), tokens));
                }
            }
        }
        if (model.path("unk_token").isString()) {
            model.put("unk_token", name(model.path("unk_token").asString(), tokens));
        }
        if (model.path("merges").isArray()) {
            ArrayNode kept = model.arrayNode();
            for (JsonNode merge : model.path("merges")) {
                if (!makes(merge, tokens)) {
                    kept.add(merge);
                }
            }
            model.set("merges", kept);
        }
    }

    private static String name(String piece, AddedTokens tokens) {
        AddedTokens.@Nullable Added token = tokens.marking(piece);
        return token == null ? piece : standIn(token.index());
    }

    /** Whether a merge has to do with a marker, be it as what it makes or makes it of. */
    private static boolean makes(JsonNode merge, AddedTokens tokens) {
        List<String> parts = new ArrayList<>();
        if (merge.isArray()) {
            merge.forEach(part -> parts.add(part.asString("")));
        } else {
            parts.addAll(List.of(merge.asString("").split(" ", 2)));
        }
        parts.add(String.join("", parts));
        return parts.stream().anyMatch(part -> tokens.marking(part) != null);
    }

    /** Whether the tokenizer puts a mark before a text. */
    static boolean marksBeginning(JsonNode root) {
        return !unmarked(root).equals(root);
    }

    /** The same without the mark that is put before a text. */
    static ObjectNode unmarked(JsonNode root) {
        ObjectNode plain = (ObjectNode) root.deepCopy();
        for (String section : List.of("normalizer", "pre_tokenizer")) {
            if (plain.has(section)) {
                JsonNode changed = unmarkedStep(plain.path(section));
                plain.set(section, changed == null ? plain.nullNode() : changed);
            }
        }
        return plain;
    }

    /** The step without its mark; null for one that does nothing else. */
    private static @Nullable JsonNode unmarkedStep(JsonNode step) {
        if (!(step instanceof ObjectNode object)) {
            return step;
        }
        switch (step.path("type").asString("")) {
            case "Prepend" -> {
                return null;
            }
            case "Metaspace" -> {
                if (!step.path("prepend_scheme").asString("always").equals("never")) {
                    object.remove("add_prefix_space");
                    object.put("prepend_scheme", "never");
                }
            }
            case "ByteLevel" -> {
                if (step.path("add_prefix_space").asBoolean(true)) {
                    object.put("add_prefix_space", false);
                }
            }
            case "Strip" -> {
                if (step.path("strip_left").asBoolean(false)) {
                    object.put("strip_left", false);
                }
            }
            case "Sequence" -> List.of("normalizers", "pretokenizers").forEach(key -> inside(object, key));
            default -> {
                // No other step puts anything before a text.
            }
        }
        return object;
    }

    private static void inside(ObjectNode sequence, String key) {
        if (sequence.path(key).isArray()) {
            ArrayNode kept = sequence.arrayNode();
            for (JsonNode step : sequence.path(key)) {
                JsonNode changed = unmarkedStep(step);
                if (changed != null) {
                    kept.add(changed);
                }
            }
            sequence.set(key, kept);
        }
    }
}
