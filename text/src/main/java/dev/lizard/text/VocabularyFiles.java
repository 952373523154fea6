package dev.lizard.text;

import dev.lizard.base.LizardException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The older form of a byte-level BPE tokenizer, {@code vocab.json} and {@code merges.txt}, as a tokenizer.json. */
final class VocabularyFiles {
    /** The classes that keep their tokenizer so, with what they do before merging. */
    private static final Map<String, PreTokenizer> CLASSES = Map.of(
            "GPT2Tokenizer", PreTokenizer.GPT2,
            "GPT2TokenizerFast", PreTokenizer.GPT2,
            "Qwen2Tokenizer", PreTokenizer.QWEN2,
            "Qwen2TokenizerFast", PreTokenizer.QWEN2);

    private static final String END = "<|endoftext|>";

    private VocabularyFiles() {}

    /**
     * Reads the files of {@code folder}.
     *
     * @throws LizardException INPUT where they are missing, malformed or of another class
     */
    static JsonNode read(Path folder, Section config) {
        Path vocab = folder.resolve("vocab.json");
        Path merges = folder.resolve("merges.txt");
        if (!Files.isRegularFile(vocab) || !Files.isRegularFile(merges)) {
            boolean sentencePiece = Files.exists(folder.resolve("tokenizer.model"));
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "no tokenizer",
                    folder,
                    "tokenizer.json, or vocab.json with merges.txt",
                    sentencePiece ? "only tokenizer.model" : "none",
                    "add the model's tokenizer.json (a fast tokenizer's save_pretrained writes it)");
        }
        Section name = config.at("tokenizer_class");
        PreTokenizer family = CLASSES.get(name.node().asString(""));
        if (family == null) {
            throw name.wrong("one of %s, beside vocab.json and merges.txt"
                    .formatted(
                            String.join(", ", CLASSES.keySet().stream().sorted().toList())));
        }
        boolean spaceFirst = config.at("add_prefix_space").flagIfThere();
        ObjectNode root = new TokenizerJson(List.of(), List.of(), List.of())
                .byteLevel(
                        family,
                        family.composes() ? Tokenizers.JSON.createObjectNode().put("type", "NFC") : null,
                        OptionalInt.empty(),
                        OptionalInt.empty());
        for (JsonNode step : root.path("pre_tokenizer").path("pretokenizers")) {
            if (step.path("type").asString("").equals("ByteLevel")) {
                ((ObjectNode) step).put("add_prefix_space", spaceFirst);
            }
        }
        ObjectNode model = (ObjectNode) root.path("model");
        JsonNode pieces = Tokenizers.parse(TokenizerFolder.read(vocab), vocab.toString());
        model.set("vocab", pieces);
        ArrayNode list = model.putArray("merges");
        for (String line : lines(merges)) {
            list.add(line);
        }
        if (pieces.path(END).isInt()) {
            ((ArrayNode) root.path("added_tokens"))
                    .addObject()
                    .put("id", pieces.path(END).asInt())
                    .put("content", END)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false)
                    .put("special", true);
        }
        return root;
    }

    private static List<String> lines(Path merges) {
        List<String> lines =
                new ArrayList<>(TokenizerFolder.read(merges).lines().toList());
        lines.removeIf(String::isBlank);
        if (!lines.isEmpty() && lines.getFirst().startsWith("#version")) {
            lines.removeFirst();
        }
        return lines;
    }
}
