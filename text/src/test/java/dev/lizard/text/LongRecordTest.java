package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Records that are read, tokenised and stored part by part. */
class LongRecordTest {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String WORDS = "some words \u00e9 \u0436\u0438 \u4e16 \ud83e\udd16 \"quoted\" \\ \t\n<e> ";

    @TempDir
    private Path folder;

    private final Tokenizer tokenizer = ByteTokenizer.open(List.of("<e>", "<u>", "<a>"));
    private final ChatTemplate template =
            ChatTemplate.of("{% for m in messages %}<u>{{ m.content }}<e>{% endfor %}{{ tools or '' }}");

    @AfterEach
    void close() {
        tokenizer.close();
    }

    @Test
    void aLongRecordIsInMemoryOnceWhileItsTokensAreWritten() throws IOException {
        int size = 1 << 23; // against which what else the process keeps is little
        for (String record : List.of("{\"text\":\"%s\"}", "{\"output\":\"o %s\",\"instruction\":\"i\"}")) {
            Path file = Files.writeString(folder.resolve("r.jsonl"), record.formatted("a word or ".repeat(size / 10)));
            Corpus corpus = Corpus.open(List.of(file), tokenizer, Optional.empty());
            long before = used();
            List<Long> held = new ArrayList<>();
            long[] tokens = new long[2];
            corpus.read(part -> {
                assertThat(part.ids().length).isLessThanOrEqualTo(2 * TextParts.PART);
                tokens[0] += part.ids().length;
                if (tokens[1]++ % 32 == 20) {
                    held.add(used() - before);
                }
            });
            assertThat(tokens[0]).isGreaterThan(size - 20);
            assertThat(held)
                    .hasSizeGreaterThan(1)
                    .allSatisfy(bytes -> assertThat(bytes).isLessThan(2L * size));
        }
    }

    private static long used() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    @Test
    void longRecordsHaveTheTokensOfShortOnes() throws IOException {
        String text = WORDS.repeat(4_000);
        String half = WORDS.repeat(2_500);
        DocumentPart plain = read(Map.of("text", text, "meta", half));
        assertThat(tokenizer.decode(plain.ids(), false)).isEqualTo(text + "<e>");
        assertThat(plain.ids()).endsWith(256).containsOnlyOnce(256);
        DocumentPart pair = read(Map.of("prompt", half, "completion", text));
        assertThat(tokenizer.decode(pair.ids(), false)).isEqualTo(half + text + "<e>");
        assertThat(tokenizer.decode(Documents.lossIds(pair), false)).isEqualTo(text + "<e>");
        DocumentPart chat = read(Map.of(
                "messages",
                List.of(Map.of("role", "user", "content", half), Map.of("role", "assistant", "content", text)),
                "tools",
                List.of(Map.of("k".repeat(10_000), half))));
        assertThat(tokenizer.decode(chat.ids(), false))
                .startsWith("<u>" + half + "<e><u>" + text + "<e>")
                .contains("k".repeat(10_000))
                .hasSizeGreaterThan(2 * half.length() + text.length());
        assertThat(tokenizer.decode(Documents.lossIds(chat), false)).endsWith(text + "<e>");
    }

    @Test
    void halvesOfPairsAndEscapesInLongTextsAreReadAsInShortOnes() throws IOException {
        String escaped = "\\ud83e\\udd16\\ud800 \\b\\f\\/\\u00e9\\\"";
        for (int times : new int[] {1, 30_000}) {
            Path file = Files.writeString(folder.resolve("e.json"), "{\"text\":\"" + escaped.repeat(times) + "\"}");
            int[] ids = read(file).getFirst().ids();
            assertThat(tokenizer.decode(ids, false))
                    .isEqualTo("\ud83e\udd16\ufffd \b\f/\u00e9\"".repeat(times) + "<e>");
        }
    }

    @Test
    void faultsInLongRecordsAreNamed() throws IOException {
        String text = "a ".repeat(100_000);
        refused("{\"text\":\"" + text + "\\x\"}", "bad JSON in ", ":1: expected one JSON object a line");
        refused("{\"text\":\"" + text + "\\u00g0\"}", "bad JSON in ", ":1: ");
        refused("{\"text\":\"" + text + "\u0001\"}", "bad JSON in ", ":1: ");
        refused("{\"text\":\"" + text, "bad JSON in ", ":1: ");
        refused("{\"text\":\"" + text + "\"} 1", "one JSON object a line but found more after it");
        refused("{\"text\":\"a\"}\n{\"text\":1,\"x\":\"" + text + "\"}", ":2/text: expected a string");
        refused("{\"" + text + "\":1}", "unknown record in ", "'a a a a a a a a a a ...'");
        refused("{\"x\":[" + "1,".repeat(15_000), "bad JSON in "); // from now on the parser has a long buffer
        String turn = "{\"role\":\"user\",\"content\":\"%s\"}".formatted("a ".repeat(1 << 20));
        refused(
                "{\"messages\":[" + turn + "," + turn + "," + turn + "]}",
                ":1/messages: expected at most 4,194,304 characters but found more; cut the conversation into several");
        refused(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},%s]}"
                        .formatted("1,".repeat((1 << 21) + (1 << 13))),
                "record too long in ");
    }

    private void refused(String json, String... parts) throws IOException {
        Path file = Files.writeString(folder.resolve("bad.jsonl"), json);
        assertThatThrownBy(() -> read(file))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INPUT))
                .hasMessageContainingAll(parts)
                .hasMessageNotContaining("\uffff");
    }

    private DocumentPart read(Map<String, Object> record) throws IOException {
        return read(Files.writeString(folder.resolve("r.jsonl"), JSON.writeValueAsString(record)))
                .getFirst();
    }

    private List<DocumentPart> read(Path file) {
        return Documents.of(Corpus.open(List.of(file), tokenizer, Optional.of(template)));
    }
}
