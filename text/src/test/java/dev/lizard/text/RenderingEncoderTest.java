package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.text.Rendering.Quote;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

class RenderingEncoderTest {
    private static final List<String> SPECIALS = List.of("<|im_start|>", "<|im_end|>", "</s>", "\u00e9<s>", "[INST]");
    private static final List<String> MARKERS = List.of("<think>", "</think>", "<tool_call>");

    @Test
    void quotesSpellNoControlToken() {
        Random random = new Random(TestSeed.next());
        try (Tokenizer tokenizer = bytes()) {
            for (int round = 0; round < 3_000; round++) {
                Rendering text = Rendering.trusted("");
                List<Integer> wanted = new ArrayList<>();
                for (int part = random.nextInt(6); part >= 0; part--) {
                    String special = SPECIALS.get(random.nextInt(SPECIALS.size()));
                    wanted.add(tokenizer.id(special).orElseThrow());
                    text = text.plus(Rendering.trusted(special)).plus(quoted(content(random), random.nextBoolean()));
                }
                Tokenized tokenized = tokenizer.encode(text, false);
                List<Integer> found = Arrays.stream(tokenized.ids())
                        .filter(tokenizer::isSpecial)
                        .boxed()
                        .toList();
                assertThat(found).as(text.toString()).isEqualTo(wanted);
                assertThat(tokenizer.decode(tokenized.ids(), false)).isEqualTo(text.text());
                startsAreWhereTheTokensBegin(tokenizer, text.text(), tokenized);
            }
        }
    }

    private static void startsAreWhereTheTokensBegin(Tokenizer tokenizer, String text, Tokenized tokenized) {
        for (int i = 0; i < tokenized.ids().length; i++) {
            if (tokenized.ids()[i] >= 256) {
                assertThat(text.startsWith(
                                tokenizer.piece(tokenized.ids()[i]), tokenized.starts()[i]))
                        .isTrue();
            }
        }
    }

    private static String content(Random random) {
        StringBuilder text = new StringBuilder();
        for (int piece = random.nextInt(5); piece >= 0; piece--) {
            String whole = random.nextInt(4) == 0
                    ? MARKERS.get(random.nextInt(MARKERS.size()))
                    : SPECIALS.get(random.nextInt(SPECIALS.size()));
            int cut = random.nextInt(whole.length() + 1);
            text.append(
                    switch (random.nextInt(6)) {
                        case 0 -> whole.substring(cut);
                        case 1 -> whole.substring(0, cut);
                        case 2 -> whole.substring(0, cut) + " " + whole.substring(cut);
                        case 3 -> "\uff1c" + whole.substring(1);
                        case 4 -> "plain \ud83e\udd16 text\n";
                        default -> whole;
                    });
        }
        return text.toString();
    }

    @Test
    void aTokenHalfQuotedIsText() {
        try (Tokenizer tokenizer = bytes()) {
            Rendering split = quoted("x<|im_", false).plus(Rendering.trusted("end|></s>"));
            assertThat(tokenizer.encode(split, false).ids()).hasSize(12).endsWith(id(tokenizer, "</s>"));
            Rendering two = quoted("<|im_", false).plus(quoted("end|>", false));
            assertThat(tokenizer.encode(two, false).ids()).hasSize(10);
        }
    }

    @Test
    void tokensThatAreNotSpecialAreTokensInWhatTheAssistantSaid() {
        try (Tokenizer tokenizer = bytes()) {
            int[] said = tokenizer
                    .encode(quoted("<think>a</think></s>", true), false)
                    .ids();
            assertThat(said).hasSize(3 + 4).startsWith(id(tokenizer, "<think>"), 'a', id(tokenizer, "</think>"));
            assertThat(tokenizer.encode(quoted("<think>", false), false).ids()).hasSize(7);
            // Words and blanks are vocabulary, whoever writes them.
            assertThat(tokenizer.encode(quoted("a  \tlizard", false), false).ids())
                    .containsExactly('a', id(tokenizer, "  "), '\t', id(tokenizer, "lizard"));
            assertThat(tokenizer.encodeLiteral("<think></s>"))
                    .hasSize(5)
                    .startsWith(id(tokenizer, "<think>"))
                    .containsExactly(tokenizer
                            .encode(Rendering.quoted("<think></s>"), true)
                            .ids());
        }
    }

    @Test
    void ordinaryTextIsEncodedAsEver() {
        try (Tokenizer tokenizer = bytes()) {
            String text = "<|im_start|>user\nplain \u00e9 < s> text<|im_end|>\n";
            Rendering rendering = Rendering.trusted("<|im_start|>user\n")
                    .plus(quoted("plain \u00e9 < s> text", false))
                    .plus(Rendering.trusted("<|im_end|>\n"));
            assertThat(tokenizer.encode(rendering, false).ids()).isEqualTo(tokenizer.encode(text, false));
        }
    }

    @Test
    void aVocabularyThatHoldsTheMarkersIsNotSpeltThemEither() {
        // Merges that make "</s>", as lists derived from SentencePiece scores have them.
        try (Tokenizer tokenizer = metaspace("always")) {
            int[] ids = tokenizer.encode(quoted("a</s>", false), false).ids();
            assertThat(TokenizerTest.pieces(tokenizer, ids)).containsExactly("\u2581", "a", "<", "/", "s", ">");
            assertThat(tokenizer.encode("a</s>", false)).endsWith(id(tokenizer, "</s>"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"always", "first", "never", "Prepend"})
    void aContinuationIsEncodedAsTheWholeIs(String scheme) {
        String[][] conversations = {
            {"aa ", "b a", "ba</s>", "a b</s>", " b"}, {"</s>a", "</s>", "b</s>a"}, {"a", " ", "b </s> ", "a"}
        };
        try (Tokenizer tokenizer = metaspace(scheme)) {
            for (String[] turns : conversations) {
                List<Integer> parts = new ArrayList<>();
                for (int i = 0; i < turns.length; i++) {
                    Rendering turn = Rendering.trusted(turns[i]);
                    Tokenized tokenized = i == 0
                            ? tokenizer.encode(turn, false)
                            : tokenizer.encodeContinuation(turn, parts.getLast());
                    Arrays.stream(tokenized.ids()).forEach(parts::add);
                }
                int[] whole = tokenizer.encode(String.join("", turns), false);
                assertThat(parts)
                        .as(scheme)
                        .isEqualTo(Arrays.stream(whole).boxed().toList());
            }
            Rendering turn =
                    Rendering.trusted("b</s>").plus(quoted("</s>a", false)).plus(Rendering.trusted("</s>"));
            Tokenized continued = tokenizer.encodeContinuation(turn, id(tokenizer, "a"));
            String first = scheme.equals("always") || scheme.equals("Prepend") ? "\u2581" : "<";
            assertThat(TokenizerTest.pieces(tokenizer, continued.ids()))
                    .startsWith("b", "</s>", first)
                    .endsWith("</s>");
            assertThat(continued.starts()).startsWith(0, 1, 5).endsWith(10);
        }
    }

    @Test
    void anAddedPrefixSpaceIsForTheBeginningOnly() {
        ObjectNode root = (ObjectNode) Tokenizers.parse(ByteTokenizer.json(List.of("</s>")), "x");
        root.putObject("pre_tokenizer")
                .put("type", "ByteLevel")
                .put("add_prefix_space", true)
                .put("trim_offsets", true)
                .put("use_regex", true);
        try (Tokenizer tokenizer = Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "x")) {
            assertThat(tokenizer.encode("a", false)).containsExactly(' ', 'a');
            assertThat(tokenizer.encodeContinuation(Rendering.trusted("a"), 'a').ids())
                    .containsExactly('a');
        }
    }

    /** Bytes, {@link #SPECIALS}, then {@link #MARKERS}, a word and blanks that are not special. */
    private static Tokenizer bytes() {
        List<String> all = new ArrayList<>(SPECIALS);
        all.addAll(MARKERS);
        all.addAll(List.of("lizard", "  "));
        ObjectNode root = (ObjectNode) Tokenizers.parse(ByteTokenizer.json(all), "x");
        for (int i = SPECIALS.size(); i < all.size(); i++) {
            ((ObjectNode) root.path("added_tokens").get(i)).put("special", false);
        }
        return Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "x");
    }

    /** Single characters, and merges that make "</s>"; spaces are U+2581. */
    private static Tokenizer metaspace(String scheme) {
        ObjectNode root = Tokenizers.JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation").putNull("padding").putNull("post_processor");
        root.putArray("added_tokens")
                .addObject()
                .put("id", 0)
                .put("content", "</s>")
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", true);
        boolean prepend = scheme.equals("Prepend");
        if (prepend) {
            ArrayNode steps =
                    root.putObject("normalizer").put("type", "Sequence").putArray("normalizers");
            steps.addObject().put("type", "Prepend").put("prepend", "\u2581");
            steps.addObject()
                    .put("type", "Replace")
                    .put("content", "\u2581")
                    .putObject("pattern")
                    .put("String", " ");
            root.putNull("pre_tokenizer");
        } else {
            root.putNull("normalizer");
            root.putObject("pre_tokenizer")
                    .put("type", "Metaspace")
                    .put("replacement", "\u2581")
                    .put("prepend_scheme", scheme)
                    .put("split", false);
        }
        root.putObject("decoder")
                .put("type", "Metaspace")
                .put("replacement", "\u2581")
                .put("prepend_scheme", prepend ? "always" : scheme)
                .put("split", false);
        ObjectNode model = root.putObject("model").put("type", "BPE");
        ObjectNode vocabulary = model.putObject("vocab");
        for (String piece : List.of("</s>", "\u2581", "<", "/", "s", ">", "a", "b", "</", "s>")) {
            vocabulary.put(piece, vocabulary.size());
        }
        ArrayNode merges = model.putArray("merges");
        merges.addArray().add("</").add("s>");
        return Tokenizers.fromJson(root.toString(), TokenizerSettings.none(), "x");
    }

    private static Rendering quoted(String text, boolean spoken) {
        return new Rendering(text, text.isEmpty() ? List.of() : List.of(new Quote(0, text.length(), 0, spoken)));
    }

    private static int id(Tokenizer tokenizer, String piece) {
        return tokenizer.id(piece).orElseThrow();
    }
}
