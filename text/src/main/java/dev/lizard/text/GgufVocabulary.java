package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** The {@code tokenizer.ggml.*} metadata of a GGUF file, written anew as an equal {@code tokenizer.json}. */
final class GgufVocabulary {
    private static final String PREFIX = "tokenizer.ggml.";
    /** GGUF's token types that matter here; the rest are ordinary pieces. */
    private static final int CONTROL = 3;

    private static final int USER_DEFINED = 4;

    private static final Map<String, String> NAMED = Map.of(
            "bos_token_id", "bos_token",
            "eos_token_id", "eos_token",
            "unknown_token_id", "unk_token",
            "padding_token_id", "pad_token");

    private final Map<String, ?> metadata;
    private final String where;
    private final List<String> tokens;

    private GgufVocabulary(Map<String, ?> metadata, String where) {
        this.metadata = metadata;
        this.where = where;
        this.tokens = strings("tokens");
    }

    static GgufVocabulary of(Map<String, ?> metadata, String where) {
        return new GgufVocabulary(metadata, where);
    }

    /** The {@code tokenizer.json}. */
    ObjectNode json() {
        String model = string("model").orElseThrow(() -> missing("model", "gpt2 or llama"));
        return switch (model) {
            case "gpt2" -> byteLevel();
            case "llama" -> sentencePiece();
            default ->
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "unsupported tokenizer",
                        where + "/" + PREFIX + "model",
                        "gpt2 or llama",
                        "'" + model + "'",
                        "use the model's Hugging Face folder, which has a tokenizer.json");
        };
    }

    TokenizerSettings settings() {
        SequencedSet<Integer> eos = new LinkedHashSet<>();
        for (String key : List.of("eos_token_id", "eot_token_id", "eom_token_id")) {
            tokenId(key).ifPresent(eos::add);
        }
        Object template = metadata.get("tokenizer.chat_template");
        Map<String, String> named = new HashMap<>();
        NAMED.forEach((key, name) -> tokenId(key).ifPresent(id -> named.put(name, tokens.get(id))));
        return new TokenizerSettings(
                tokenId("bos_token_id"),
                List.copyOf(eos),
                template instanceof String text ? Optional.of(text) : Optional.empty(),
                named);
    }

    private ObjectNode byteLevel() {
        PreTokenizer family = PreTokenizer.named(string("pre").orElse("default"), where);
        List<TokenizerJson.Merge> merges = new ArrayList<>();
        for (String merge : strings("merges")) {
            int space = merge.indexOf(' ', 1);
            if (space < 0) {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "bad merge",
                        where + "/" + PREFIX + "merges",
                        "two pieces with a space between",
                        "'" + merge + "'",
                        "download the file again");
            }
            merges.add(new TokenizerJson.Merge(merge.substring(0, space), merge.substring(space + 1)));
        }
        ObjectNode normalizer =
                family.composes() ? Tokenizers.JSON.createObjectNode().put("type", "NFC") : null;
        return new TokenizerJson(tokens, merges, added())
                .byteLevel(family, normalizer, bos(family.addsBos()), eos(false));
    }

    private ObjectNode sentencePiece() {
        List<?> scores = list("scores");
        if (scores.size() != tokens.size()) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "unequal lists",
                    where + "/" + PREFIX + "scores",
                    tokens.size() + " scores, one a token",
                    scores.size(),
                    "download the file again");
        }
        List<Double> numbers = new ArrayList<>(scores.size());
        for (Object score : scores) {
            if (!(score instanceof Number number)) {
                throw missing("scores", "numbers");
            }
            numbers.add(number.doubleValue());
        }
        return new TokenizerJson(tokens, SentencePieceMerges.of(tokens, numbers), added())
                .sentencePiece(
                        flag("add_space_prefix", true),
                        tokenId("unknown_token_id").orElse(0),
                        bos(true),
                        eos(false));
    }

    private List<TokenizerJson.Added> added() {
        List<TokenizerJson.Added> added = new ArrayList<>();
        Map<String, Integer> last = new HashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            last.put(tokens.get(id), id);
        }
        List<?> types = list("token_type");
        for (int id = 0; id < Math.min(types.size(), tokens.size()); id++) {
            if (!(types.get(id) instanceof Number number)) {
                throw missing("token_type", "numbers");
            }
            int type = number.intValue();
            String content = tokens.get(id);
            // Of pieces with one spelling the last counts, in the vocabulary too.
            boolean findable = !content.isEmpty() && last.getOrDefault(content, -1) == id;
            if (findable && (type == CONTROL || type == USER_DEFINED)) {
                added.add(new TokenizerJson.Added(id, content, type == CONTROL));
            }
        }
        return added;
    }

    private OptionalInt bos(boolean otherwise) {
        return flag("add_bos_token", otherwise) ? tokenId("bos_token_id") : OptionalInt.empty();
    }

    private OptionalInt eos(boolean otherwise) {
        return flag("add_eos_token", otherwise) ? tokenId("eos_token_id") : OptionalInt.empty();
    }

    private OptionalInt tokenId(String key) {
        Object value = metadata.get(PREFIX + key);
        if (value == null) {
            return OptionalInt.empty();
        }
        if (value instanceof Number id && id.longValue() >= 0 && id.longValue() < tokens.size()) {
            return OptionalInt.of(id.intValue());
        }
        throw LizardException.at(
                LizardException.Kind.INPUT,
                "bad token id",
                where + "/" + PREFIX + key,
                "an id below " + tokens.size(),
                value,
                "download the file again");
    }

    private boolean flag(String key, boolean otherwise) {
        return metadata.get(PREFIX + key) instanceof Boolean value ? value : otherwise;
    }

    private Optional<String> string(String key) {
        return metadata.get(PREFIX + key) instanceof String text ? Optional.of(text) : Optional.empty();
    }

    private List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        for (Object element : required(key)) {
            strings.add(String.valueOf(element));
        }
        return strings;
    }

    private List<?> list(String key) {
        return metadata.get(PREFIX + key) instanceof List<?> list ? list : List.of();
    }

    private List<?> required(String key) {
        @Nullable Object value = metadata.get(PREFIX + key);
        if (value instanceof List<?> list) {
            return list;
        }
        throw missing(key, "a list");
    }

    private LizardException missing(String key, String expected) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "no tokenizer",
                where + "/" + PREFIX + key,
                expected,
                metadata.containsKey(PREFIX + key) ? "another kind of value" : "nothing",
                "use a GGUF file that holds its tokenizer");
    }
}
