package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_32LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.lizard.base.LizardException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFormatsTest {
    private static final String TWO = "{\"text\": \"a\"}\n{\"text\": \"b\"}";
    private static final String LIST = "[\n  {\"text\": \"a ] } \\\" [\"},\n  {\"text\":\n \"b\"}\n]\n";

    @TempDir
    private Path folder;

    private final Tokenizer tokenizer = ByteTokenizer.open(List.of("<e>"));

    @AfterEach
    void close() {
        tokenizer.close();
    }

    @Test
    void aRecordALine() throws IOException {
        assertThat(read("a.jsonl", TWO)).containsExactly("a<e>", "b<e>");
        assertThat(read("a.ndjson", TWO.replace("\n", "\r\n\r\n \t\r\n"))).containsExactly("a<e>", "b<e>");
        assertThat(read("b.ndjson", "\uFEFF" + TWO.replace("\n", "\n\uFEFF"))).containsExactly("a<e>", "b<e>");
        refused("c.jsonl", "\n" + TWO + " x", "bad JSON in ", "c.jsonl:3: ");
        refused("d.jsonl", "{\n\"text\": \"a\"\n}", "d.jsonl:1: ");
    }

    @Test
    void aListOfRecords() throws IOException {
        assertThat(read("a.json", LIST)).containsExactly("a ] } \" [<e>", "b<e>");
        assertThat(read("a.jsonl", LIST)).containsExactly("a ] } \" [<e>", "b<e>");
        assertThat(read("b.json", "[" + TWO.replace('\n', ',') + "]")).containsExactly("a<e>", "b<e>");
        assertThat(read("c.json", TWO)).containsExactly("a<e>", "b<e>");
        assertThat(read("d.json", "{\n  \"text\": \"a\"\n}\n")).containsExactly("a<e>");
        refused("e.json", "[]", "no text in ", "an empty file");
        refused(
                "f.json",
                "[\n{\"text\": \"a\"}\n{\"text\": \"b\"}]",
                "f.json:3: expected ',' or ']' after a record but found '{'");
        refused("g.json", "[{\"text\": \"a\"},\n]", "g.json:2: expected a record but found ']'");
        refused("h.json", "[{\"text\": \"a\"}", "h.json:1: expected ',' or ']' after a record but found an early end");
        refused("i.json", "[\n{\"text\": \"a", "i.json:2: expected a whole record but found an early end");
        refused(
                "j.json",
                "[{\"text\": \"a\nb\"}]",
                "j.json:1: expected a whole record but found a string over two lines");
        refused("k.json", "[{\"text\": \"a\"}] {}", "k.json:1: expected nothing after the list but found '{'");
        refused("l.json", "[{\"text\": \"a\"}, 5]", "l.json:1: expected a JSON object but found a number");
        refused("m.json", "}", "m.json:1: ");
        refused("n.json", "[{\"text\": \"a\\", "n.json:1: expected a whole record but found an early end");
    }

    @Test
    void textInMarkdownAndWithoutALastLineFeed() throws IOException {
        assertThat(read("a.md", "# a\nb")).containsExactly("# a\nb<e>");
        assertThat(read("a.TXT", "a\r\nb")).containsExactly("a\r\nb<e>");
    }

    @Test
    void aMarkSaysHowTextIsEncoded() throws IOException {
        String text = "caf\u00e9 \ud83e\udd16\n";
        for (var charset : List.of(UTF_8, UTF_16LE, UTF_16BE, UTF_32LE)) {
            assertThat(read("a.txt", ("\uFEFF" + text).getBytes(charset))).containsExactly(text + "<e>");
        }
        assertThat(read("a.jsonl", ("\uFEFF" + TWO).getBytes(UTF_16LE))).containsExactly("a<e>", "b<e>");
        assertThatThrownBy(() -> read("b.txt", TWO.getBytes(UTF_16LE))).hasMessageContaining("a NUL character");
        byte[] half = ("\uFEFF" + text).getBytes(UTF_16LE);
        assertThatThrownBy(() -> read("c.txt", Arrays.copyOf(half, half.length - 1)))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("c.txt");
        assertThatThrownBy(() -> read("d.txt", new byte[] {'a', '\n', 'b', (byte) 0xFF, '\n'}))
                .hasMessageContaining("binary data in ")
                .hasMessageContaining("bytes that are not UTF-8");
    }

    @Test
    void archivesOfSeveralMembersAreReadWhole() throws IOException {
        byte[] members = join(gzip("a\n"), gzip(""), gzip("b\n".repeat(100_000)), gzip("c"));
        assertThat(String.join("", read("a.txt.gz", members))).isEqualTo("a\n" + "b\n".repeat(100_000) + "c<e>");
        byte[] frames = join(Zstd.compress("a\n".getBytes(UTF_8)), Zstd.compress("b".getBytes(UTF_8)));
        assertThat(read("a.txt.zst", frames)).containsExactly("a\nb<e>");
        assertThat(read("a.json.zst", Zstd.compress(LIST.getBytes(UTF_8)))).hasSize(2);
        assertThat(read("a.ndjson.gz", gzip(TWO))).containsExactly("a<e>", "b<e>");
    }

    @Test
    void brokenArchivesAreNamed() throws IOException {
        byte[] zstd = Zstd.compress("some text ".repeat(10_000).getBytes(UTF_8));
        byte[] gzip = gzip("some text ".repeat(10_000));
        byte[] second = join(gzip, gzip);
        second[gzip.length + 1] ^= 1;
        byte[] flipped = gzip.clone();
        flipped[flipped.length - 6] ^= 1;
        archive("cut.txt.zst", Arrays.copyOf(zstd, zstd.length - 3), "a whole zstd file");
        archive("none.txt.zst", "no zstd".getBytes(UTF_8), "a whole zstd file");
        archive("cut.txt.gz", Arrays.copyOf(gzip, gzip.length / 2), "a whole gzip file but found 'an early end'");
        archive("tail.txt.gz", Arrays.copyOf(gzip, gzip.length - 1), "a whole gzip file");
        archive("second.txt.gz", second, "a whole gzip file");
        archive("sum.txt.gz", flipped, "a whole gzip file");
        archive("none.txt.gz", "no gzip".getBytes(UTF_8), "a whole gzip file");
    }

    private void archive(String name, byte[] bytes, String expected) {
        assertThatThrownBy(() -> read(name, bytes))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageStartingWith("broken archive in " + folder.resolve(name) + ": expected " + expected)
                .hasMessageEndingWith("; download or compress it again");
    }

    @Test
    void aRecordWithoutEndIsRefusedBeforeItFillsTheMemory() throws IOException {
        byte[] start = "\n[{\"text\": \"".getBytes(UTF_8);
        byte[] text = new byte[1 << 20];
        Arrays.fill(text, (byte) 'a');
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(start);
            for (int i = 0; i <= RecordPieces.LONGEST >> 20; i++) {
                gzip.write(text);
            }
        }
        assertThatThrownBy(() -> read("bomb.json.gz", packed.toByteArray()))
                .hasMessage("record too long in " + folder.resolve("bomb.json.gz") + ":2: expected at most 33,554,432"
                        + " characters but found more; cut the record, or keep the text in a .txt file");
    }

    @Test
    void theSameBytesUnderAnotherNameAreAnotherStore() throws IOException {
        Path text = Files.writeString(folder.resolve("a.txt"), TWO);
        Path records = Files.writeString(folder.resolve("a.jsonl"), TWO);
        try (TokenStore one = store(text);
                TokenStore two = store(records)) {
            assertThat(one.description().documents()).isEqualTo(1);
            assertThat(two.description().documents()).isEqualTo(2);
            assertThat(one.description().dataSha256())
                    .isEqualTo(two.description().dataSha256());
        }
    }

    private TokenStore store(Path file) {
        Corpus corpus = Corpus.open(List.of(file), tokenizer, Optional.empty());
        return TokenStore.open(folder.resolve("cache"), corpus, tokens -> {});
    }

    private void refused(String name, String content, String... parts) {
        assertThatThrownBy(() -> read(name, content))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContainingAll(parts);
    }

    private List<String> read(String name, String content) throws IOException {
        return read(name, content.getBytes(UTF_8));
    }

    private List<String> read(String name, byte[] content) throws IOException {
        Path file = Files.write(folder.resolve(name), content);
        return Documents.of(Corpus.open(List.of(file), tokenizer, Optional.empty())).stream()
                .map(document -> tokenizer.decode(document.ids(), false))
                .toList();
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
