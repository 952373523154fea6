package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
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
