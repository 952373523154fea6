package dev.lizard.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Steps begun before the one before is logged, as with recorded passes on a card, change nothing but the order. */
@ExtendWith(LiveTensors.class)
class PrefetchedStepTest {
    private static final int STEPS = TrainerTest.STEPS;
    private static final int PASSES = TrainerTest.PASSES;
    private static final long NAP_MS = 20;
    private static final BooleanSupplier NEVER = () -> false;

    @TempDir
    Path temp;

    /** A run in a folder of its own, which goes on from its last checkpoint each time. */
    private final class Run {
        private final Path folder;
        private final boolean ahead;
        private final List<StepRecord> records = new ArrayList<>();
        private Consumer<Bigrams> afterStep = bigrams -> {};
        private Consumer<Bigrams> atMeasure = bigrams -> {};
        private long poisonedFrom = -1;
        private List<Float> values = List.of();
        private List<Float> moments = List.of();

        Run(String name, boolean ahead) throws IOException {
            folder = Files.createDirectories(temp.resolve(name));
            this.ahead = ahead;
        }

        void train(TrainSettings settings, BooleanSupplier stop) {
            Checkpoints checkpoints = new Checkpoints(folder);
            Optional<Checkpoints.Saved> last = checkpoints.last(note -> {});
            try (Bigrams bigrams = new Bigrams(poisonedFrom);
                    RunLog log = new RunLog(
                            folder, last.map(saved -> saved.state().logBytes()).orElse(0L));
                    Trainer trainer = new Trainer(
                            bigrams,
                            TrainerTest.DATA,
                            settings,
                            log,
                            checkpoints,
                            listener(bigrams),
                            measure(bigrams))) {
                if (ahead) {
                    trainer.alwaysAhead();
                }
                last.ifPresent(trainer::restore);
                try {
                    trainer.run(stop);
                } finally {
                    values = TrainerTest.list(bigrams.parameters().values().floats());
                    moments =
                            TrainerTest.list(trainer.optimizer().firstMoments().floats());
                    moments.addAll(
                            TrainerTest.list(trainer.optimizer().secondMoments().floats()));
                }
            }
        }

        private TrainListener listener(Bigrams bigrams) {
            return new TrainListener() {
                @Override
                public void step(StepRecord record) {
                    records.add(record);
                    afterStep.accept(bigrams);
                }
            };
        }

        private Trainer.Measure measure(Bigrams bigrams) {
            return (stage, step) -> {
                atMeasure.accept(bigrams);
                return List.of(new Measurement(stage, step, "student", step, List.of()));
            };
        }

        void requireSame(Run other) throws IOException {
            assertThat(values).isEqualTo(other.values);
            assertThat(moments).isEqualTo(other.moments);
            assertThat(TrainerTest.log(folder)).isEqualTo(TrainerTest.log(other.folder));
        }
    }

    private Run inOrder(TrainSettings settings) throws IOException {
        Run run = new Run("in order", false);
        run.train(settings, NEVER);
        return run;
    }

    private static void nap() {
        try {
            Thread.sleep(NAP_MS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void beginsBeforeTheStepBeforeIsToldOfUnlessSomethingIsDue() throws IOException {
        List<Long> told = new ArrayList<>();
        List<Long> measured = new ArrayList<>();
        Run run = new Run("ahead", true);
        run.afterStep = bigrams -> told.add(bigrams.passes() / PASSES);
        run.atMeasure = bigrams -> measured.add(bigrams.passes() / PASSES);
        run.train(TrainerTest.settings(5, 4), NEVER);
        assertThat(told).containsExactly(2L, 3L, 4L, 4L, 5L, 7L, 8L, 8L, 10L, 10L, 12L, 12L);
        assertThat(measured).containsExactly(4L, 8L, 12L);
        List<Long> before = new ArrayList<>();
        Run inOrder = new Run("in order", false);
        inOrder.afterStep = bigrams -> before.add(bigrams.passes() / PASSES);
        inOrder.train(TrainerTest.settings(5, 4), NEVER);
        assertThat(before).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L);
        run.requireSame(inOrder);
    }

    @Test
    void stoppedAfterAnyStepAndResumedEndsWithTheSameBits() throws IOException {
        Run inOrder = inOrder(TrainerTest.settings(5, 4));
        for (int stopAt = 1; stopAt <= STEPS; stopAt++) {
            Run run = new Run("stopped-" + stopAt, true);
            int[] left = {stopAt};
            assertThatThrownBy(() -> run.train(TrainerTest.settings(5, 4), () -> --left[0] == 0))
                    .isInstanceOfSatisfying(
                            LizardException.class,
                            e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.INTERRUPTED));
            assertThat(run.records).hasSize(stopAt);
            run.train(TrainerTest.settings(5, 4), NEVER);
            run.requireSame(inOrder);
        }
    }

    @Test
    void whatWasBegunIsForgottenWhenTheSameTrainerGoesOn() throws IOException {
        Run inOrder = inOrder(TrainerTest.settings(0, 0));
        Path folder = Files.createDirectories(temp.resolve("again"));
        try (Bigrams bigrams = new Bigrams(-1);
                RunLog log = new RunLog(folder, 0);
                Trainer trainer = new Trainer(
                        bigrams,
                        TrainerTest.DATA,
                        TrainerTest.settings(0, 0),
                        log,
                        new Checkpoints(folder),
                        TrainListener.NONE,
                        (stage, step) -> List.of())) {
            trainer.alwaysAhead();
            int[] left = {5};
            assertThatThrownBy(() -> trainer.run(() -> --left[0] == 0)).isInstanceOf(LizardException.class);
            trainer.run(NEVER);
            assertThat(TrainerTest.list(bigrams.parameters().values().floats())).isEqualTo(inOrder.values);
        }
    }

    @Test
    void divergenceIsFoundBeforeItTouchesAParameter() throws IOException {
        Run seven = new Run("seven", true);
        int[] left = {7};
        assertThatThrownBy(() -> seven.train(TrainerTest.settings(3, 0), () -> --left[0] == 0))
                .isInstanceOf(LizardException.class);
        Run poisoned = new Run("poisoned", true);
        poisoned.poisonedFrom = 7 * PASSES;
        assertThatThrownBy(() -> poisoned.train(TrainerTest.settings(3, 0), NEVER))
                .isInstanceOfSatisfying(
                        LizardException.class, e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.FAILED))
                .hasMessageContaining("stage toy, step 8")
                .hasMessageContaining("loss NaN, first at the table")
                .hasMessageContaining("step-000006");
        poisoned.requireSame(seven); // the seventh step was logged though the eighth had begun
        poisoned.poisonedFrom = -1;
        poisoned.train(TrainerTest.settings(3, 0), NEVER);
        poisoned.requireSame(inOrder(TrainerTest.settings(3, 0)));
    }

    @Test
    void aStepsTimeHasTheLoggingDuringItButNoMeasurement() throws IOException {
        Run run = new Run("naps", true);
        run.afterStep = bigrams -> nap();
        run.atMeasure = bigrams -> nap();
        long begun = System.nanoTime();
        run.train(TrainerTest.settings(0, 4), NEVER);
        double wall = (System.nanoTime() - begun) / 1e9;
        double nap = NAP_MS / 1e3;
        List<StepRecord> records = run.records;
        for (int i = 1; i < STEPS; i++) {
            double seconds = records.get(i).elapsedS() - records.get(i - 1).elapsedS();
            if (i % 4 != 0) {
                assertThat(seconds).as("step %d", i + 1).isGreaterThan(nap * 0.9);
            }
            long tokens = records.get(i).tokens() - records.get(i - 1).tokens();
            assertThat(tokens / seconds).isCloseTo(records.get(i).tokensPerS(), withinPercentage(0.1));
        }
        int uncounted = 3 + 3; // three measurements, and the logging before each
        assertThat(records.getLast().elapsedS()).isLessThan(wall - uncounted * nap * 0.9);
    }

    @Test
    void livesInFlatMemory() throws IOException {
        List<Long> live = new ArrayList<>();
        Run run = new Run("flat", true);
        run.afterStep = bigrams -> live.add(Scope.liveTensors());
        long before = Scope.liveTensors();
        run.train(TrainerTest.settings(0, 0), NEVER);
        assertThat(live.removeLast()).as("nothing is begun ahead").isLessThan(live.getFirst());
        assertThat(live).hasSize(STEPS - 1).allMatch(count -> count.equals(live.getFirst()));
        assertThat(Scope.liveTensors()).isEqualTo(before);
    }
}
