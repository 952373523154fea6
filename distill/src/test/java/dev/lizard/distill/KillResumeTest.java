package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.checkpoint.StepFolders;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.RandomStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A process that is killed without warning at random moments, and resumed, against one that is not. */
@ExtendWith(LiveTensors.class)
class KillResumeTest {
    @TempDir
    Path temp;

    @Test
    void killedThreeTimesEndsWithTheSameBits() throws IOException, InterruptedException {
        killed(3);
    }

    @Test
    @Tag("slow")
    void killedTwentyTimesEndsWithTheSameBits() throws IOException, InterruptedException {
        killed(20);
    }

    private void killed(int kills) throws IOException, InterruptedException {
        Path unbroken = Files.createDirectories(temp.resolve("unbroken"));
        KillResumeChild.train(unbroken, TrainListener.NONE);
        Path broken = Files.createDirectories(temp.resolve("broken"));
        long seed = System.nanoTime();
        RandomStream random = new RandomStream(seed);
        for (int kill = 0; kill < kills; kill++) {
            int mostSteps = 2 * KillResumeChild.STEPS / (3 * kills);
            assertThat(runAndKill(broken, 1 + random.nextInt(mostSteps), random.nextInt(30_000_000)))
                    .as("process %d was killed before it was done; seed %d", kill, seed)
                    .isFalse();
        }
        assertThat(runAndKill(broken, Integer.MAX_VALUE, 0)).as("seed %d", seed).isTrue();
        assertThat(TrainerTest.log(broken)).as("seed %d", seed).isEqualTo(TrainerTest.log(unbroken));
        for (String file : new String[] {"parameters.safetensors", "moments.safetensors"}) {
            assertThat(last(broken).resolve(file))
                    .as("seed %d", seed)
                    .hasSameBinaryContentAs(last(unbroken).resolve(file));
        }
    }

    private static Path last(Path folder) {
        return StepFolders.of(folder.resolve(Checkpoints.FOLDER), KillResumeChild.STEPS);
    }

    /** Runs the child until it has said so many steps and some nanoseconds more; true if it got to its end before. */
    private static boolean runAndKill(Path folder, int steps, long nanos) throws IOException, InterruptedException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        classPath,
                        KillResumeChild.class.getName(),
                        folder.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        boolean done = false;
        try (BufferedReader lines = child.inputReader(StandardCharsets.UTF_8)) {
            int said = 0;
            for (String line = lines.readLine(); line != null && said < steps; line = lines.readLine()) {
                said++;
                done = line.equals("done");
            }
            LockSupport.parkNanos(nanos);
            child.destroyForcibly();
            child.waitFor();
        }
        return done;
    }
}
