package dev.lizard.serve.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.generate.ModelFingerprint;
import dev.lizard.generate.Session;
import dev.lizard.generate.Snapshot;
import dev.lizard.serve.ByteModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed while it spills, again and again. */
class SpillKillTest {
    private static final long BUDGET = 1 << 28;
    private static final int LENGTH = 24;
    private static final int[] LIVES = {2, 15}; // states written when it is killed

    @TempDir
    private Path folder = Path.of(".");

    private static int[] ids(int number) {
        int[] ids = new int[LENGTH];
        Arrays.setAll(ids, i -> number >> (i % 16) & 1);
        ids[0] = number % 256;
        return ids;
    }

    /** Spills states of its own as fast as it can, and says each number that is safe. */
    public static void main(String[] args) {
        try (ByteModel model = new ByteModel(true);
                SpillFolder spill =
                        SpillFolder.open(Path.of(args[0]), BUDGET, ModelFingerprint.of(model.decoder), line -> {})) {
            for (int number = Integer.parseInt(args[1]); number < 1 << 16; number++) {
                try (Session session = new Session(model.decoder)) {
                    session.prefill(ids(number));
                    try (Snapshot snapshot = session.snapshot()) {
                        spill.flush(ids(number), snapshot);
                    }
                }
                System.out.println(number);
                System.out.flush();
            }
        }
    }

    @Test
    void afterAKillTheNextProcessFindsWholeStatesOnlyAndAllThatWereSafe() throws Exception {
        List<Integer> safe = new ArrayList<>();
        for (int life : LIVES) {
            int first = safe.isEmpty() ? 0 : safe.getLast() + 100;
            Process process = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:TieredStopAtLevel=1",
                            "-Xmx256m",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            SpillKillTest.class.getName(),
                            folder.toString(),
                            Integer.toString(first)))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (BufferedReader out = process.inputReader()) {
                for (int i = 0; i < life; i++) {
                    safe.add(Integer.parseInt(out.readLine()));
                }
                process.toHandle().destroyForcibly(); // what it has said can still be read
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                    safe.add(Integer.parseInt(line));
                }
            } finally {
                process.destroyForcibly();
            }
            assertThat(process.waitFor()).as("killed").isEqualTo(137);
            assertAllWhole(safe);
        }
    }

    private void assertAllWhole(List<Integer> safe) throws IOException {
        List<String> told = new ArrayList<>();
        try (ByteModel model = new ByteModel(true);
                SpillFolder spill = SpillFolder.open(folder, BUDGET, ModelFingerprint.of(model.decoder), told::add)) {
            assertThat(spill.states()).isBetween(safe.size(), safe.size() + LIVES.length);
            for (int number : safe) {
                SpillIndex.Entry entry = spill.longest(ids(number), 0);
                assertThat(entry).as("state %d", number).isNotNull();
                try (Snapshot snapshot = spill.load(model.decoder, entry, ids(number))) {
                    assertThat(snapshot).as("state %d", number).isNotNull();
                }
            }
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .allMatch(name -> name.endsWith(".state") || name.equals(".lock"));
            }
        }
        assertThat(told).isEmpty();
    }
}
