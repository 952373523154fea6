package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads and writes the tokenizer files of a Hugging Face folder. */
final class TokenizerFolder {
    private static final String TOKENIZER = "tokenizer.json";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String TEMPLATE = "chat_template.jinja";

    private TokenizerFolder() {}

    static Tokenizer open(Path folder) {
        Path file = folder.resolve(TOKENIZER);
        if (!Files.isRegularFile(file)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "no tokenizer",
                    folder,
                    TOKENIZER,
                    Files.exists(folder.resolve("tokenizer.model")) ? "only tokenizer.model" : "none",
                    "add the model's " + TOKENIZER + " (a fast tokenizer's save_pretrained writes it)");
        }
        String json = read(file);
        JsonNode root = Tokenizers.parse(json, file.toString());
        return new NativeTokenizer(
                json, root, settings(folder, new Vocabulary(root, file.toString())), file.toString());
    }

    private static TokenizerSettings settings(Path folder, Vocabulary vocabulary) {
        JsonNode config = readIfThere(folder.resolve(CONFIG));
        JsonNode generation = readIfThere(folder.resolve("generation_config.json"));
        JsonNode model = readIfThere(folder.resolve("config.json"));
        SequencedSet<Integer> eos = new LinkedHashSet<>();
        tokenId(config.path("eos_token"), vocabulary).ifPresent(eos::add);
        eos.addAll(ids(generation.path("eos_token_id")));
        if (eos.isEmpty()) {
            eos.addAll(ids(model.path("eos_token_id")));
        }
        OptionalInt bos = tokenId(config.path("bos_token"), vocabulary);
        if (bos.isEmpty() && config.path("bos_token").isMissingNode()) {
            bos = ids(model.path("bos_token_id")).stream().mapToInt(id -> id).findFirst();
        }
        return new TokenizerSettings(bos, List.copyOf(eos), template(folder, config));
    }

    /** A token written as its text or as an object with {@code content}. */
    private static OptionalInt tokenId(JsonNode token, Vocabulary vocabulary) {
        String content = token.isObject() ? token.path("content").asString("") : token.asString("");
        return content.isEmpty() ? OptionalInt.empty() : vocabulary.id(content);
    }

    /** One id, a list of ids, or nothing. */
    private static List<Integer> ids(JsonNode node) {
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : node.isArray() ? node.values() : List.of(node)) {
            if (id.isInt()) {
                ids.add(id.asInt());
            }
        }
        return ids;
    }

    /** The file of its own wins over the config; of several named templates, the one called {@code default}. */
    private static Optional<String> template(Path folder, JsonNode config) {
        Path file = folder.resolve(TEMPLATE);
        if (Files.isRegularFile(file)) {
            return Optional.of(read(file));
        }
        JsonNode template = config.path("chat_template");
        if (template.isString()) {
            return Optional.of(template.asString());
        }
        for (JsonNode named : template) {
            if (named.path("name").asString("").equals("default")) {
                return Optional.of(named.path("template").asString(""));
            }
        }
        return Optional.empty();
    }

    static void write(Tokenizer tokenizer, Path folder) {
        ObjectNode config = Tokenizers.JSON.createObjectNode();
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        config.put("clean_up_tokenization_spaces", false);
        tokenizer.bosId().ifPresent(id -> config.put("bos_token", tokenizer.piece(id)));
        tokenizer.eosIds().stream().findFirst().ifPresent(id -> config.put("eos_token", tokenizer.piece(id)));
        tokenizer.settings().chatTemplate().ifPresent(template -> config.put("chat_template", template));
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve(TOKENIZER), tokenizer.json());
            Files.writeString(folder.resolve(CONFIG), config.toPrettyString() + "\n");
        } catch (IOException unwritable) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "cannot write tokenizer files to %s: %s; free space or choose another folder"
                            .formatted(folder, unwritable.getMessage()),
                    unwritable);
        }
    }

    private static JsonNode readIfThere(Path file) {
        return Files.isRegularFile(file)
                ? Tokenizers.parse(read(file), file.toString())
                : Tokenizers.JSON.createObjectNode();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new LizardException(
                    LizardException.Kind.INPUT,
                    "cannot read %s: %s; check that it is UTF-8 text and readable"
                            .formatted(file, unreadable.getMessage()),
                    unreadable);
        }
    }
}
