package dev.lizard.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackedDatasetTest {
    @TempDir
    private Path folder;

    private final Tokenizer tokenizer = ByteTokenizer.open(List.of("<e>"));
    private final AtomicLong tokenized = new AtomicLong();
    private long seed;
    private Path data;
    private TokenStore store;
    private List<int[]> documents;

    @BeforeEach
    void makeData() throws IOException {
        seed = TestSeed.next();
        Random random = new Random(seed);
        data = folder.resolve("data.jsonl");
        documents = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        for (int d = 0; d < 57; d++) {
            String text = "%d:".formatted(d) + "x".repeat(random.nextInt(40));
            lines.append("{\"text\":\"").append(text).append("\"}\n");
            documents.add(tokenizer.encode(text + "<e>", false));
        }
        Files.writeString(data, lines.toString());
        store = open();
    }

    @AfterEach
    void close() {
        store.close();
        tokenizer.close();
    }

    private TokenStore open() {
        Corpus corpus = Corpus.open(List.of(data), tokenizer, Optional.empty());
        return TokenStore.open(folder.resolve("cache"), corpus, tokenized::set);
    }

    @Test
    void sequencesAreTheConcatenatedDocuments() {
        long[] stream =
                documents.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
        assertThat(store.description().tokens()).isEqualTo(stream.length).isEqualTo(tokenized.get());
        assertThat(store.description().lossTokens()).isEqualTo(stream.length);
        for (int length : new int[] {1, 7, 64, stream.length - 1}) {
            PackedDataset packed = new PackedDataset(store, store.documents(), length, 0, false);
            long sequences = (stream.length - 1) / length;
            assertThat(packed.sequences()).isEqualTo(sequences);
            for (int s = 0; s < sequences; s++) {
                Batch batch = packed.read(0, s, 1);
                assertThat(batch.inputs()).isEqualTo(Arrays.copyOfRange(stream, s * length, (s + 1) * length));
                assertThat(batch.targets()).isEqualTo(Arrays.copyOfRange(stream, s * length + 1, (s + 1) * length + 1));
            }
        }
    }

    @Test
    void documentsOfASequenceAreToldApart() {
        List<Integer> begins = new ArrayList<>(); // of each token's document, in the stream
        documents.forEach(ids -> begins.addAll(Collections.nCopies(ids.length, begins.size())));
        int length = 64;
        PackedDataset together = new PackedDataset(store, store.documents(), length, 0, false);
        PackedDataset apart = new PackedDataset(store, store.documents(), length, 0, false, true);
        for (int s = 0; s < apart.sequences(); s++) {
            Batch all = together.read(0, s, 1);
            Batch batch = apart.read(0, s, 1);
            int[] own = batch.documents();
            assertThat(all.documents()).isEmpty();
            assertThat(batch.inputs()).isEqualTo(all.inputs());
            for (int t = 0; t < length; t++) {
                int place = s * length + t;
                assertThat(own[t]).isEqualTo(Math.max(0, begins.get(place) - s * length));
                boolean last = begins.get(place + 1) == place + 1;
                assertThat(batch.targets()[t]).isEqualTo(last ? Batch.IGNORE_INDEX : all.targets()[t]);
            }
        }
        assertThat(apart.read(0, 1, 2).documents()).hasSize(2 * length);
    }

    @Test
    void shufflingKeepsEveryDocumentAndDependsOnSeedAndEpoch() {
        int length = (int) store.description().tokens() - 1;
        long[] first = epoch(3, 0, length);
        assertThat(epoch(3, 0, length)).isEqualTo(first);
        assertThat(epoch(3, 1, length)).isNotEqualTo(first);
        assertThat(epoch(4, 0, length)).isNotEqualTo(first);
        List<String> expected = new ArrayList<>();
        documents.forEach(ids -> expected.add(Arrays.toString(ids)));
        List<String> seen = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < first.length; i++) {
            if (first[i] == 256) {
                seen.add(Arrays.toString(Arrays.stream(Arrays.copyOfRange(first, start, i + 1))
                        .mapToInt(id -> (int) id)
                        .toArray()));
                start = i + 1;
            }
        }
        assertThat(seen).isNotEqualTo(expected);
        Collections.sort(seen);
        Collections.sort(expected);
        assertThat(seen).isEqualTo(expected);
    }

    private long[] epoch(long withSeed, long number, int length) {
        Batch batch = new PackedDataset(store, store.documents(), length, withSeed, true).read(number, 0, 1);
        return LongStream.concat(Arrays.stream(batch.inputs()), LongStream.of(batch.targets()[length - 1]))
                .toArray();
    }

    @Test
    void theOrderOfASeedStaysTheSameForEver() {
        assertThat(Shuffle.of(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, 42, 1)).containsExactly(5, 0, 1, 4, 3, 2, 7, 6);
    }

    @Test
    void sequencesAreTheSameInWhateverOrderTheyAreRead() {
        PackedDataset onward = new PackedDataset(store, store.documents(), 13, 5, true);
        PackedDataset back = new PackedDataset(store, store.documents(), 13, 5, true);
        List<Batch> batches = new ArrayList<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            for (long s = 0; s + 3 <= onward.sequences(); s += 3) {
                batches.add(onward.read(epoch, s, 3));
            }
        }
        for (int epoch = 2; epoch >= 0; epoch--) {
            for (long s = back.sequences() / 3 * 3 - 3; s >= 0; s -= 3) {
                Batch expected = batches.removeLast();
                Batch batch = back.read(epoch, s, 3);
                assertThat(batch.inputs()).as("seed %d", seed).isEqualTo(expected.inputs());
                assertThat(batch.targets()).isEqualTo(expected.targets());
            }
        }
        assertThat(batches).isEmpty();
        assertThatThrownBy(() -> back.read(0, back.sequences(), 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void aStoreIsMadeOnceAndAgainWhenDamagedOrOfOtherData() throws IOException {
        tokenized.set(-1);
        open().close();
        assertThat(tokenized).hasValue(-1);
        try (var files = Files.list(folder.resolve("cache"))) {
            Path made = files.findFirst().orElseThrow();
            Files.write(made.resolve("tokens.bin"), new byte[3]);
        }
        store.close();
        store = open();
        assertThat(tokenized.get()).isPositive();
        tokenized.set(-1);
        Files.writeString(data, "{\"text\":\"other\"}");
        try (TokenStore other = open()) {
            assertThat(other.description().documents()).isEqualTo(1);
            assertThat(other.description().dataSha256())
                    .isNotEqualTo(store.description().dataSha256());
        }
        try (var files = Files.list(folder.resolve("cache"))) {
            assertThat(files).hasSize(2);
        }
    }

    @Test
    void anotherChatTemplateMakesAnotherStore() throws IOException {
        data = folder.resolve("chat.jsonl");
        Files.writeString(
                data, "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"u\"}]}");
        String user = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}";
        assertThat(chatTokens(user)).isEqualTo(2);
        assertThat(chatTokens(user + "{{ messages[0].content if messages[0].role == 'system' }}"))
                .isEqualTo(3);
        assertThat(ChatTemplate.of(user).fingerprint())
                .isEqualTo(ChatTemplate.of(user).fingerprint())
                .isNotEqualTo(ChatTemplate.of(user, Map.of("bos_token", "b")).fingerprint());
    }

    @Test
    void aTemplateThatRefusesDoesNotTouchPlainText() {
        ChatTemplate refusing = ChatTemplate.of("{{ raise_exception('never') }}");
        Corpus corpus = Corpus.open(List.of(data), tokenizer, Optional.of(refusing));
        try (TokenStore plain = TokenStore.open(folder.resolve("cache"), corpus, tokenized::set)) {
            assertThat(plain.description().tokens())
                    .isEqualTo(store.description().tokens());
        }
    }

    private long chatTokens(String jinja) {
        Corpus corpus = Corpus.open(List.of(data), tokenizer, Optional.of(ChatTemplate.of(jinja)));
        try (TokenStore chat = TokenStore.open(folder.resolve("cache"), corpus, tokenized::set)) {
            return chat.description().tokens();
        }
    }

    @Test
    void tokensThatAreNotLearntAreMasked() throws IOException {
        data = folder.resolve("ask.jsonl");
        Files.writeString(data, "{\"instruction\":\"i\",\"output\":\"answer\"}");
        try (TokenStore asked = open()) {
            int length = (int) asked.description().tokens() - 1;
            Batch batch = new PackedDataset(asked, asked.documents(), length, 0, true).read(0, 0, 1);
            assertThat(asked.description().lossTokens()).isEqualTo("answer".length() + 1);
            assertThat(batch.targets()).endsWith('a', 'n', 's', 'w', 'e', 'r', 256);
            assertThat(batch.targets()[0]).isEqualTo(Batch.IGNORE_INDEX);
            assertThat(Arrays.stream(batch.inputs()).min().orElseThrow()).isNotNegative();
        }
    }

    @Test
    void aShareIsHeldOutForGood() {
        for (double share : new double[] {0.001, 0.1, 0.5}) {
            Split split = Split.of(store, share);
            long held = Arrays.stream(split.heldOut()).mapToLong(store::length).sum();
            assertThat(held)
                    .isBetween(
                            (long) (share * store.description().tokens()),
                            (long) (share * store.description().tokens()) + 45);
            assertThat(IntStream.concat(Arrays.stream(split.training()), Arrays.stream(split.heldOut()))
                            .sorted()
                            .toArray())
                    .isEqualTo(store.documents());
            assertThat(Split.of(store, share).heldOut()).isEqualTo(split.heldOut());
        }
        assertThat(Split.of(store, 0).heldOut()).isEmpty();
        assertThatThrownBy(() -> Split.of(store, 1)).isInstanceOf(LizardException.class);
    }

    @Test
    void aPassReadsEachSequenceOnce() {
        PackedDataset packed = new PackedDataset(store, Split.of(store, 0.5).heldOut(), 10, 0, false);
        long rows = 0;
        for (long s = 0; s < packed.sequences(); s += 4) {
            rows += packed.read(0, s, 4).batch();
        }
        assertThat(rows).isEqualTo(packed.sequences());
    }

    @Test
    void sequencesLongerThanTheDataAreRefusedWithBothNumbers() {
        int tokens = (int) store.description().tokens();
        assertThatThrownBy(() -> new PackedDataset(store, store.documents(), tokens, 0, false))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContainingAll(String.valueOf(tokens), String.valueOf(tokens + 1));
        assertThatThrownBy(() -> new PackedDataset(store, store.documents(), 0, 0, false))
                .isInstanceOf(LizardException.class);
    }
}
