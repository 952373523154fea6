package dev.lizard.text;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Opens tokenizers, from wherever a model keeps its own. Whoever opens one closes it. */
public final class Tokenizers {
    static final JsonMapper JSON = JsonMapper.builder().build();

    private Tokenizers() {}

    /**
     * The tokenizer of a Hugging Face folder: {@code tokenizer.json}, with BOS, EOS and chat template from
     * {@code tokenizer_config.json}, {@code generation_config.json}, {@code config.json} and
     * {@code chat_template.jinja} where they are.
     *
     * @throws LizardException INPUT, where a file is missing, unreadable or of an unsupported kind
     */
    public static Tokenizer open(Path folder) {
        return TokenizerFolder.open(folder);
    }

    /**
     * The tokenizer that a GGUF file's metadata describe ({@code tokenizer.ggml.*}).
     *
     * @param metadata scalars as Long, Double, Boolean or String, arrays as lists of those
     * @param where the file, for error messages
     * @throws LizardException INPUT, where a key is missing or the kind of tokenizer is not supported
     */
    public static Tokenizer fromGguf(Map<String, ?> metadata, String where) {
        GgufVocabulary vocabulary = GgufVocabulary.of(metadata, where);
        JsonNode json = vocabulary.json();
        return new NativeTokenizer(json.toString(), json, vocabulary.settings(), where);
    }

    /** The tokenizer of a {@code tokenizer.json} in memory; {@code where} names its origin in errors. */
    public static Tokenizer fromJson(String json, TokenizerSettings settings, String where) {
        return new NativeTokenizer(json, parse(json, where), settings, where);
    }

    static JsonNode parse(String json, String where) {
        try {
            return JSON.readTree(json);
        } catch (JacksonException bad) {
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "unreadable JSON in %s: %s; restore the file".formatted(where, Json.problem(bad)),
                    bad);
        }
    }
}
