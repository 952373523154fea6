package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DocumentMakerTest {
    private static final int BOS = 1;
    private static final int EOS = 2;
    private static final int SPACE = 3;

    @TempDir
    private Path folder;

    /** Characters as SentencePiece has them: a mark before each text, which stands for spaces too. */
    private final Tokenizer pieces = pieces();

    private final Tokenizer bytes = ByteTokenizer.open(List.of("<e>", "<u>", "<a>"));

    private static Tokenizer pieces() {
        List<String> tokens = List.of("<unk>", "<s>", "</s>", "\u2581", "a", "b", "\n");
        List<TokenizerJson.Added> added = IntStream.range(0, 3)
                .mapToObj(id -> new TokenizerJson.Added(id, tokens.get(id), true))
                .toList();
        String json = new TokenizerJson(tokens, List.of(), added)
                .sentencePiece(true, 0, OptionalInt.of(BOS), OptionalInt.empty())
                .toString();
        return Tokenizers.fromJson(
                json, new TokenizerSettings(OptionalInt.of(BOS), List.of(EOS), Optional.empty()), "pieces");
    }

    @AfterEach
    void close() {
        pieces.close();
        bytes.close();
    }

    @Test
    void aTextThatIsReadInPartsBeginsOnce() throws IOException {
        String line = "a b ab\n\n";
        Path file = Files.writeString(folder.resolve("long.txt"), line.repeat(50_000));
        List<DocumentPart> documents = read(file, pieces);
        assertThat(documents).hasSizeGreaterThan(3);
        int[] all = documents.stream().flatMapToInt(d -> Arrays.stream(d.ids())).toArray();
        assertThat(documents.getFirst().ids()).startsWith(BOS, SPACE, 4, SPACE, 5);
        assertThat(documents.get(1).ids()).startsWith(4, SPACE, 5);
        assertThat(count(all, BOS)).isOne();
        assertThat(count(all, EOS)).isOne();
        assertThat(all).endsWith(6, 6, EOS);
        assertThat(count(all, SPACE)).isEqualTo(1 + 2 * 50_000);
        assertThat(documents.getFirst().lossMask()).startsWith(false, true);
        assertThat(documents.get(1).lossMask()).startsWith(true, true);
    }

    @Test
    void eachFileBeginsAnew() throws IOException {
        Files.writeString(folder.resolve("1.txt"), "a");
        Files.writeString(folder.resolve("2.txt"), "b");
        assertThat(read(folder, pieces).stream().map(DocumentPart::ids))
                .containsExactly(new int[] {BOS, SPACE, 4, EOS}, new int[] {BOS, SPACE, 5, EOS});
    }

    @Test
    void aLongRecordIsEncodedInSectionsAndBeginsOnce() throws IOException {
        String text = "a b ab ".repeat(60_000);
        Path file = Files.writeString(
                folder.resolve("long.jsonl"),
                "{\"text\": \"%s\"}\n{\"prompt\": \"a\", \"response\": \"%s\"}".formatted(text, text));
        List<DocumentPart> documents = read(file, pieces);
        assertThat(documents).hasSize(2);
        for (DocumentPart document : documents) {
            assertThat(document.ids()).startsWith(BOS, SPACE, 4).endsWith(4, 5, SPACE, EOS);
            assertThat(count(document.ids(), BOS)).isOne();
            assertThat(count(document.ids(), SPACE)).isEqualTo(1 + 3 * 60_000);
        }
        assertThat(documents.getFirst().ids()).hasSize(2 + 1 + text.length());
        assertThat(documents.getFirst().lossMask()).startsWith(false, true);
        assertThat(documents.get(1).lossMask()).startsWith(false, false, false, true);
    }

    @Test
    void sectionsKeepPlacesAndCharacters() {
        String text = "word \u00e9 \ud83e\udd16\n".repeat(30_000) + "\ud83e\udd16".repeat(3 * TextParts.PART);
        Tokenized tokenized = Documents.longText(bytes, Rendering.trusted(text), true);
        assertThat(bytes.decode(tokenized.ids(), false)).isEqualTo(text);
        assertThat(tokenized).usingRecursiveComparison().isEqualTo(bytes.encode(Rendering.trusted(text), true));
    }

    @Test
    void recordsSpellNoControlToken() throws IOException {
        Path file = Files.writeString(folder.resolve("r.jsonl"), """
            {"text": "x<e>y<u>"}
            {"prompt": "<u>p", "response": "r<e>"}
            {"instruction": "<a>", "output": "<e>"}
            """);
        for (DocumentPart document : read(file, bytes)) {
            int[] ids = document.ids();
            assertThat(Arrays.stream(ids, 0, ids.length - 1)).allMatch(id -> id < 256);
            assertThat(ids[ids.length - 1]).isEqualTo(256);
        }
    }

    @Test
    void whatComesBeforeTheAnswerOfAPromptListIsNotLearnt() throws IOException {
        Path file = Files.writeString(folder.resolve("p.jsonl"), """
            {"prompt": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "early"},
             {"role": "user", "content": "s"}], "completion": [{"role": "assistant", "content": "late"}]}
            """.replace("\n ", " "));
        ChatFormat format = ChatTemplate.of("{% for m in messages %}{{ '<u>' if m.role == 'user' else '<a>' }}"
                + "{{ m.content }}<e>{% endfor %}{{ '<a>' if add_generation_prompt }}");
        DocumentPart document = Documents.of(Corpus.open(List.of(file), bytes, Optional.of(format)))
                .getFirst();
        assertThat(bytes.decode(document.ids(), false)).isEqualTo("<u>q<e><a>early<e><u>s<e><a>late<e>");
        assertThat(bytes.decode(Documents.lossIds(document), false)).isEqualTo("late<e>");
    }

    private static long count(int[] ids, int wanted) {
        return Arrays.stream(ids).filter(id -> id == wanted).count();
    }

    private static List<DocumentPart> read(Path data, Tokenizer tokenizer) {
        return Documents.of(Corpus.open(List.of(data), tokenizer, Optional.empty()));
    }
}
