package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A text in parts has the ids of the whole, wherever it is cut. */
class TokenStreamTest {
    private static final List<String> WORDS = List.of(
            "the",
            "cat",
            "sat",
            "don't",
            "it's",
            "HTTPServer",
            "x",
            "1234",
            "3.14",
            "1234567",
            "\u00e9t\u00e9",
            "e\u0301",
            "\u0301",
            "\u4e16\u754c",
            "\u3053\u3093",
            "\ud83e\udd16",
            "\u01c5",
            "<|x|>",
            "<s>",
            "\u0130",
            "\uac00\u11a8",
            "##",
            "'s",
            "=\u0338",
            "\u200d",
            "a_b",
            "\u2581",
            "t\u2581c");
    private static final List<String> GAPS = List.of(
            " ", " ", " ", "", "  ", "   ", "\n", "\n\n", " \n", "\n ", "\t", "\r\n", ", ", "\uff0c", "\u3002", ".",
            "-", "\"", "\u00a0", "\u3000", "(");

    private static String text(Random random, int words) {
        StringBuilder text = new StringBuilder(random.nextInt(3) == 0 ? GAPS.get(random.nextInt(GAPS.size())) : "");
        for (int i = 0; i < words; i++) {
            text.append(WORDS.get(random.nextInt(WORDS.size()))).append(GAPS.get(random.nextInt(GAPS.size())));
        }
        return text.toString();
    }

    /** Byte-level BPE with merges learnt from a sample, so that words, spaces and line ends do join. */
    private static ObjectNode byteLevel(String pre) {
        StringBuilder sample = new StringBuilder();
        byte[] bytes = text(new Random(7), 1500).getBytes(java.nio.charset.StandardCharsets.UTF_8);
        List<String> symbols = new ArrayList<>();
        for (byte b : bytes) {
            symbols.add(String.valueOf(ByteAlphabet.charOf(b & 0xFF)));
            sample.append(symbols.getLast());
        }
        List<String> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(String.valueOf(ByteAlphabet.charOf(b)));
        }
        List<String> merges = new ArrayList<>();
        for (int round = 0; round < 250; round++) {
            Map<String, Integer> counts = new TreeMap<>();
            for (int i = 1; i < symbols.size(); i++) {
                counts.merge(symbols.get(i - 1) + " " + symbols.get(i), 1, Integer::sum);
            }
            String best = counts.entrySet().stream()
                    .max(Map.Entry.comparingByValue())
                    .orElseThrow()
                    .getKey();
            String[] pair = best.split(" ");
            List<String> next = new ArrayList<>();
            for (int i = 0; i < symbols.size(); i++) {
                boolean joins = i + 1 < symbols.size()
                        && symbols.get(i).equals(pair[0])
                        && symbols.get(i + 1).equals(pair[1]);
                next.add(joins ? pair[0] + pair[1] : symbols.get(i));
                i += joins ? 1 : 0;
            }
            symbols = next;
            if (!tokens.contains(pair[0] + pair[1])) {
                tokens.add(pair[0] + pair[1]);
                merges.add(best);
            }
        }
        Map<String, Object> metadata = new HashMap<>();
        metadata.put("tokenizer.ggml.model", "gpt2");
        metadata.put("tokenizer.ggml.pre", pre);
        tokens.addAll(List.of("<s>", "<|x|>"));
        metadata.put("tokenizer.ggml.tokens", tokens);
        metadata.put("tokenizer.ggml.merges", merges);
        metadata.put(
                "tokenizer.ggml.token_type",
                IntStream.range(0, tokens.size())
                        .mapToObj(id -> id >= tokens.size() - 2 ? 3L : 1L)
                        .toList());
        metadata.put("tokenizer.ggml.bos_token_id", tokens.size() - 2L);
        metadata.put("tokenizer.ggml.add_bos_token", true);
        return GgufVocabulary.of(metadata, "toy").json();
    }

    /** SentencePiece's BPE whose pieces are parts of a sample: some have their space inside. */
    private static ObjectNode sentencePiece(boolean prefix) {
        Map<String, Object> metadata = TokenizerTest.sentencePiece();
        List<Object> tokens = new ArrayList<>((List<?>) metadata.get("tokenizer.ggml.tokens"));
        List<Object> types = new ArrayList<>((List<?>) metadata.get("tokenizer.ggml.token_type"));
        List<Object> scores = new ArrayList<>((List<?>) metadata.get("tokenizer.ggml.scores"));
        Random random = new Random(11);
        String sample = text(random, 400).replace(' ', '\u2581');
        for (int i = 0; i < 900; i++) {
            int at = random.nextInt(sample.length() - 4);
            String piece = sample.substring(at, at + 1 + (i < 500 ? 0 : random.nextInt(3)));
            boolean whole = piece.codePoints().noneMatch(c -> c >= 0xD800 && c < 0xE000);
            if (whole && !tokens.contains(piece)) {
                tokens.add(piece);
                types.add(1L);
                scores.add(-(double) tokens.size());
            }
        }
        metadata.put("tokenizer.ggml.tokens", tokens);
        metadata.put("tokenizer.ggml.token_type", types);
        metadata.put("tokenizer.ggml.scores", scores);
        metadata.put("tokenizer.ggml.add_space_prefix", prefix);
        return GgufVocabulary.of(metadata, "toy").json();
    }

    private static ObjectNode changed(ObjectNode root, Consumer<ObjectNode> change) {
        change.accept(root);
        return root;
    }

    private static JsonNode json(String text) {
        return Tokenizers.JSON.readTree(text.replace('\'', '"'));
    }

    static final String RIGHT_TO_LEFT = "\\p{N}{1,3}(?=(?:\\p{N}{3})*(?!\\p{N}))";
    static final String TO_WORD_END = "\\d{1,3}(?=(?:\\d{3})*\\b)";

    static String regex(String regex, String behavior, boolean invert) {
        return "{'type':'Split','pattern':{'Regex':'%s'},'behavior':'%s','invert':%s}"
                .formatted(regex.replace("\\", "\\\\").replace("'", "\\u0027"), behavior, invert);
    }

    /** Byte-level BPE whose words these steps make. */
    static ObjectNode split(String... steps) {
        return changed(
                byteLevel("gpt-2"),
                root -> root.set(
                        "pre_tokenizer",
                        json("{'type':'Sequence','pretokenizers':[%s,{'type':'ByteLevel','add_prefix_space':false,"
                                        .formatted(String.join(",", steps))
                                + "'trim_offsets':true,'use_regex':false}]}")));
    }

    record Case(String name, ObjectNode root) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> tokenizers() {
        List<Case> all = new ArrayList<>();
        for (String pre : List.of("gpt-2", "smollm", "llama-bpe", "qwen2", "tekken", "default")) {
            all.add(new Case(pre, byteLevel(pre)));
        }
        all.add(new Case(
                "space first",
                changed(
                        byteLevel("gpt-2"),
                        root -> root.set(
                                "pre_tokenizer",
                                json("{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true}")))));
        all.add(new Case("prefix", sentencePiece(true)));
        all.add(new Case("no prefix", sentencePiece(false)));
        for (String scheme : List.of("always", "first", "never")) {
            all.add(new Case("metaspace " + scheme, changed(sentencePiece(true), root -> {
                root.putNull("normalizer");
                root.set(
                        "pre_tokenizer",
                        json("{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'" + scheme
                                + "','split':true}"));
            })));
        }
        all.add(new Case(
                "lower, spaces joined",
                changed(
                        byteLevel("gpt-2"),
                        root -> root.set(
                                "normalizer",
                                json("{'type':'Sequence','normalizers':[{'type':'NFKC'},{'type':'Lowercase'},"
                                        + "{'type':'Replace','pattern':{'String':'  '},'content':' '}]}")))));
        String letters = regex("\\s?\\p{L}+", "Isolated", false);
        all.add(new Case("spaces at the end", split(letters, regex("\\s+$", "Isolated", false))));
        all.add(new Case("digits from the right", split(regex(RIGHT_TO_LEFT, "Isolated", false), letters)));
        all.add(new Case("digits up to a word's end", split(regex(TO_WORD_END, "Isolated", false), letters)));
        all.add(new Case("between digits", split(regex("(?=(\\d{3})+(?!\\d))", "Isolated", false), letters)));
        all.add(new Case(
                "only what matches",
                split(regex(PreTokenizer.QWEN2.expressions().getFirst(), "Removed", true))));
        all.add(new Case("spaces behind words", split(regex(" +", "MergedWithPrevious", false))));
        all.add(new Case("greedy added token", changed(byteLevel("llama-bpe"), root -> {
            ArrayNode added = (ArrayNode) root.path("added_tokens");
            JsonNode vocab = root.path("model").path("vocab");
            added.add(json("{'id':" + vocab.path("cat").asInt()
                    + ",'content':'cat','single_word':false,'lstrip':true,'rstrip':true,"
                    + "'normalized':false,'special':false}"));
            added.add(json("{'id':" + (added.get(added.size() - 2).path("id").asInt() + 1)
                    + ",'content':'t c','single_word':false,'lstrip':false,'rstrip':false,"
                    + "'normalized':false,'special':false}"));
        })));
        return all;
    }

    @ParameterizedTest
    @MethodSource("tokenizers")
    void everyCutGivesTheIdsOfTheWhole(Case toCut) {
        long seed = TestSeed.next();
        Random random = new Random(seed);
        int cut = 0;
        try (Tokenizer tokenizer = Tokenizers.fromJson(toCut.root.toString(), TokenizerSettings.none(), toCut.name)) {
            TextCuts cuts = new TextCuts(toCut.root);
            for (int round = 0; round < 60 || (cut <= 60 && round < 1000); round++) { // some cut seldom
                String text = text(random, 1 + random.nextInt(25));
                int[] whole = tokenizer.encode(text, false);
                for (int at = 1; at < text.length(); at++) {
                    if (cuts.last(text, at - 1, at + 1) != at) {
                        continue;
                    }
                    cut++;
                    int[] left = tokenizer.encode(text.substring(0, at), false);
                    int previous = left.length == 0 ? 0 : left[left.length - 1];
                    int[] right = tokenizer
                            .streamContinuation(new StringReader(text.substring(at)), previous)
                            .rest();
                    assertThat(IntStream.concat(IntStream.of(left), IntStream.of(right))
                                    .toArray())
                            .as("seed %d, '%s' cut at %d", seed, text, at)
                            .isEqualTo(whole);
                }
            }
        }
        assertThat(cut).as("cuts tried").isGreaterThan(60);
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen2", "prefix"})
    void longRecordsHaveTheIdsAndPlacesOfTheWhole(String name) {
        long seed = TestSeed.next();
        Rendering text = Rendering.quoted(text(new Random(seed), 36_000));
        assertThat(text.text().length()).isGreaterThan(2 * TextParts.PART);
        ObjectNode root = name.equals("prefix") ? sentencePiece(true) : byteLevel(name);
        try (Tokenizer tokenizer = Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), name)) {
            assertThat(Documents.longText(tokenizer, text, true))
                    .as("seed %d", seed)
                    .usingRecursiveComparison()
                    .isEqualTo(tokenizer.encode(text, true));
        }
    }

    /** A word is broken where only its size makes it: the parts of a shorter one would be other tokens. */
    @Test
    void textsWithoutABreakHaveTheIdsOfTheWhole() {
        try (Tokenizer tokenizer =
                Tokenizers.fromJson(byteLevel("qwen2").toString(), TokenizerSettings.none(), "toy")) {
            String text = "a b" + "thecatsat".repeat(14_000); // beyond 64 Ki, where a cut is looked for first
            assertThat(tokenizer.cut(text, 3, text.length())).isNegative();
            assertThat(Documents.longText(tokenizer, Rendering.quoted(text), false)
                            .ids())
                    .isEqualTo(tokenizer.encode(Rendering.quoted(text), false).ids());
        }
        String longer = "a" + "\ud83e\udd16".repeat(TextParts.BROKEN / 2); // of 4 bytes and two characters each
        TextParts parts = new TextParts(new StringReader(longer), (all, from, to) -> -1, true);
        assertThat(parts.next()).hasSize(TextParts.BROKEN / 2 - 1).endsWith("\ud83e\udd16");
        assertThat(parts.next()).hasSize(TextParts.BROKEN / 2).startsWith("\ud83e\udd16");
        assertThat(parts.next()).isEqualTo("\ud83e\udd16");
        assertThat(parts.hasNext()).isFalse();
    }

    @Test
    void longTextsComeInPartsBetweenOneBeginningAndOneEnd() {
        ObjectNode root = sentencePiece(true);
        String text = "the cat sat on the mat ".repeat(20_000);
        try (Tokenizer tokenizer = Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "toy")) {
            TokenStream stream = tokenizer.stream(new StringReader(text), true);
            int parts = 0;
            List<int[]> ids = new ArrayList<>();
            while (stream.hasNext()) {
                ids.add(stream.next());
                parts++;
            }
            int[] all = ids.stream().flatMapToInt(IntStream::of).toArray();
            assertThat(parts).isBetween(3, 8);
            assertThat(all).isEqualTo(tokenizer.encode(text, true));
            assertThat(IntStream.of(all).filter(id -> id == 1).count())
                    .as("BOS")
                    .isOne();
            assertThat(all[0]).isOne();
            int[] short1 = tokenizer.encode("the cat sat on the mat ".repeat(1000), false);
            assertThat(all)
                    .startsWith(IntStream.concat(
                                    IntStream.of(1), IntStream.of(short1).limit(short1.length - 1))
                            .toArray());
        }
    }

    @Test
    void aTextWithoutABreakIsRefusedAtASizeThatIsSaid() {
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of())) {
            assertThat(tokenizer.encode("a".repeat(300_000), false)).hasSize(300_000);
            assertThatThrownBy(() -> tokenizer.encode("a".repeat((1 << 21) + 200_000), false))
                    .isInstanceOf(LizardException.class)
                    .hasMessageContaining("the end of a word within 2,097,152 characters");
        }
    }

    @Test
    void whatTheReaderThrowsIsHanded() {
        Reader broken = new Reader() {
            @Override
            public int read(char[] buffer, int offset, int length) throws IOException {
                throw new IOException("gone");
            }

            @Override
            public void close() {}
        };
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of())) {
            TokenStream stream = tokenizer.stream(broken, true);
            assertThatThrownBy(stream::next)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("gone");
        }
    }
}
