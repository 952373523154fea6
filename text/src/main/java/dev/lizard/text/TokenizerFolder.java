package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;
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
            Section config = section(folder, CONFIG);
            return assemble(VocabularyFiles.read(folder, config), null, folder, folder.toString());
        }
        String json = read(file);
        return assemble(Tokenizers.parse(json, file.toString()), json, folder, file.toString());
    }

    /** The tokenizer of {@code root} (which {@code json} spells, where there is such a file) and its neighbours. */
    @SuppressWarnings("ReferenceEquality") // addTo gives root itself where it adds nothing
    private static Tokenizer assemble(JsonNode root, @Nullable String json, Path folder, String where) {
        TokenizerChecks.check(root, where);
        AddedTokenFiles tokens = tokens(folder);
        JsonNode whole = tokens.addTo(root);
        TokenizerSettings settings = settings(folder, tokens, new Vocabulary(whole, where));
        return new NativeTokenizer(json != null && whole == root ? json : whole.toString(), whole, settings, where);
    }

    private static AddedTokenFiles tokens(Path folder) {
        return new AddedTokenFiles(
                section(folder, CONFIG),
                section(folder, "special_tokens_map.json"),
                section(folder, "added_tokens.json"));
    }

    private static Section section(Path folder, String name) {
        Path file = folder.resolve(name);
        return new Section(readIfThere(file), file.toString());
    }

    private static TokenizerSettings settings(Path folder, AddedTokenFiles tokens, Vocabulary vocabulary) {
        Section config = section(folder, CONFIG);
        JsonNode generation = readIfThere(folder.resolve("generation_config.json"));
        JsonNode model = readIfThere(folder.resolve("config.json"));
        Map<String, String> named = tokens.named();
        SequencedSet<Integer> eos = new LinkedHashSet<>();
        vocabulary.id(named.getOrDefault("eos_token", "")).ifPresent(eos::add);
        eos.addAll(ids(generation.path("eos_token_id")));
        if (eos.isEmpty()) {
            eos.addAll(ids(model.path("eos_token_id")));
        }
        OptionalInt bos = vocabulary.id(named.getOrDefault("bos_token", ""));
        if (bos.isEmpty() && config.node().path("bos_token").isMissingNode()) {
            bos = ids(model.path("bos_token_id")).stream().mapToInt(id -> id).findFirst();
        }
        return new TokenizerSettings(bos, List.copyOf(eos), template(folder, config), named);
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

    /** A file of its own wins over the config; of several named templates, the one called {@code default}. */
    private static Optional<String> template(Path folder, Section config) {
        Path file = folder.resolve(TEMPLATE);
        if (Files.isRegularFile(file)) {
            return Optional.of(read(file));
        }
        Section template = config.at("chat_template");
        if (template.absent()) {
            template = section(folder, "chat_template.json").at("chat_template");
        }
        if (template.absent()) {
            return Optional.empty();
        }
        if (template.node().isString()) {
            return Optional.of(template.text());
        }
        template.list();
        for (int i = 0; i < template.node().size(); i++) {
            Section named = template.at(i).object();
            if (named.at("name").text().equals("default")) {
                return Optional.of(named.at("template").text());
            }
        }
        return Optional.empty();
    }

    static void write(Tokenizer tokenizer, Path folder) {
        ObjectNode config = Tokenizers.JSON.createObjectNode();
        config.put("tokenizer_class", "PreTrainedTokenizerFast");
        config.put("clean_up_tokenization_spaces", false);
        tokenizer.settings().named().forEach(config::put);
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

    /** A file's whole text. */
    static String read(Path file) {
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
