package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/**
 * Examines the {@code model} and the {@code added_tokens} of a {@code tokenizer.json}: numbers are whole and in range, no
 * id has two pieces and no piece two ids, and what one part names the other has.
 */
final class ModelChecks {
    /** The library frees a tree as deep as the longest piece has bytes on its stack, which ends the process. */
    private static final int LONGEST_UNIGRAM = 250;

    private static final List<String> KINDS = List.of("BPE", "Unigram", "WordPiece", "WordLevel");

    private static final Set<String> VANISHING =
            Set.of("Strip", "StripAccents", "Nmt", "BertNormalizer", "Precompiled", "Replace");

    private final Section root;
    private final Section model;
    private final Map<String, Integer> ids = new HashMap<>();

    private ModelChecks(Section root) {
        this.root = root;
        this.model = root.at("model");
    }

    static void check(Section root) {
        ModelChecks checks = new ModelChecks(root);
        checks.model();
        checks.added();
    }

    private void model() {
        model.object();
        String type = model.node().has("type") ? model.type() : inferred();
        if (!KINDS.contains(type)) {
            throw StepChecks.unknown(model, KINDS);
        }
        if (type.equals("Unigram")) {
            unigram();
            return;
        }
        vocabulary();
        switch (type) {
            case "BPE" -> bpe();
            case "WordPiece" -> {
                model.spells("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
                knownUnknown();
            }
            default -> {
                model.spells("type", "vocab", "unk_token");
                knownUnknown();
            }
        }
    }

    /** Old files do not name their model's type. */
    private String inferred() {
        return model.node().has("merges") ? "BPE" : model.node().path("vocab").isArray() ? "Unigram" : "WordLevel";
    }

    private void vocabulary() {
        Section vocab = model.at("vocab");
        if (!vocab.node().isObject()) {
            throw vocab.wrong("an object of pieces");
        }
        BitSet taken = new BitSet();
        int most = Math.min(4 * vocab.node().size() + (1 << 16), Section.MOST_IDS);
        for (Map.Entry<String, JsonNode> entry : vocab.node().properties()) {
            JsonNode id = entry.getValue();
            boolean whole = id.isIntegralNumber() && id.canConvertToInt();
            if (!whole || id.asInt() < 0 || id.asInt() > most || taken.get(id.asInt())) {
                throw badId(new Section(id, vocab.where() + "/" + entry.getKey()), most);
            }
            int value = id.asInt();
            taken.set(value);
            ids.put(entry.getKey(), value);
        }
    }

    private static LizardException badId(Section id, int most) {
        return id.wrong("an id of its own", id.whole(0, most) + ", which another piece has too");
    }

    private void bpe() {
        model.spells(
                "type",
                "dropout",
                "unk_token",
                "continuing_subword_prefix",
                "end_of_word_suffix",
                "fuse_unk",
                "byte_fallback",
                "ignore_merges",
                "vocab",
                "merges");
        Section dropout = model.at("dropout");
        if (!dropout.absent() && dropout.node().asDouble(1) != 0) {
            throw dropout.wrong("null: with another value the same text has other tokens each time");
        }
        for (String flag : List.of("fuse_unk", "byte_fallback", "ignore_merges")) {
            model.at(flag).flagIfThere();
        }
        Section prefix = model.at("continuing_subword_prefix");
        merges(model.at("merges").list(), prefix.absent() ? "" : prefix.text());
    }

    /** Each merge is of two pieces, and what comes of it is one; the second begins with {@code prefix}, which goes. */
    private void merges(Section merges, String prefix) {
        for (int i = 0; i < merges.node().size(); i++) {
            JsonNode merge = merges.node().get(i);
            String left;
            String right;
            if (merge.isString()) {
                String both = merge.asString();
                int space = both.indexOf(' ');
                left = space < 0 ? both : both.substring(0, space);
                right = space < 0 ? "" : both.substring(space + 1);
            } else {
                left = merge.path(0).asString("");
                right = merge.path(1).asString("");
            }
            if (left.isEmpty() || right.isEmpty() || (merge.isArray() && merge.size() != 2)) {
                // Old files begin with a line that names the version.
                if (i == 0 && left.startsWith("#version")) {
                    continue;
                }
                throw merges.at(i).wrong("two pieces");
            }
            String made = right.startsWith(prefix) ? left.concat(right.substring(prefix.length())) : "";
            if (!ids.containsKey(left) || !ids.containsKey(right) || !ids.containsKey(made)) {
                throw merges.at(i)
                        .wrong("pieces of the vocabulary, also when joined", "'%s' and '%s'".formatted(left, right));
            }
        }
    }

    private void knownUnknown() {
        Section unknown = model.at("unk_token");
        if (!ids.containsKey(unknown.text())) {
            throw unknown.wrong("a piece of the vocabulary");
        }
    }

    private void unigram() {
        model.spells("type", "unk_id", "vocab", "byte_fallback");
        Section vocab = model.at("vocab").list();
        int size = vocab.node().size();
        for (int id = 0; id < size; id++) {
            Section pair = vocab.at(id);
            if (pair.node().size() != 2
                    || !pair.node().path(0).isString()
                    || !pair.node().path(1).isNumber()
                    || !Double.isFinite(pair.node().path(1).asDouble(0))) {
                throw pair.wrong("a piece and its finite score");
            }
            String piece = pair.node().path(0).asString();
            if (piece.length() > LONGEST_UNIGRAM) {
                throw pair.wrong(
                        "a piece of at most %d characters".formatted(LONGEST_UNIGRAM), piece.length() + " of them");
            }
            if (ids.putIfAbsent(piece, id) != null) {
                throw pair.wrong("a piece of its own", "'%s' again".formatted(piece));
            }
        }
        if (size == 0) {
            throw vocab.wrong("one piece or more", "none");
        }
        if (!model.at("unk_id").absent()) {
            model.at("unk_id").whole(0, size - 1);
        }
        model.at("byte_fallback").flagIfThere();
    }

    /**
     * Added tokens have the ids that the library gives them: it passes over those of the file, takes a piece's own, and
     * counts on from the end for the others.
     */
    private void added() {
        Section added = root.at("added_tokens");
        if (added.absent()) {
            return;
        }
        added.list();
        AddedIds expected = new AddedIds(ids);
        for (int i = 0; i < added.node().size(); i++) {
            Section token = added.at(i).object();
            token.spells("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            String content = token.at("content").text();
            if (content.isEmpty()) {
                throw token.at("content").wrong("a text", "an empty one");
            }
            for (String flag : List.of("single_word", "lstrip", "rstrip", "normalized", "special")) {
                token.at(flag).flagIfThere();
            }
            if (token.at("normalized").flagIfThere() && mayVanish(content)) {
                throw token.wrong("a token that its normalizer leaves something of", "'" + content + "'");
            }
            int id = token.at("id").id();
            int given = expected.of(content);
            if (id != given) {
                throw token.at("id")
                        .wrong("%d, which its place in the vocabulary or in the list gives '%s'"
                                .formatted(given, content));
            }
        }
    }

    /** Whether nothing may be left of {@code content} once it is normalised, so that it would be found everywhere. */
    private boolean mayVanish(String content) {
        boolean solid =
                content.codePoints().anyMatch(c -> c < 128 ? c > 32 : Character.isLetterOrDigit(c) && c != 0x2581);
        return !solid && vanishes(root.node().path("normalizer"));
    }

    private static boolean vanishes(JsonNode normalizer) {
        for (JsonNode step : normalizer.path("normalizers")) {
            if (vanishes(step)) {
                return true;
            }
        }
        return VANISHING.contains(normalizer.path("type").asString(""));
    }

    /** How the library numbers added tokens. */
    static final class AddedIds {
        private final Map<String, Integer> pieces;
        private final Map<String, Integer> given = new HashMap<>();
        private int highest = -1;

        AddedIds(Map<String, Integer> pieces) {
            this.pieces = pieces;
        }

        /** The id of the next token. */
        int of(String content) {
            Integer known = pieces.getOrDefault(content, given.get(content));
            int next = pieces.isEmpty() || highest >= pieces.size() ? highest + 1 : pieces.size();
            int id = known != null ? known : next;
            given.put(content, id);
            highest = Math.max(highest, id);
            return id;
        }
    }

    /** The pieces of a model's vocabulary with their ids. */
    static Map<String, Integer> pieces(JsonNode root) {
        Map<String, Integer> pieces = new HashMap<>();
        JsonNode vocab = root.path("model").path("vocab");
        if (vocab.isArray()) {
            for (JsonNode pair : vocab) {
                pieces.put(pair.path(0).asString(""), pieces.size());
            }
        } else {
            vocab.properties().forEach(e -> pieces.put(e.getKey(), e.getValue().asInt(-1)));
        }
        return pieces;
    }
}
