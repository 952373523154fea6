package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.Zstd;
import dev.lizard.base.fuzz.FuzzContract;
import dev.lizard.base.fuzz.FuzzFolder;
import dev.lizard.base.fuzz.Mutator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;

/** Training data in every form that is taken, read to the last token. */
class DataFuzzTest extends FuzzContract {
    private static final Tokenizer TOKENIZER = ByteTokenizer.open(List.of("<|end|>", "<|user|>"));
    private static final Optional<ChatFormat> CHAT = Optional.of(
            ChatTemplate.of("{% for m in messages %}<|user|>{{ m.role }}: {{ m.content }}<|end|>{% endfor %}"));
    private static final String RECORDS = """
        {"text": "One text.\\nOf two lines.", "id": 7}
        {"instruction": "Add.", "input": "1 and 2", "output": "3"}
        {"instruction": "Say a word.", "output": "Word", "score": 0.5}
        {"prompt": "A", "completion": "B", "meta": {"source": [1, 2, null]}}
        {"prompt": "A", "response": "B"}
        {"question": "Why?", "answer": "So."}
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]}
        """;

    @TempDir
    Path temp = Path.of(".");

    private FuzzFolder folder = new FuzzFolder(temp);

    @AfterAll
    static void close() {
        TOKENIZER.close();
    }

    @Override
    public String name() {
        return "data";
    }

    @Override
    public List<Map<String, byte[]>> samples() throws IOException {
        folder = new FuzzFolder(temp);
        byte[] text =
                "A text.\n\nAnother, gr\u00fc\u00dfe \ud83e\udd8e.\n".repeat(5).getBytes(UTF_8);
        return List.of(
                Map.of("a.txt", text),
                Map.of("a.txt.gz", gzip(text)),
                Map.of("a.jsonl", RECORDS.getBytes(UTF_8)),
                Map.of("a.jsonl.gz", gzip(RECORDS.getBytes(UTF_8))),
                Map.of("a.ndjson.zst", Zstd.compress(RECORDS.getBytes(UTF_8))),
                Map.of("a.json", ("[" + String.join(",", RECORDS.lines().toList()) + "]").getBytes(UTF_8)),
                Map.of("a.parquet", parquet(ParquetWriter.PLAIN)),
                Map.of("a.parquet", parquet(ParquetWriter.ZSTD)),
                Map.of(
                        "a.jsonl",
                        RECORDS.getBytes(UTF_8),
                        "b.txt",
                        text,
                        "c.jsonl",
                        "{\"text\":\"x\"}".getBytes(UTF_8)));
    }

    private static byte[] parquet(int codec) throws IOException {
        return ParquetWriter.write(codec, Map.of("text", List.of("One text.", "Another.")));
    }

    private static byte[] gzip(byte[] content) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    private static byte[] gunzip(byte[] content) {
        try (GZIPInputStream zip = new GZIPInputStream(new ByteArrayInputStream(content))) {
            return zip.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Map<String, byte[]> mutate(Map<String, byte[]> sample, Mutator mutator) {
        Map<String, byte[]> files = new HashMap<>(sample);
        String name = mutator.any(sample.keySet().stream().sorted().toList());
        files.computeIfPresent(name, (key, content) -> changed(key, content, mutator));
        return files;
    }

    private static byte[] changed(String name, byte[] content, Mutator mutator) {
        if (name.endsWith(".gz") && mutator.random().nextInt(3) != 0) {
            return gzip(changed(name.replace(".gz", ""), gunzip(content), mutator));
        }
        if (name.endsWith(".zst") && mutator.random().nextInt(3) != 0) {
            byte[] plain = Zstd.decompress(content, RECORDS.getBytes(UTF_8).length);
            return Zstd.compress(changed(name.replace(".zst", ""), plain, mutator));
        }
        if (name.endsWith(".json")) {
            return mutator.file(name, content);
        }
        if (name.endsWith(".txt") && mutator.random().nextInt(10) == 0) {
            return ("\ufeff" + new String(content, UTF_8)).getBytes(UTF_16LE);
        }
        boolean lines = name.endsWith(".jsonl") || name.endsWith(".ndjson");
        return lines && mutator.random().nextInt(4) != 0
                ? lines(new String(content, UTF_8), mutator)
                : mutator.bytes(content);
    }

    private static byte[] lines(String text, Mutator mutator) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        int at = mutator.random().nextInt(lines.size());
        lines.set(at, mutator.json(lines.get(at)));
        return String.join("\n", lines).getBytes(UTF_8);
    }

    @Override
    public void read(Map<String, byte[]> input) throws IOException {
        Corpus.open(List.of(folder.with(input)), TOKENIZER, CHAT).read(part -> {});
    }
}
