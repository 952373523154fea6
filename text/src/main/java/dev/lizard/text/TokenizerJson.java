package dev.lizard.text;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes the two kinds of {@code tokenizer.json} that we make ourselves, both BPE. */
record TokenizerJson(List<String> tokens, List<Merge> merges, List<Added> added) {
    /** Two pieces that become one; earlier in the list is done first. */
    record Merge(String left, String right) {}

    /** A token that is found in the text before anything else. */
    record Added(int id, String content, boolean special) {}

    /** Byte-level BPE as GPT-2 introduced it; {@code bos} and {@code eos} are put around texts where present. */
    ObjectNode byteLevel(PreTokenizer family, @Nullable JsonNode normalizer, OptionalInt bos, OptionalInt eos) {
        ObjectNode root = frame(normalizer, family.json(), bos, eos);
        root.putObject("decoder")
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", false)
                .put("use_regex", false);
        model(root)
                .put("byte_fallback", false)
                .put("ignore_merges", family.keepsWholeWords())
                .putNull("unk_token")
                .put("fuse_unk", false);
        return root;
    }

    /** SentencePiece's BPE with byte fallback; a space is U+2581, and {@code spacePrefix} puts one before each text. */
    ObjectNode sentencePiece(boolean spacePrefix, int unknown, OptionalInt bos, OptionalInt eos) {
        ObjectNode normalizer = Tokenizers.JSON.createObjectNode().put("type", "Sequence");
        ArrayNode steps = normalizer.putArray("normalizers");
        if (spacePrefix) {
            steps.addObject().put("type", "Prepend").put("prepend", "\u2581");
        }
        ObjectNode replace = steps.addObject().put("type", "Replace").put("content", "\u2581");
        replace.putObject("pattern").put("String", " ");

        ObjectNode root = frame(normalizer, null, bos, eos);
        ObjectNode decoder = root.putObject("decoder").put("type", "Sequence");
        ArrayNode decoders = decoder.putArray("decoders");
        ObjectNode spaces = decoders.addObject().put("type", "Replace").put("content", " ");
        spaces.putObject("pattern").put("String", "\u2581");
        decoders.addObject().put("type", "ByteFallback");
        decoders.addObject().put("type", "Fuse");
        if (spacePrefix) {
            decoders.addObject()
                    .put("type", "Strip")
                    .put("content", " ")
                    .put("start", 1)
                    .put("stop", 0);
        }
        model(root)
                .put("byte_fallback", true)
                .put("ignore_merges", false)
                .put("unk_token", tokens.get(unknown))
                .put("fuse_unk", true);
        return root;
    }

    private ObjectNode frame(
            @Nullable JsonNode normalizer, @Nullable JsonNode preTokenizer, OptionalInt bos, OptionalInt eos) {
        ObjectNode root = Tokenizers.JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation").putNull("padding");
        ArrayNode tokensAdded = root.putArray("added_tokens");
        for (Added token : added) {
            tokensAdded
                    .addObject()
                    .put("id", token.id())
                    .put("content", token.content())
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", token.special());
        }
        root.set("normalizer", normalizer == null ? Tokenizers.JSON.nullNode() : normalizer);
        root.set("pre_tokenizer", preTokenizer == null ? Tokenizers.JSON.nullNode() : preTokenizer);
        if (bos.isEmpty() && eos.isEmpty()) {
            root.putNull("post_processor");
        } else {
            root.set("post_processor", around(bos, eos));
        }
        return root;
    }

    /** The template that puts BOS before and EOS after each text. */
    private ObjectNode around(OptionalInt bos, OptionalInt eos) {
        ObjectNode processor = Tokenizers.JSON.createObjectNode().put("type", "TemplateProcessing");
        text(processor.putArray("single"), "A", 0, bos, eos);
        ArrayNode pair = processor.putArray("pair");
        text(pair, "A", 0, bos, eos);
        text(pair, "B", 1, bos, eos);
        ObjectNode specials = processor.putObject("special_tokens");
        bos.ifPresent(id -> declare(specials, id));
        eos.ifPresent(id -> declare(specials, id));
        return processor;
    }

    private void text(ArrayNode template, String name, int type, OptionalInt bos, OptionalInt eos) {
        bos.ifPresent(id -> step(template, "SpecialToken", tokens.get(id), type));
        step(template, "Sequence", name, type);
        eos.ifPresent(id -> step(template, "SpecialToken", tokens.get(id), type));
    }

    private static void step(ArrayNode template, String kind, String id, int type) {
        template.addObject().putObject(kind).put("id", id).put("type_id", type);
    }

    private void declare(ObjectNode specials, int id) {
        String piece = tokens.get(id);
        ObjectNode token = specials.putObject(piece).put("id", piece);
        token.putArray("ids").add(id);
        token.putArray("tokens").add(piece);
    }

    /** The {@code model} section: ids by piece, merges in order. */
    private ObjectNode model(ObjectNode root) {
        ObjectNode model = root.putObject("model").put("type", "BPE");
        model.putNull("dropout").putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        ObjectNode vocab = model.putObject("vocab");
        for (int id = 0; id < tokens.size(); id++) {
            vocab.put(tokens.get(id), id);
        }
        ArrayNode pairs = model.putArray("merges");
        for (Merge merge : merges) {
            pairs.addArray().add(merge.left()).add(merge.right());
        }
        return model;
    }
}
