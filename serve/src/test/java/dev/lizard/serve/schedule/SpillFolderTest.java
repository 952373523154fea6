package dev.lizard.serve.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.LizardException;
import dev.lizard.generate.ModelFingerprint;
import dev.lizard.generate.Session;
import dev.lizard.generate.Snapshot;
import dev.lizard.serve.ByteModel;
import dev.lizard.tensor.LiveTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LiveTensors.class)
class SpillFolderTest {
    private static final long LARGE = 1 << 28;

    private static ByteModel model;
    private static String fingerprint;

    @TempDir
    private Path folder = Path.of(".");

    private final List<String> told = new ArrayList<>();

    @BeforeAll
    static void open() {
        model = new ByteModel(true);
        fingerprint = ModelFingerprint.of(model.decoder);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static int[] ids(int seed, int length) {
        int[] ids = new int[length];
        Arrays.setAll(ids, i -> (i + 31 * seed) % 256);
        return ids;
    }

    private SpillFolder folder(long budget) {
        return SpillFolder.open(folder, budget, fingerprint, told::add);
    }

    private static void put(SpillFolder spill, int[] ids) {
        read(ids, spill::put);
    }

    private static void read(int[] ids, BiConsumer<int[], Snapshot> then) {
        try (Session session = new Session(model.decoder)) {
            session.prefill(ids);
            try (Snapshot snapshot = session.snapshot()) {
                then.accept(ids, snapshot);
            }
        }
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.toString().endsWith(".state")).toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static @Nullable Snapshot load(SpillFolder spill, int[] ids) {
        SpillIndex.Entry entry = spill.longest(ids, 0);
        return entry == null ? null : spill.load(model.decoder, entry, ids);
    }

    @Test
    void theNextProcessFindsTheLongestBeginningAndGoesOnExactly() {
        int[] ids = ids(1, 60);
        try (SpillFolder spill = folder(LARGE)) {
            put(spill, Arrays.copyOf(ids, 20));
            put(spill, Arrays.copyOf(ids, 40));
            put(spill, Arrays.copyOf(ids, 40)); // is there already
        }
        assertThat(files()).hasSize(2);
        try (SpillFolder spill = folder(LARGE);
                Session session = new Session(model.decoder);
                Session alone = new Session(model.decoder)) {
            assertThat(spill.states()).isEqualTo(2);
            assertThat(spill.longest(ids, 40)).isNull();
            assertThat(spill.longest(ids(2, 60), 0)).isNull();
            assertThat(spill.longest(ids, 20))
                    .extracting(SpillIndex.Entry::depth)
                    .isEqualTo(40);
            assertThat(spill.longest(Arrays.copyOf(ids, 39), 0))
                    .extracting(SpillIndex.Entry::depth)
                    .isEqualTo(20);
            try (Snapshot snapshot = load(spill, ids)) {
                session.rewind(snapshot);
            }
            alone.prefill(Arrays.copyOf(ids, 40));
            for (int id : Arrays.copyOfRange(ids, 40, 60)) {
                assertThat(session.step(id)).isEqualTo(alone.step(id));
            }
        }
        assertThat(told).isEmpty();
    }

    @Test
    void aDamagedFileIsToldDeletedAndNoHitAnyLonger() throws IOException {
        int[] ids = ids(1, 40);
        try (SpillFolder spill = folder(LARGE)) {
            put(spill, Arrays.copyOf(ids, 20));
            put(spill, ids);
        }
        for (Path file : files()) {
            byte[] bytes = Files.readAllBytes(file);
            if (file.toString().contains("-40-")) {
                bytes[bytes.length / 2] ^= 1;
                Files.write(file, bytes);
            } else {
                Files.write(file, Arrays.copyOf(bytes, bytes.length - 7));
            }
        }
        try (SpillFolder spill = folder(LARGE)) {
            assertThat(load(spill, ids)).isNull();
            assertThat(load(spill, ids)).isNull();
            assertThat(spill.longest(ids, 0)).isNull();
            assertThat(spill.bytes()).isZero();
        }
        assertThat(files()).isEmpty();
        assertThat(told)
                .hasSize(2)
                .allSatisfy(line ->
                        assertThat(line).startsWith("spilled state deleted: ").doesNotContain("\n"));
        assertThat(told.getFirst()).contains("torn or changed session file");
    }

    @Test
    void filesOfOthersAreLeftAloneAndUnfinishedOnesGo() throws IOException {
        try (SpillFolder spill = folder(LARGE)) {
            put(spill, ids(1, 40));
        }
        Path mine = files().getFirst();
        String name = mine.getFileName().toString();
        Path other = folder.resolve(name.replaceFirst("-[0-9a-f]{16}\\.", "-0123456789abcdef."));
        Files.copy(mine, other);
        Files.writeString(folder.resolve("notes.txt"), "mine");
        Files.createDirectory(folder.resolve("sub"));
        Files.writeString(folder.resolve(name + ".tmp-77-1"), "half");
        try (SpillFolder spill = folder(LARGE)) {
            assertThat(spill.states()).isEqualTo(1);
        }
        assertThat(told)
                .containsExactly(
                        "spill folder %s: 3 files that are no states of this model are left alone".formatted(folder));
        try (Stream<Path> all = Files.list(folder)) {
            assertThat(all.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder(name, other.getFileName().toString(), "notes.txt", "sub");
        }
    }

    @Test
    void whatWasNotUsedLongestIsDeletedToStayWithinTheBytes() throws IOException {
        try (SpillFolder spill = folder(LARGE)) {
            put(spill, ids(1, 40));
        }
        long one = Files.size(files().getFirst());
        try (SpillFolder spill = folder(3 * one + one / 2)) {
            for (int i = 2; i < 9; i++) {
                read(ids(i, 40), spill::flush);
                put(spill, ids(1, 40)); // is there already, and counts as used
                assertThat(spill.longest(ids(1, 40), 0)).isNotNull();
            }
        }
        try (SpillFolder spill = folder(3 * one + one / 2)) {
            assertThat(spill.states()).isEqualTo(3);
            assertThat(spill.longest(ids(1, 40), 0)).isNotNull();
            assertThat(spill.longest(ids(8, 40), 0)).isNotNull();
            assertThat(spill.longest(ids(2, 40), 0)).isNull();
        }
        try (SpillFolder spill = folder(one - 1)) {
            assertThat(spill.states()).isZero();
            put(spill, ids(1, 40));
        }
        assertThat(files()).isEmpty();
        assertThat(told).isEmpty();
    }

    @Test
    void twoProcessesDoNotShareAFolder() {
        try (SpillFolder spill = folder(LARGE)) {
            assertThat(spill.states()).isZero();
            assertThatThrownBy(() -> folder(LARGE))
                    .isInstanceOfSatisfying(
                            LizardException.class,
                            e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT))
                    .hasMessageContaining("%s is in use by process".formatted(folder))
                    .hasMessageEndingWith("wait for it, or choose another folder");
        }
    }

    @Test
    void aFullOrForbiddenDiskEndsTheSpillingNotTheServing() throws IOException {
        try (SpillFolder spill = folder(LARGE)) {
            Files.delete(folder.resolve(".lock"));
            Files.delete(folder);
            Files.writeString(folder, "a file where the folder was");
            put(spill, ids(1, 40));
            put(spill, ids(2, 40));
        }
        assertThat(told).hasSize(1);
        assertThat(told.getFirst())
                .startsWith("no more states are spilled: cannot write ")
                .doesNotContain("\n");
        Files.delete(folder);
        Files.createDirectory(folder);
    }
}
