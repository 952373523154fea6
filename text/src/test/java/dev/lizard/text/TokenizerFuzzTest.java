package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The tokenizer files of a folder, and those of a GGUF file: opened, and some text through them and back. */
class TokenizerFuzzTest extends FuzzContract {
    private static final String GGUF = "gguf.json";
    private static final String TEXT = " ab, abba 12\u00e9\ud83e\udd8e\n<|end|>";
    private static final List<String> PIECES = List.of(
            "<unk>", "<s>", "<|end|>", "a", "b", "ab", "ba", "\u2581a", "\u2581", "\u0120a", "\u0120", "1", "2",
            "<0x0A>", "<0xC3>", ",", "abba");
    private static final List<TokenizerJson.Merge> MERGES = List.of(
            new TokenizerJson.Merge("a", "b"), new TokenizerJson.Merge("b", "a"), new TokenizerJson.Merge("ab", "ba"));
    private static final List<TokenizerJson.Added> ADDED =
            List.of(new TokenizerJson.Added(1, "<s>", true), new TokenizerJson.Added(2, "<|end|>", true));

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @Override
    public String name() {
        return "tokenizer";
    }

    @Override
    public List<Map<String, byte[]>> samples() {
        folder = new FuzzFolder(temp);
        TokenizerJson pieces = new TokenizerJson(PIECES, MERGES, ADDED);
        ObjectNode composed = Tokenizers.JSON.createObjectNode().put("type", "NFC");
        OptionalInt bos = OptionalInt.of(1);
        return Stream.concat(
                        Stream.of(
                                        pieces.byteLevel(PreTokenizer.GPT2, null, bos, OptionalInt.empty()),
                                        pieces.byteLevel(
                                                PreTokenizer.named("qwen2", ""), composed, bos, OptionalInt.of(2)),
                                        pieces.sentencePiece(true, 0, bos, OptionalInt.empty()),
                                        unigram())
                                .map(TokenizerFuzzTest::folderOf),
                        Stream.of(gguf("gpt2"), gguf("llama")))
                .toList();
    }

    private static Map<String, byte[]> folderOf(JsonNode tokenizer) {
        return Map.of(
                "tokenizer.json",
                tokenizer.toString().getBytes(UTF_8),
                "tokenizer_config.json",
                """
                {"bos_token": {"content": "<s>", "special": true}, "eos_token": "<|end|>", "pad_token": null,
                 "unk_token": "<unk>", "add_bos_token": true, "add_eos_token": false, "model_max_length": 1e30,
                 "added_tokens_decoder": {"1": {"content": "<s>", "special": true, "normalized": false,
                 "lstrip": false, "rstrip": false, "single_word": false}},
                 "chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}"}\
                """.getBytes(UTF_8),
                "special_tokens_map.json",
                """
                {"bos_token": "<s>", "eos_token": {"content": "<|end|>"}, "additional_special_tokens": ["<unk>"]}\
                """.getBytes(UTF_8),
                "added_tokens.json",
                "{\"<|end|>\": 2}".getBytes(UTF_8),
                "generation_config.json",
                "{\"eos_token_id\": [2, 1], \"bos_token_id\": 1}".getBytes(UTF_8),
                "config.json",
                "{\"eos_token_id\": 2, \"bos_token_id\": 1, \"vocab_size\": 17}".getBytes(UTF_8));
    }

    private static JsonNode unigram() {
        ObjectNode root = new TokenizerJson(PIECES, List.of(), ADDED)
                .sentencePiece(true, 0, OptionalInt.of(1), OptionalInt.empty());
        ObjectNode model =
                root.putObject("model").put("type", "Unigram").put("unk_id", 0).put("byte_fallback", true);
        PIECES.forEach(piece -> model.withArray("vocab").addArray().add(piece).add(-1.5));
        root.putObject("pre_tokenizer").put("type", "Metaspace").put("replacement", "\u2581");
        root.putObject("decoder").put("type", "Metaspace").put("replacement", "\u2581");
        return root;
    }

    private static Map<String, byte[]> gguf(String model) {
        ObjectNode metadata = Tokenizers.JSON.createObjectNode();
        metadata.put("tokenizer.ggml.model", model).put("tokenizer.ggml.pre", "llama-bpe");
        PIECES.forEach(metadata.putArray("tokenizer.ggml.tokens")::add);
        PIECES.forEach(piece -> metadata.withArray("tokenizer.ggml.scores").add(-0.5 * piece.length()));
        PIECES.forEach(piece -> metadata.withArray("tokenizer.ggml.token_type").add(piece.startsWith("<") ? 3 : 1));
        metadata.putArray("tokenizer.ggml.merges").add("a b").add("b a").add("ab ba");
        metadata.put("tokenizer.ggml.bos_token_id", 1).put("tokenizer.ggml.eos_token_id", 2);
        metadata.put("tokenizer.ggml.unknown_token_id", 0).put("tokenizer.ggml.add_bos_token", true);
        metadata.put("tokenizer.chat_template", "{{ messages[0].content }}");
        return Map.of(GGUF, metadata.toString().getBytes(UTF_8));
    }

    /** A GGUF reader gives no other types than these. */
    private static Object value(JsonNode node) {
        if (node.isArray()) {
            return node.values().stream().map(TokenizerFuzzTest::value).toList();
        }
        return node.isIntegralNumber()
                ? (Object) node.asLong(0)
                : node.isNumber() ? (Object) node.asDouble(0) : node.isBoolean() ? node.asBoolean() : node.asString("");
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        boolean main = sample.containsKey("tokenizer.json") && mutator.random().nextInt(3) != 0;
        if (!main) {
            return mutator.files(sample);
        }
        Map<String, byte[]> files = new HashMap<>(sample);
        files.computeIfPresent("tokenizer.json", mutator::file);
        return files;
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        byte[] gguf = input.get(GGUF);
        try (Tokenizer tokenizer = gguf == null ? Tokenizers.open(folder.with(input)) : fromGguf(gguf)) {
            int[] ids = tokenizer.encode(TEXT, true);
            tokenizer.decode(ids, false);
            tokenizer.decode(tokenizer.encodeLiteral(TEXT), true);
            assertThat(tokenizer.encodeWithOffsets(TEXT, true).ids()).isEqualTo(ids);
            for (int id : ids) {
                assertThat(id).isNotNegative();
                tokenizer.piece(id);
                tokenizer.isSpecial(id);
            }
            ChatTemplate.of(tokenizer);
        }
    }

    private static Tokenizer fromGguf(byte[] json) {
        Map<String, Object> metadata = new HashMap<>();
        Tokenizers.parse(new String(json, UTF_8), GGUF)
                .properties()
                .forEach(entry -> metadata.put(entry.getKey(), value(entry.getValue())));
        return Tokenizers.fromGguf(metadata, GGUF);
    }
}
