package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {
    private static final String LONG = "A line with words, 1234 and \u00e9\u4e16\ud83e\udd16.\n".repeat(20_000);

    @Test
    void bytesAreTheirOwnIds() {
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<|eos|>", "<|pad|>"))) {
            assertThat(tokenizer.vocabSize()).isEqualTo(258);
            assertThat(tokenizer.eosIds()).containsExactly(256);
            assertThat(tokenizer.encode("", true)).isEmpty();
            assertThat(tokenizer.encode("a \u00e9<|eos|>\n", true)).containsExactly(97, 32, 0xC3, 0xA9, 256, 10);
            assertThat(tokenizer.decode(new int[] {97, 256, 98}, true)).isEqualTo("ab");
            assertThat(tokenizer.decode(new int[] {97, 256, 98}, false)).isEqualTo("a<|eos|>b");
            byte[] utf8 = LONG.getBytes(UTF_8);
            int[] ids = tokenizer.encode(LONG, false);
            assertThat(ids).hasSize(utf8.length);
            assertThat(tokenizer.decode(ids, false)).isEqualTo(LONG);
        }
    }

    @Test
    void streamedTextIsTheDecodedTextAndNeverSplitsACharacter() {
        long seed = TestSeed.next();
        Random random = new Random(seed);
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<|eos|>"))) {
            for (int round = 0; round < 300; round++) {
                String text = randomText(random, random.nextInt(60));
                StreamDecoder decoder = tokenizer.streamDecoder(true);
                StringBuilder streamed = new StringBuilder();
                for (int id : tokenizer.encode(text, false)) {
                    String part = decoder.append(id);
                    assertThat(part).as("seed %d", seed).doesNotContain("\uFFFD");
                    assertThat(part.codePoints().noneMatch(c -> c >= 0xD800 && c < 0xE000))
                            .isTrue();
                    streamed.append(part);
                    if (random.nextInt(8) == 0) {
                        assertThat(decoder.append(256)).isEmpty();
                    }
                }
                assertThat(streamed.append(decoder.finish()))
                        .as("seed %d", seed)
                        .hasToString(text);
            }
        }
    }

    @Test
    void randomBytesDecodeAsTheLibraryDecodesThemButForTheLengthOfDamage() {
        long seed = TestSeed.next();
        Random random = new Random(seed);
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<|eos|>"))) {
            for (int round = 0; round < 300; round++) {
                int[] ids = random.ints(random.nextInt(40), 0, 257).toArray();
                String reference = ((NativeTokenizer) tokenizer).referenceDecode(ids, false);
                assertThat(tokenizer.decode(ids, false).replaceAll("\uFFFD+", "?"))
                        .as("seed %d", seed)
                        .isEqualTo(reference.replaceAll("\uFFFD+", "?"));
            }
        }
    }

    @Test
    void incompleteCharactersAreHeldAndEndAsReplacements() {
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<|eos|>"))) {
            StreamDecoder decoder = tokenizer.streamDecoder(true);
            assertThat(decoder.append(0xF0)).isEmpty();
            assertThat(decoder.append(0x9F)).isEmpty();
            assertThat(decoder.append(256)).isEmpty();
            assertThat(decoder.append(0xA4)).isEmpty();
            assertThat(decoder.append(0x96)).isEqualTo("\ud83e\udd16");
            assertThat(decoder.append(0xE2)).isEmpty();
            assertThat(decoder.append('x')).isEqualTo("\uFFFDx");
            assertThat(decoder.append(0xE2)).isEmpty();
            assertThat(decoder.finish()).isEqualTo("\uFFFD");
            assertThat(decoder.append('y')).isEqualTo("y");
            assertThat(decoder.append(70_000))
                    .as("an id beyond the vocabulary has no text")
                    .isEmpty();
        }
    }

    @Test
    void offsetsPointIntoTheText() {
        try (Tokenizer tokenizer = Tokenizers.fromGguf(sentencePiece(), "toy.gguf")) {
            String text = "ab \ud83e\udd16ab<|x|>ab";
            Tokenized tokenized = tokenizer.encodeWithOffsets(text, true);
            assertThat(tokenized.ids()).isEqualTo(tokenizer.encode(text, true));
            assertThat(tokenized.starts()[0]).isEqualTo(-1);
            int special = tokenizer.id("<|x|>").orElseThrow();
            for (int i = 0; i < tokenized.ids().length; i++) {
                if (tokenized.ids()[i] == special) {
                    assertThat(tokenized.starts()[i]).isEqualTo(text.indexOf("<|x|>"));
                }
            }
            assertThat(tokenized.starts()[tokenized.starts().length - 1]).isEqualTo(text.lastIndexOf("ab"));
        }
    }

    @Test
    void sentencePieceMergesByScoreAndFallsBackToBytes() {
        try (Tokenizer tokenizer = Tokenizers.fromGguf(sentencePiece(), "toy.gguf")) {
            List<String> pieces = pieces(tokenizer, tokenizer.encode("ab c\u00e9", true));
            assertThat(pieces).containsExactly("<s>", "\u2581ab", "\u2581", "c", "<0xC3>", "<0xA9>");
            int[] ids = tokenizer.encode("ab c\u00e9", true);
            assertThat(tokenizer.decode(ids, true)).isEqualTo("ab c\u00e9");
            assertThat(((NativeTokenizer) tokenizer).referenceDecode(ids, true)).isEqualTo("ab c\u00e9");
            StreamDecoder going = tokenizer.streamDecoder(true, true);
            assertThat(going.append(tokenizer.id("\u2581ab").orElseThrow())).isEqualTo(" ab");
        }
    }

    @Test
    void sentencePieceWithoutSpacePrefixKeepsTheFirstSpace() {
        Map<String, Object> metadata = sentencePiece();
        metadata.put("tokenizer.ggml.add_space_prefix", false);
        try (Tokenizer tokenizer = Tokenizers.fromGguf(metadata, "toy.gguf")) {
            assertThat(pieces(tokenizer, tokenizer.encode("ab", false))).containsExactly("ab");
            assertThat(tokenizer.decode(tokenizer.encode(" ab", false), true)).isEqualTo(" ab");
        }
    }

    @Test
    void preTokenizersCutDigitsAsTheirModelsDo() {
        Map<String, List<String>> expected = Map.of(
                "gpt-2", List.of("1234", "x"),
                "smollm", List.of("1", "2", "3", "4", "x"),
                "llama-bpe", List.of("123", "4", "x"),
                "qwen2", List.of("1", "2", "3", "4", "x"),
                "tekken", List.of("1", "2", "3", "4", "x"),
                "default", List.of("123", "4", "x"));
        expected.forEach((pre, pieces) -> {
            try (Tokenizer tokenizer = Tokenizers.fromGguf(digits(pre), "toy.gguf")) {
                assertThat(pieces(tokenizer, tokenizer.encode("1234x", false)))
                        .as(pre)
                        .isEqualTo(pieces);
                assertThat(tokenizer.decode(tokenizer.encode("1234x\u00e9 \n", false), true))
                        .isEqualTo("1234x\u00e9 \n");
            }
        });
    }

    @Test
    void unknownKindsAreRefusedByName() {
        Map<String, Object> metadata = digits("smolm");
        assertThatThrownBy(() -> Tokenizers.fromGguf(metadata, "toy.gguf"))
                .isInstanceOf(LizardException.class)
                .hasMessageContainingAll("toy.gguf/tokenizer.ggml.pre", "qwen2", "'smolm'", "did you mean 'smollm'?");
        metadata.put("tokenizer.ggml.model", "bert");
        assertThatThrownBy(() -> Tokenizers.fromGguf(metadata, "toy.gguf"))
                .hasMessageContainingAll("tokenizer.ggml.model", "gpt2 or llama", "'bert'");
        assertThatThrownBy(() -> Tokenizers.fromGguf(Map.of(), "toy.gguf"))
                .hasMessageContainingAll("toy.gguf/tokenizer.ggml.tokens", "nothing");
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", "gpt-2");
        metadata.put("tokenizer.ggml.eos_token_id", 99_999L);
        assertThatThrownBy(() -> Tokenizers.fromGguf(metadata, "toy.gguf"))
                .hasMessageContainingAll("eos_token_id", "99999");
    }

    @Test
    void foldersSayWhatIsMissingOrBroken(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> Tokenizers.open(folder))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContainingAll(folder.toString(), "tokenizer.json");
        Files.writeString(folder.resolve("tokenizer.json"), "{\"model\":");
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessageContaining("unreadable JSON");
        Files.writeString(
                folder.resolve("tokenizer.json"), "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}");
        assertThatThrownBy(() -> Tokenizers.open(folder)).hasMessageContainingAll("decoder", "none");
    }

    @Test
    void folderSettingsComeFromAllTheFilesThatHoldThem(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("tokenizer.json"), ByteTokenizer.json(List.of("<e>", "<f>", "<b>")));
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                "{\"bos_token\":{\"content\":\"<b>\"},\"eos_token\":\"<e>\",\"chat_template\":["
                        + "{\"name\":\"tool\",\"template\":\"T\"},{\"name\":\"default\",\"template\":\"D\"}]}");
        Files.writeString(folder.resolve("generation_config.json"), "{\"eos_token_id\":[257,256]}");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.bosId()).hasValue(258);
            assertThat(tokenizer.eosIds()).containsExactly(256, 257);
            assertThat(tokenizer.settings().chatTemplate()).contains("D");
        }
        Files.writeString(folder.resolve("chat_template.jinja"), "J");
        try (Tokenizer tokenizer = Tokenizers.open(folder)) {
            assertThat(tokenizer.settings().chatTemplate()).contains("J");
        }
    }

    @Test
    void oddTextsAreEncodedAndClosedTokenizersRefuse() {
        Tokenizer tokenizer = ByteTokenizer.open(List.of());
        assertThat(tokenizer.decode(tokenizer.encode("a\ud800b\u0000c", false), false))
                .isEqualTo("a\uFFFDb\u0000c");
        tokenizer.close();
        tokenizer.close();
        assertThatIllegalStateException().isThrownBy(() -> tokenizer.encode("a", false));
        assertThatIllegalStateException().isThrownBy(() -> tokenizer.encodeLiteral("a"));
    }

    static List<String> pieces(Tokenizer tokenizer, int[] ids) {
        List<String> pieces = new ArrayList<>();
        for (int id : ids) {
            pieces.add(tokenizer.piece(id));
        }
        return pieces;
    }

    static String randomText(Random random, int codePoints) {
        StringBuilder text = new StringBuilder();
        int[] limits = {0x80, 0x800, 0xD800, 0x110000};
        while (text.codePointCount(0, text.length()) < codePoints) {
            int c = random.nextInt(limits[random.nextInt(limits.length)]);
            if (c < 0xD800 || c > 0xFFFF) {
                text.appendCodePoint(c);
            }
        }
        return text.toString();
    }

    /** A byte-level vocabulary that can join 1, 2, 3 and 4. */
    private static Map<String, Object> digits(String pre) {
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(String.valueOf(ByteAlphabet.charOf(b)));
        }
        tokens.addAll(List.of("12", "123", "1234"));
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", pre);
        metadata.put("tokenizer.ggml.tokens", tokens);
        metadata.put("tokenizer.ggml.merges", List.of("1 2", "12 3", "123 4"));
        return metadata;
    }

    /** A SentencePiece vocabulary of bytes and a few pieces. */
    static Map<String, Object> sentencePiece() {
        List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>", "<|x|>"));
        List<Long> types = new ArrayList<>(List.of(2L, 3L, 3L, 3L));
        List<Double> scores = new ArrayList<>(List.of(0.0, 0.0, 0.0, 0.0));
        for (int b = 0; b < 256; b++) {
            tokens.add("<0x%02X>".formatted(b));
            types.add(6L);
            scores.add(0.0);
        }
        for (String piece : List.of("ab", "\u2581ab", "\u2581a", "a", "b", "c", "\u2581")) {
            scores.add(-(double) tokens.size());
            tokens.add(piece);
            types.add(1L);
        }
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("tokenizer.ggml.model", "llama");
        metadata.put("tokenizer.ggml.tokens", tokens);
        metadata.put("tokenizer.ggml.token_type", types);
        metadata.put("tokenizer.ggml.scores", scores);
        metadata.put("tokenizer.ggml.bos_token_id", 1L);
        metadata.put("tokenizer.ggml.eos_token_id", 2L);
        metadata.put("tokenizer.ggml.unknown_token_id", 0L);
        return metadata;
    }
}
