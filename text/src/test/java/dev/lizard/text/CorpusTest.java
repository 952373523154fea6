package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
    private static final int EOS = 256;

    @TempDir
    private Path folder;

    private final Tokenizer tokenizer = ByteTokenizer.open(List.of("<e>", "<a>", "<u>"));

    @AfterEach
    void close() {
        tokenizer.close();
    }

    @Test
    void everyFormatIsRead() throws IOException {
        write("1.txt", "caf\u00e9\r\n\nx");
        write("2.jsonl", "{\"text\":\"one\"}\n\n{\"text\":\"two\",\"meta\":1}");
        write("3.jsonl", "{\"instruction\":\"Add.\",\"input\":\"1 2\",\"output\":\"3\"}\n");
        write("4.jsonl", "{\"instruction\":\"Say.\",\"output\":\"hi\"}");
        write(
                "5.jsonl",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"r\"}]}");
        write("4a.jsonl", "{\"question\":\"Say.\",\"answer\":\"yo\"}");
        write("4b.jsonl", "{\"prompt\":\"p:\",\"response\":\"r\"}\n{\"prompt\":\"p:\",\"completion\":\"c\"}");
        List<DocumentPart> documents = read(List.of(folder));
        assertThat(documents).hasSize(9);
        assertThat(texts(documents))
                .startsWith("caf\u00e9\r\n\nx<e>", "one<e>", "two<e>")
                .anySatisfy(text -> assertThat(text)
                        .isEqualTo("Below is an instruction that describes a task, paired with an input that provides"
                                + " further context. Write a response that appropriately completes the request.\n\n"
                                + "### Instruction:\nAdd.\n\n### Input:\n1 2\n\n### Response:\n3<e>"))
                .anySatisfy(text -> assertThat(text)
                        .isEqualTo("Below is an instruction that describes a task. Write a response that appropriately"
                                + " completes the request.\n\n### Instruction:\nSay.\n\n### Response:\nhi<e>"));
        assertThat(texts(documents)).contains("p:r<e>", "p:c<e>");
        assertThat(texts(documents).getLast()).isEqualTo("<u>q<e>\n<a>r<e>\n");
        assertThat(learnt(documents))
                .containsExactly(
                        "caf\u00e9\r\n\nx<e>", "one<e>", "two<e>", "3<e>", "hi<e>", "yo<e>", "r<e>", "c<e>", "r<e>");
    }

    @Test
    void manyDocumentsComeInOrderAndTheFirstFaultIsNamed() throws IOException {
        List<String> lines = IntStream.range(0, 500)
                .mapToObj(i -> "{\"text\":\"%d %s\"}".formatted(i, "x".repeat(i * 37 % 211)))
                .collect(Collectors.toCollection(ArrayList::new));
        write("many.jsonl", String.join("\n", lines));
        assertThat(texts(read(List.of(folder))))
                .containsExactlyElementsOf(IntStream.range(0, 500)
                        .mapToObj(i -> "%d %s<e>".formatted(i, "x".repeat(i * 37 % 211)))
                        .toList());
        lines.set(401, "{");
        lines.set(57, "{\"text\":");
        write("many.jsonl", String.join("\n", lines));
        assertThatThrownBy(() -> read(List.of(folder)))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("many.jsonl:58");
    }

    @Test
    void archivesReadAsTheirContents() throws IOException {
        write("a.txt", "hello");
        writeGzip("b.txt.gz", "hello");
        writeGzip("c.jsonl.gz", "{\"text\":\"hello\"}");
        assertThat(texts(read(List.of(folder)))).containsExactly("hello<e>", "hello<e>", "hello<e>");
    }

    @Test
    void foldersAreWalkedInOrderWithoutWhatIsNoData() throws IOException {
        Files.createDirectories(folder.resolve("b/.hidden"));
        write("b/2.txt", "second");
        write("a.txt", "first");
        write("b/.hidden/x.txt", "no");
        write("LICENSE.MIT.txt", "no");
        write("README.txt", "no");
        write("c.csv", "no");
        assertThat(texts(read(List.of(folder)))).containsExactly("first<e>", "second<e>");
        assertThat(texts(read(List.of(folder.resolve("b/2.txt"), folder.resolve("a.txt")))))
                .containsExactly("second<e>", "first<e>");
    }

    @Test
    void aLongTextFileIsCutAtBlankLinesAndLosesNothing() throws IOException {
        String paragraph = "word \u00e9 \ud83e\udd16 ".repeat(100) + "\n\n";
        String text = paragraph.repeat(400) + "\ud83e\udd16".repeat(3 * TextPieces.PART / 2) + "\nend";
        write("long.txt", text);
        List<DocumentPart> documents = read(List.of(folder));
        assertThat(documents).hasSizeGreaterThan(5);
        assertThat(String.join("", texts(documents))).isEqualTo(text + "<e>");
        assertThat(texts(documents).getFirst()).endsWith("\n\n").hasSizeLessThan(TextPieces.PART + 2_000);
        assertThat(documents)
                .allSatisfy(document -> assertThat(document.ids().length).isLessThan(5 * 3 * TextPieces.PART));
    }

    @Test
    void theFirstTextAfterAnotherFileIsNotJoinedToIt() throws IOException {
        write("1.txt", "a\n");
        write("2.txt", "\uFEFFb\n");
        assertThat(texts(read(List.of(folder)))).containsExactly("a\n<e>", "b\n<e>");
    }

    @Test
    void errorsNameFileAndLine() throws IOException {
        refused("missing.txt", null, "missing.txt", "nothing");
        refused("e.txt", "", "e.txt", "an empty file");
        refused("e.jsonl", "\n\n", "e.jsonl", "an empty file");
        refused("nul.txt", "ab\n\u0000", "nul.txt", "line 2", "NUL");
        refused("bad.jsonl", "{\"text\":\"a\"}\n{\"text\":", "bad.jsonl:2", "JSON");
        refused("list.jsonl", "[1]", "list.jsonl:1", "object");
        refused("number.jsonl", "{\"text\":1}", "number.jsonl:1/text: expected a string but found a number");
        refused(
                "key.jsonl",
                "{\"id\":1,\"texts\":\"a\"}",
                "key.jsonl:1",
                "'id', 'texts'",
                "did you mean 'text' by 'texts'?");
        refused("none.jsonl", "{\"instruction\":\"a\"}", "none.jsonl:1/output", "nothing");
        refused("chat.jsonl", "{\"messages\":[{\"role\":\"user\"}]}", "chat.jsonl:1/messages[0]/content");
        refused("chat2.jsonl", "{\"messages\":[]}", "chat2.jsonl:1/messages", "an empty list");
        refused("what.csv", "a", "what.csv", ".jsonl", "convert the table to .jsonl or .parquet");
        refused("what.zip", "a", "what.zip", "unpack the archive");
        refused("broken.txt.gz", "not gzip", "broken.txt.gz", "gzip");
        Files.write(folder.resolve("latin.txt"), new byte[] {'a', (byte) 0xE9, 'b', '\n'});
        refused("latin.txt", null, "latin.txt", "not UTF-8");
        byte[] whole = gzip("some text ".repeat(100_000));
        Files.write(folder.resolve("cut.txt.gz"), Arrays.copyOf(whole, whole.length / 2));
        refused("cut.txt.gz", null, "cut.txt.gz", "gzip");
        Files.createDirectory(folder.resolve("nothing"));
        refused("nothing", null, "nothing", ".jsonl");
        assertThatThrownBy(() -> Corpus.open(List.of(), tokenizer, Optional.empty()))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE));
    }

    @Test
    void conversationsNeedATemplate() throws IOException {
        write("c.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}]}");
        Corpus corpus = Corpus.open(List.of(folder), tokenizer, Optional.empty());
        assertThatThrownBy(() -> Documents.of(corpus)).hasMessageContainingAll("c.jsonl:1", "chat template");
    }

    @Test
    void theHashOfOneFileIsItsOwn() throws IOException {
        write("a.txt", "abc");
        assertThat(Corpus.open(List.of(folder), tokenizer, Optional.empty()).sha256())
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        write("b.txt", "abc");
        assertThat(Corpus.open(List.of(folder), tokenizer, Optional.empty()).sha256())
                .isEqualTo(Hashes.sha256(("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.txt\n"
                        + "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  b.txt\n")));
    }

    private void refused(String name, String content, String... parts) throws IOException {
        Path file = folder.resolve(name);
        if (content != null) {
            Files.writeString(file, content);
        }
        assertThatThrownBy(() -> read(List.of(file)))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContainingAll(parts)
                .hasMessageNotContaining("\n");
    }

    private List<DocumentPart> read(List<Path> data) {
        ChatFormat format = (messages, prompt) -> {
            StringBuilder text = new StringBuilder();
            for (Message message : messages) {
                text.append(message.role().equals("user") ? "<u>" : "<a>");
                text.append(message.content()).append("<e>\n");
            }
            return Rendering.trusted(text.append(prompt ? "<a>" : "").toString());
        };
        return Documents.of(Corpus.open(data, tokenizer, Optional.of(format)));
    }

    private List<String> texts(List<DocumentPart> documents) {
        return documents.stream().map(d -> tokenizer.decode(d.ids(), false)).toList();
    }

    private List<String> learnt(List<DocumentPart> documents) {
        return documents.stream()
                .map(d -> {
                    int[] ids = Documents.lossIds(d);
                    assertThat(ids).contains(EOS);
                    return tokenizer.decode(ids, false);
                })
                .toList();
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private void writeGzip(String name, String text) throws IOException {
        Files.write(folder.resolve(name), gzip(text));
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }
}
