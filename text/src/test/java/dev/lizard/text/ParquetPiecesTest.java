package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetPiecesTest {
    /** Two conversations of lists of structs, as pyarrow 26 writes them. */
    private static final String SHARE_GPT =
            "UEFSMRUAFUoVTCwVBhUAFQYVBhwAAAAlFAIAAAADAgEGaAYEBQAAAGh1bWFuAwAAAGdwdAUAAABodW1hbhUAFTgVOiwVBhUA"
                    + "FQYVBhwAAAAcFAIAAAADAgEGRAYEAQAAAHEBAAAAYQIAAADDqRUEGWw1ABgGc2NoZW1hFQIANQIYDWNvbnZlcnNhdGlvbnMV"
                    + "AhUGTDwAAAA1BBgEbGlzdBUCADUCGAdlbGVtZW50FQQAFQwlAhgEZnJvbSUATBwAAAAVDCUCGAV2YWx1ZSUATBwAAAAWBBkc"
                    + "GSwmABwVDBklBgAZSA1jb252ZXJzYXRpb25zBGxpc3QHZWxlbWVudARmcm9tFQIWBhZwFnImCEkcFQAVABUCADwWGhkmBAIZ"
                    + "VgAAAAAGAAAAJgAcFQwZJQYAGUgNY29udmVyc2F0aW9ucwRsaXN0B2VsZW1lbnQFdmFsdWUVAhYGFl4WYCZ6SRwVABUAFQIA"
                    + "PBYIGSYEAhlWAAAAAAYAAAAWzgEWBCYIFtIBACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZLBwAABwAAABC"
                    + "AQAAUEFSMQ==";

    /** Lists and structs within each other, of which any may be null or empty; as pyarrow writes them. */
    private static final String NESTED =
            "UEFSMRUEFTQVRkwVBhUAEgAAKLUv/SAa0QAABAAAAHVzZXIJAAAAYXNzaXN0YW50AQAAAHgVABUkFTYsFQwVEBUGFQYcAAAAKL"
                    + "Uv/SASkQAAAgAAAAMiBAAAAANkIAICAyQAFQQVEhUkTBUEFQASAAAotS/9IAlJAAABAAAAcQAAAAAVABUiFTQsFQwVEBUGFQYc"
                    + "AAAAKLUv/SARiQAAAgAAAAMiBAAAAANcIAIBAwIVBBUYFSpMFQQVABIAACi1L/0gDGEAAAEAAABhAwAAAGLDqRUAFSQVNiwVEB"
                    + "UQFQYVBhwAAAAotS/9IBKRAAADAAAAA6RABAAAAAO7H6gBAwIVBBUQFSJMFQIVABIAACi1L/0gCEEAAABEjWNvAQAAFQAVIhU0"
                    + "LBUMFRAVBhUGHAAAACi1L/0gEYkAAAIAAAADIgQAAAADayACAQIAFQQVIBUyTBUGFQASAAAotS/9IBCBAAACAAAAdDIAAAAAAg"
                    + "AAAHQ0FQAVFBUmLBUIFRAVBhUGHAAAACi1L/0gClEAAAIAAAADDgIDJAAVBBnMNQAYBnNjaGVtYRUEADUCGAhtZXNzYWdlcxUC"
                    + "FQZMPAAAADUEGARsaXN0FQIANQIYB2VsZW1lbnQVBgAVDCUCGARyb2xlJQBMHAAAABUMJQIYB2NvbnRlbnQlAEwcAAAANQIYBG"
                    + "1ldGEVBAA1AhgEdGFncxUCFQZMPAAAADUEGARsaXN0FQIAFQwlAhgHZWxlbWVudCUATBwAAAAVBCUCGAJhdCUSTIwSHBwAAAAA"
                    + "ABUMJQIYBHRleHQlAEwcAAAAFggZHBlcJgAcFQwZNQAGEBlICG1lc3NhZ2VzBGxpc3QHZWxlbWVudARyb2xlFQwWDBaaARa+AS"
                    + "ZqJggpLBUEFQAVAgAVABUQFQIAPBYcGSYIBBlWAgICAAYAAAAmABwVDBk1AAYQGUgIbWVzc2FnZXMEbGlzdAdlbGVtZW50B2Nv"
                    + "bnRlbnQVDBYMFnYWmgEmhgImxgEpLBUEFQAVAgAVABUQFQIAPBYCGSYIBBlWAgICAgQAAAAmABwVDBk1AAYQGXgIbWVzc2FnZX"
                    + "MEbGlzdAdlbGVtZW50BG1ldGEEdGFncwRsaXN0B2VsZW1lbnQVDBYQFn4WogEmpgMm4AIpLBUEFQAVAgAVABUQFQIAPBYIGTYI"
                    + "BAQZhgICAgIAAgIEAAAAJgAcFQQZNQAGEBlYCG1lc3NhZ2VzBGxpc3QHZWxlbWVudARtZXRhAmF0FQwWDBZ0FpgBJsAEJoIEKS"
                    + "wVBBUAFQIAFQAVEBUCADwpJggEGWYCAgICAgIAAAAmABwVDBk1AAYQGRgEdGV4dBUMFggWdhaaASboBSaaBSksFQQVABUCABUA"
                    + "FRAVAgA8FggZBhkmAgYAAAAW+AQWCCYIFqwGACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNi4wLjEZXBwAABwAABwAAB"
                    + "wAABwAAAC7AgAAUEFSMQ==";

    /** One conversation of five turns of a mebibyte each, of which the file has one. */
    private static final String LONG_CONVERSATION =
            "UEFSMRUEFRAVIkwVAhUAEgAAKLUv/SAIQQAABAAAAHVzZXIVABUeFTAsFQoVEBUGFQYcAAAAKLUv/SAPeQAAAgAAAAMeAgAAAA"
                    + "oEAQoAFQQViICAARV6TBUCFQASAAAotS/9gEgEABAAbAAAKAAAEABhAQD4/znQAgIAEGECABBhAgAQYQIAEGECABBhAgAQYQIA"
                    + "EGEhAABhYWFhFQAVHhUwLBUKFRAVBhUGHAAAACi1L/0gD3kAAAIAAAADHgIAAAAKBAEKABUEGWw1ABgGc2NoZW1hFQIANQIYCG"
                    + "1lc3NhZ2VzFQIVBkw8AAAANQQYBGxpc3QVAgA1AhgHZWxlbWVudBUEABUMJQIYBHJvbGUlAEwcAAAAFQwlAhgHY29udGVudCUA"
                    + "TBwAAAAWAhkcGSwmABwVDBk1AAYQGUgIbWVzc2FnZXMEbGlzdAdlbGVtZW50BHJvbGUVDBYKFnAWlAEmRiYIKSwVBBUAFQIAFQ"
                    + "AVEBUCADwWKBkmAggZVgAAAAAKAAAAJgAcFQwZNQAGEBlICG1lc3NhZ2VzBGxpc3QHZWxlbWVudAdjb250ZW50FQwWChbugIAB"
                    + "FvIBJrgCJpwBKSwVBBUAFQIAFQAVEBUCADwWgICABRkmAggZVgAAAAAKAAAAFt6BgAEWAiYIFoYDACggcGFycXVldC1jcHAtYX"
                    + "Jyb3cgdmVyc2lvbiAyNi4wLjEZLBwAABwAAABXAQAAUEFSMQ==";

    private static final ChatFormat FORMAT =
            ChatTemplate.of("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}");

    @TempDir
    private Path folder;

    private final Tokenizer tokenizer = ByteTokenizer.open(List.of("<e>"));

    @AfterEach
    void close() {
        tokenizer.close();
    }

    @Test
    void everyRowIsARecordWhateverItsPacking() throws IOException {
        Map<String, List<@Nullable String>> columns = new TreeMap<>();
        columns.put("id", Arrays.asList("1", "2", "3"));
        columns.put("text", Arrays.asList("caf\u00e9", null, "b"));
        columns.put("prompt", Arrays.asList(null, "p:", null));
        columns.put("response", Arrays.asList(null, "r", "x"));
        for (int codec : new int[] {ParquetWriter.PLAIN, ParquetWriter.SNAPPY, ParquetWriter.ZSTD}) {
            assertThat(read(ParquetWriter.write(codec, columns))).containsExactly("caf\u00e9<e>", "p:r<e>", "b<e>");
        }
    }

    @Test
    void columnsMayHoldConversations() throws IOException {
        assertThat(read(Base64.getDecoder().decode(SHARE_GPT)))
                .containsExactly("<user>q<assistant>a<e>", "<user>\u00e9<e>");
    }

    @Test
    void nullsAndEmptyListsAreKeptApart() throws IOException {
        Path file = Files.write(folder.resolve("n.parquet"), Base64.getDecoder().decode(NESTED));
        List<String> rows = new ArrayList<>();
        try (Pieces pieces = Pieces.of(file)) {
            while (pieces.next() instanceof Pieces.Row(RecordFields fields, int ignored)) {
                rows.add(fields.needed().toString());
            }
        }
        assertThat(rows)
                .containsExactly(
                        "{\"messages\":[{\"role\":\"user\",\"content\":\"q\",\"meta\":null},"
                                + "{\"role\":\"assistant\",\"content\":null,\"meta\":"
                                + "{\"tags\":[\"a\",null,\"b\u00e9\"],\"at\":\"2020-01-02T00:00\"}}]}",
                        "{\"messages\":[],\"text\":\"t2\"}",
                        "{\"text\":\"\"}",
                        "{\"messages\":[null,{\"role\":\"x\",\"content\":\"\",\"meta\":{\"tags\":[],\"at\":null}}],"
                                + "\"text\":\"t4\"}");
    }

    @Test
    void manyRowsAreReadSomeAtATime() throws IOException {
        List<String> texts = IntStream.range(0, 500)
                .mapToObj(i -> i + " some words".repeat(i))
                .toList(); // about 1.3 MiB
        assertThat(read(ParquetWriter.write(ParquetWriter.ZSTD, Map.of("text", texts))))
                .isEqualTo(texts.stream().map(text -> text + "<e>").toList());
    }

    @Test
    void rowsThatAreTooLongAreNamed() throws IOException {
        String text = "a ".repeat((1 << 22) + (1 << 16));
        String line = "expected at most 8,388,608 bytes but found more; cut the row, or keep the text in a .jsonl or";
        for (String next : List.of(text, "b")) { // refused before it is read, or after
            refused(
                    ParquetWriter.write(ParquetWriter.ZSTD, Map.of("text", List.of(text, next))),
                    "record too long in ",
                    "x.parquet row 1: " + line);
        }
        refused(
                Base64.getDecoder().decode(LONG_CONVERSATION),
                "record too long in ",
                "x.parquet row 1/messages: expected at most 4,194,304 characters but found more; cut the conversation");
    }

    @Test
    void whatCannotBeReadIsNamed() throws IOException {
        byte[] whole = ParquetWriter.write(ParquetWriter.PLAIN, Map.of("text", List.of("a", "b")));
        refused(Arrays.copyOf(whole, whole.length - 1), "broken Parquet file in ", "x.parquet: expected a whole");
        refused(new byte[3], "broken Parquet file in ");
        byte[] longer = whole.clone();
        longer[8] = 0x7E; // the size of the first page
        refused(longer, "broken Parquet file in ");
        refused(
                ParquetWriter.write(ParquetWriter.LZ4_RAW, Map.of("text", List.of("a"))),
                "unsupported Parquet file in ",
                "snappy, zstd or gzip");
        refused(
                ParquetWriter.write(ParquetWriter.PLAIN, Map.of("texts", List.of("a"))),
                "unknown record in ",
                "did you mean 'text' by 'texts'?");
        refused(
                ParquetWriter.write(ParquetWriter.PLAIN, Map.of("text", Arrays.asList("a", null))),
                "unknown record in ",
                "x.parquet row 2",
                "give 'text' a value that is not null");
    }

    /** Whatever the bytes, only our own exception, and an end: the library loops on some of them if it is let. */
    @Test
    void mutatedFilesAreReadOrRefused() throws IOException {
        long seed = TestSeed.next();
        Random random = new Random(seed);
        List<byte[]> seeds = List.of(
                ParquetWriter.write(ParquetWriter.SNAPPY, Map.of("text", List.of("some text", "b", "some more"))),
                Base64.getDecoder().decode(SHARE_GPT));
        for (int round = 0; round < 100; round++) {
            byte[] bytes = seeds.get(round % 2).clone();
            for (int i = random.nextInt(3); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                read(bytes);
            } catch (LizardException told) {
                assertThat(told.kind()).as("seed %d", seed).isEqualTo(LizardException.Kind.INPUT);
            }
        }
    }

    private void refused(byte[] bytes, String... parts) {
        assertThatThrownBy(() -> read(bytes))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContainingAll(parts);
    }

    private List<String> read(byte[] bytes) throws IOException {
        Path file = Files.write(folder.resolve("x.parquet"), bytes);
        return Documents.of(Corpus.open(List.of(file), tokenizer, Optional.of(FORMAT))).stream()
                .map(document -> tokenizer.decode(document.ids(), false))
                .toList();
    }
}
