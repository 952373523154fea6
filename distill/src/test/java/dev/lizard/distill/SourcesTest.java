package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.text.Batch;
import dev.lizard.text.ByteTokenizer;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcesTest {
    /** Sequences that only say which they are. */
    private record Named(int id) implements SequenceSource {
        @Override
        public int length() {
            return 2;
        }

        @Override
        public Batch sequence(long index) {
            return new Batch(1, 2, new long[] {id, index}, new long[] {index, index});
        }

        @Override
        public String fingerprint() {
            return "named " + id;
        }
    }

    @Test
    void mixHasItsSharesAndSkipsNothing() {
        List<MixedSource.Part> parts = List.of(
                new MixedSource.Part(new Named(0), 0.7),
                new MixedSource.Part(new Named(1), 0.2995),
                new MixedSource.Part(new Named(2), 0.0005));
        MixedSource mix = new MixedSource(parts, 3);
        long[] next = new long[3];
        for (int n = 0; n < 3000; n++) {
            Batch sequence = mix.sequence(n);
            int part = (int) sequence.inputs()[0];
            assertThat(sequence.inputs()[1]).isEqualTo(next[part]++);
        }
        assertThat(next).containsExactly(2100 - (next[0] == 2100 ? 0 : 3), next[1], 3);
        assertThat((double) next[1] / 3000).isCloseTo(0.2995, within(0.001));
    }

    @Test
    void anySequenceOfAMixIsTheSameWhateverWasReadBefore() {
        List<MixedSource.Part> parts =
                List.of(new MixedSource.Part(new Named(0), 1), new MixedSource.Part(new Named(1), 1));
        MixedSource forward = new MixedSource(parts, 3);
        Set<String> orders = new HashSet<>();
        for (int n = 0; n < 2500; n += 1) {
            orders.add(n / 1000 + ":"
                    + List.of(
                            forward.sequence(n).inputs()[0], forward.sequence(n).inputs()[1]));
        }
        MixedSource fresh = new MixedSource(parts, 3);
        for (int n : new int[] {2499, 3, 1000, 999, 0}) {
            assertThat(fresh.sequence(n).inputs()).isEqualTo(forward.sequence(n).inputs());
        }
        assertThat(orders).hasSize(2500);
    }

    private static long counted(Batch batch) {
        return Arrays.stream(batch.targets())
                .filter(target -> target != Batch.IGNORE_INDEX)
                .count();
    }

    @Test
    void labelsDecideWhichTargetsCount(@TempDir Path temp) throws IOException {
        Path data = temp.resolve("alpaca.jsonl");
        Files.writeString(data, "{\"instruction\":\"Say a\",\"input\":\"\",\"output\":\"aaaa\"}\n".repeat(20));
        TrainingData.Request request =
                new TrainingData.Request(List.of(data), List.of(), temp.resolve("cache"), 200, false, 400, 0.1, 0);
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<end>"));
                TrainingData corpus =
                        TrainingData.open(request, tokenizer, Optional.empty(), TrainListener.NONE, () -> false)) {
            Batch all = corpus.training(true).batch(0, 4);
            Batch responses = corpus.training(false).batch(0, 4);
            assertThat(responses.inputs()).isEqualTo(all.inputs());
            assertThat(counted(all)).isBetween(4 * 199L, 4 * 200L);
            assertThat(counted(responses)).isBetween(4L, 100L);
            for (int t = 0; t < 200; t++) {
                long target = responses.targets()[t];
                assertThat(target).isIn(Batch.IGNORE_INDEX, (long) 'a', 256L); // the answer and what ends it
            }
        }
    }

    @Test
    void documentsAreKeptApartWhereTheyAreLearntAndNotWhereTheyAreMeasured(@TempDir Path temp) throws IOException {
        Path data = temp.resolve("short.jsonl");
        Files.writeString(data, "{\"text\":\"abcdefg\"}\n".repeat(40)); // documents of 8 tokens
        TrainingData.Request request =
                new TrainingData.Request(List.of(data), List.of(), temp.resolve("cache"), 20, true, 40, 0.2, 0);
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<end>"));
                TrainingData corpus =
                        TrainingData.open(request, tokenizer, Optional.empty(), TrainListener.NONE, () -> false)) {
            assertThat(corpus.documents()).isEqualTo(32);
            SequenceSource source = corpus.training(true);
            Batch batch = source.batch(0, 2);
            assertThat(batch.documents())
                    .startsWith(0, 0, 0, 0, 0, 0, 0, 0, 8, 8)
                    .hasSize(40);
            assertThat(Arrays.copyOfRange(batch.documents(), 20, 40))
                    .startsWith(0, 0, 0, 0, 4, 4)
                    .endsWith(12, 12, 12, 12, 12, 12, 12, 12);
            for (int t = 0; t < 20; t++) {
                assertThat(batch.targets()[t] == Batch.IGNORE_INDEX).isEqualTo(t % 8 == 7);
            }
            assertThat(batch.targets()[39]).isEqualTo(Batch.IGNORE_INDEX); // the next sequence begins with a document
            assertThat(source.fingerprint()).endsWith("all tokens, documents apart");
            HeldOut measured = corpus.heldOut(1000, 2).orElseThrow();
            assertThat(measured.source().batch(0, 1).documents()).isEmpty();
            assertThat(measured.source().fingerprint()).endsWith("all tokens");
        }
    }

    @Test
    void whatIsLeftOutOfTheDataOrMeasuredThoughLearntIsTold(@TempDir Path temp) throws IOException {
        Path data = Files.createDirectory(temp.resolve("data"));
        Files.writeString(data.resolve("README.md"), "x");
        Path shared = Files.writeString(data.resolve("a.txt"), "a".repeat(1000));
        TrainingData.Request request = new TrainingData.Request(
                List.of(data), List.of(shared), temp.resolve("cache"), 100, false, 200, 0.1, 0);
        List<String> warnings = new ArrayList<>();
        TrainListener listener = new TrainListener() {
            @Override
            public void warn(String line) {
                warnings.add(line);
            }
        };
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<end>"));
                TrainingData corpus = TrainingData.open(request, tokenizer, Optional.empty(), listener, () -> false)) {
            assertThat(corpus.description().tokens()).isEqualTo(1001);
        }
        assertThat(warnings)
                .containsExactly(
                        "left out of the data in " + data + ": README.md (by name)",
                        shared + " is learnt from too: what is measured on it says little about other text");
    }

    @Test
    void textOfItsOwnIsHeldOutWhole(@TempDir Path temp) throws IOException {
        Path data = temp.resolve("data.txt");
        Files.writeString(data, "a".repeat(1000));
        Path apart = temp.resolve("apart.txt");
        Files.writeString(apart, "b".repeat(500));
        TrainingData.Request request =
                new TrainingData.Request(List.of(data), List.of(apart), temp.resolve("cache"), 100, false, 200, 0.1, 0);
        try (Tokenizer tokenizer = ByteTokenizer.open(List.of("<end>"));
                TrainingData corpus =
                        TrainingData.open(request, tokenizer, Optional.empty(), TrainListener.NONE, () -> false)) {
            HeldOut measured = corpus.heldOut(10_000, 4).orElseThrow();
            assertThat(measured.source().length()).isEqualTo(200);
            assertThat(measured.sequences()).isEqualTo(2);
            assertThat(measured.source().batch(0, 2).inputs()).containsOnly('b');
            assertThat(corpus.training(true).batch(0, 9).inputs()).doesNotContain('b');
        }
    }

    @Test
    void batchesAreRowsOfConsecutiveSequences() {
        Batch batch = new Named(4).batch(10, 3);
        assertThat(batch.batch()).isEqualTo(3);
        assertThat(batch.inputs()).containsExactly(4, 10, 4, 11, 4, 12);
        assertThat(batch.targets()).containsExactly(10, 10, 11, 11, 12, 12);
    }

    @Test
    void scheduleRisesThenFallsToItsShare() {
        Schedule cosine = new Schedule(Schedule.Kind.COSINE, 0.1, 0.1);
        assertThat(cosine.factor(1, 100)).isCloseTo(0.1, within(1e-12));
        assertThat(cosine.factor(10, 100)).isCloseTo(1.0, within(1e-12));
        assertThat(cosine.factor(55, 100)).isCloseTo(0.55, within(1e-12));
        assertThat(cosine.factor(100, 100)).isCloseTo(0.1, within(1e-12));
        assertThat(new Schedule(Schedule.Kind.CONSTANT, 0, 0).factor(1, 10)).isEqualTo(1);
        assertThat(new Schedule(Schedule.Kind.LINEAR, 0, 0).factor(5, 10)).isCloseTo(0.5, within(1e-12));
    }
}
