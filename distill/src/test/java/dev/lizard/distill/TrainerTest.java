package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.StepFolders;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.node.ObjectNode;

@ExtendWith(LiveTensors.class)
class TrainerTest {
    static final int STEPS = 12;
    static final int PASSES = 2; // of a step
    private static final BooleanSupplier NEVER = () -> false;
    private static final Trainer.Measure MEASURE =
            (stage, step) -> List.of(new Measurement(stage, step, "student", step, List.of()));

    @TempDir
    Path temp;

    /** What must be the same bits however often a run was interrupted. */
    private record Outcome(List<Float> values, List<Float> first, List<Float> second, List<String> log) {}

    static TrainSettings settings(long every, long measureEvery) {
        return new TrainSettings(
                "toy",
                4,
                PASSES,
                STEPS,
                0.05,
                new Schedule(Schedule.Kind.COSINE, 0.1, 0.1),
                new AdamW.Settings(0.9, 0.99, 1e-8),
                1.0,
                every,
                measureEvery,
                0);
    }

    static final SequenceSource DATA = new Numbers(8, Bigrams.VOCABULARY, 5);

    /** Trains in {@code folder} from its last checkpoint on. */
    private static Outcome train(Path folder, TrainSettings settings, BooleanSupplier stop, long poisonedFrom)
            throws IOException {
        return train(folder, settings, stop, poisonedFrom, new Checkpoints(folder), TrainListener.NONE);
    }

    private static Outcome train(
            Path folder,
            TrainSettings settings,
            BooleanSupplier stop,
            long poisonedFrom,
            Checkpoints checkpoints,
            TrainListener listener)
            throws IOException {
        Files.createDirectories(folder);
        Optional<Checkpoints.Saved> last = checkpoints.last(listener::note);
        long logBytes = last.map(saved -> saved.state().logBytes()).orElse(0L);
        try (Bigrams bigrams = new Bigrams(poisonedFrom);
                RunLog log = new RunLog(folder, logBytes);
                Trainer trainer = new Trainer(bigrams, DATA, settings, log, checkpoints, listener, MEASURE)) {
            last.ifPresent(trainer::restore);
            trainer.run(stop);
            return new Outcome(
                    list(bigrams.parameters().values().floats()),
                    list(trainer.optimizer().firstMoments().floats()),
                    list(trainer.optimizer().secondMoments().floats()),
                    log(folder));
        }
    }

    static List<Float> list(float[] values) {
        List<Float> list = new ArrayList<>();
        for (float value : values) {
            list.add(value);
        }
        return list;
    }

    /** The log without what the clock decides. */
    static List<String> log(Path folder) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(folder.resolve(RunLog.FILE))) {
            ObjectNode node = (ObjectNode) Json.MAPPER.readTree(line);
            node.remove(List.of("tokens_per_s", "elapsed_s", "memory_bytes"));
            lines.add(node.toString());
        }
        return lines;
    }

    private static BooleanSupplier afterSteps(int count) {
        int[] asked = {0};
        return () -> ++asked[0] >= count;
    }

    @Test
    void lossFallsAndLogHasALineAStep() throws IOException {
        Outcome outcome = train(temp.resolve("run"), settings(0, 0), NEVER, -1);
        assertThat(outcome.log()).hasSize(STEPS + 1);
        double first =
                Json.MAPPER.readTree(outcome.log().getFirst()).get("loss").doubleValue();
        double last =
                Json.MAPPER.readTree(outcome.log().get(STEPS - 1)).get("loss").doubleValue();
        assertThat(last).isLessThan(first * 0.9);
        assertThat(outcome.log().getFirst())
                .contains("\"stage\":\"toy\"", "\"step\":1", "\"tokens\":64", "\"lr\":", "\"grad_norm\":");
        assertThat(outcome.log().getLast()).contains("\"model\":\"student\"", "\"step\":12");
    }

    @Test
    void stoppedAfterEachStepAndResumedEndsWithTheSameBits() throws IOException {
        Outcome unbroken = train(temp.resolve("unbroken"), settings(5, 4), NEVER, -1);
        for (int stopAt = 1; stopAt <= STEPS; stopAt++) {
            Path folder = temp.resolve("stopped-" + stopAt);
            int steps = stopAt;
            assertThatThrownBy(() -> train(folder, settings(5, 4), afterSteps(steps), -1))
                    .isInstanceOfSatisfying(
                            LizardException.class,
                            e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INTERRUPTED))
                    .hasMessageContaining("step-%06d".formatted(stopAt))
                    .hasMessageContaining("--resume");
            assertThat(train(folder, settings(5, 4), NEVER, -1))
                    .as("stopped after step %d", stopAt)
                    .isEqualTo(unbroken);
        }
        Path stuttering = temp.resolve("stuttering");
        for (int step = 1; step <= STEPS; step++) {
            assertThatThrownBy(() -> train(stuttering, settings(5, 4), () -> true, -1))
                    .isInstanceOf(LizardException.class);
        }
        assertThat(train(stuttering, settings(5, 4), NEVER, -1)).isEqualTo(unbroken);
    }

    @Test
    void resumingAFinishedRunChangesNothing() throws IOException {
        Path folder = temp.resolve("run");
        Outcome once = train(folder, settings(0, 0), NEVER, -1);
        assertThat(train(folder, settings(0, 0), NEVER, -1)).isEqualTo(once);
    }

    @Test
    void keepsTheLastTwoCheckpoints() throws IOException {
        Path folder = temp.resolve("run");
        train(folder, settings(3, 0), NEVER, -1);
        assertThat(StepFolders.list(folder.resolve(Checkpoints.FOLDER)).stream()
                        .map(StepFolders::stepOf)
                        .toList())
                .containsExactly(9L, 12L);
    }

    @Test
    void divergenceStopsBeforeItTouchesAParameter() throws IOException {
        Path folder = temp.resolve("run");
        assertThatThrownBy(() -> train(folder, settings(3, 0), NEVER, 14)) // second pass of step 8
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.FAILED))
                .hasMessageContaining("stage toy, step 8")
                .hasMessageContaining("loss NaN, first at the table")
                .hasMessageContaining("step-000006");
        Outcome unbroken = train(temp.resolve("unbroken"), settings(3, 0), NEVER, -1);
        assertThat(train(folder, settings(3, 0), NEVER, -1)).isEqualTo(unbroken);
    }

    @Test
    void tornCheckpointIsPassedOver() throws IOException {
        Outcome unbroken = train(temp.resolve("unbroken"), settings(3, 0), NEVER, -1);
        for (String file : List.of("parameters.safetensors", "moments.safetensors", "state.json", "manifest.json")) {
            Path folder = temp.resolve("torn-" + file);
            assertThatThrownBy(() -> train(folder, settings(3, 0), afterSteps(8), -1))
                    .isInstanceOf(LizardException.class);
            Path last = folder.resolve("checkpoints/step-000008").resolve(file);
            try (FileChannel channel = FileChannel.open(last, StandardOpenOption.WRITE)) {
                channel.truncate(channel.size() / 2);
            }
            List<String> notes = new ArrayList<>();
            TrainListener listener = new TrainListener() {
                @Override
                public void note(String line) {
                    notes.add(line);
                }
            };
            Outcome resumed = train(folder, settings(3, 0), NEVER, -1, new Checkpoints(folder), listener);
            assertThat(resumed).isEqualTo(unbroken);
            assertThat(notes).anySatisfy(note -> assertThat(note).contains("torn", "step-000008"));
        }
    }

    @Test
    void fullDiskLeavesTheLastGoodCheckpoint() throws IOException {
        Outcome unbroken = train(temp.resolve("unbroken"), settings(3, 0), NEVER, -1);
        Path folder = temp.resolve("full");
        int[] writes = {0};
        Checkpoints full = new Checkpoints(
                folder,
                (target, body) -> AtomicFiles.replaceFolder(target, fresh -> {
                    body.fill(fresh);
                    if (++writes[0] == 2) {
                        Files.delete(fresh.resolve("state.json"));
                        throw new IOException("No space left on device");
                    }
                }));
        assertThatThrownBy(() -> train(folder, settings(3, 0), NEVER, -1, full, TrainListener.NONE))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT))
                .hasMessageContaining("no space left on the device");
        assertThat(new Checkpoints(folder)
                        .last(note -> {})
                        .orElseThrow()
                        .state()
                        .step())
                .isEqualTo(3);
        assertThat(train(folder, settings(3, 0), NEVER, -1)).isEqualTo(unbroken);
    }

    @Test
    void refusesACheckpointOfAnotherRun() throws IOException {
        Path folder = temp.resolve("run");
        assertThatThrownBy(() -> train(folder, settings(3, 0), afterSteps(2), -1))
                .isInstanceOf(LizardException.class);
        TrainSettings longer = new TrainSettings(
                "toy",
                4,
                2,
                STEPS + 1,
                0.05,
                new Schedule(Schedule.Kind.COSINE, 0.1, 0.1),
                new AdamW.Settings(0.9, 0.99, 1e-8),
                1.0,
                3,
                0,
                0);
        assertThatThrownBy(() -> train(folder, longer, NEVER, -1))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.USAGE))
                .hasMessageContaining("state.json/steps: expected 13 but found 12");
    }

    @Test
    void livesInFlatMemoryOverAThousandSteps() throws IOException {
        Path folder = temp.resolve("run");
        TrainSettings many = new TrainSettings(
                "toy",
                2,
                1,
                1000,
                0.01,
                new Schedule(Schedule.Kind.LINEAR, 0, 0),
                new AdamW.Settings(0.9, 0.99, 1e-8),
                Double.POSITIVE_INFINITY,
                0,
                0,
                0);
        List<Long> live = new ArrayList<>();
        TrainListener counting = new TrainListener() {
            @Override
            public void step(StepRecord record) {
                live.add(Scope.liveTensors());
            }
        };
        train(folder, many, NEVER, -1, new Checkpoints(folder), counting);
        assertThat(live).hasSize(1000);
        assertThat(live.removeLast()).as("nothing is read ahead").isLessThan(live.getFirst());
        assertThat(live).allMatch(count -> count.equals(live.getFirst()));
    }
}
