package dev.lizard.cli;

import dev.lizard.base.Activity;
import dev.lizard.base.Progress;
import dev.lizard.distill.Measurement;
import dev.lizard.distill.StepRecord;
import dev.lizard.distill.TrainListener;
import java.util.Locale;

/** Shows training: a live line of steps on a terminal, a record a step with {@code --json}, measurements as notes. */
final class TrainingDisplay implements TrainListener, AutoCloseable {
    private final Console console;
    private Progress progress = Progress.NONE;
    private Activity around = Activity.begin("preparing"); // what is done where no progress is shown
    private String stage = "";
    private long last;

    TrainingDisplay(Console console) {
        this.console = console;
    }

    @Override
    public void stage(String name, long doneSteps, long steps) {
        progress.close();
        progress = console.progress(name, "steps", steps);
        last = steps;
        stage = name;
        if (doneSteps > 0) {
            console.note("%s: resuming after step %d of %d".formatted(name, doneSteps, steps));
        }
    }

    @Override
    public void step(StepRecord step) {
        console.emit(step);
        progress.update(
                step.step(), String.format(Locale.ROOT, "loss %.4f  %,.0f tokens/s", step.loss(), step.tokensPerS()));
        if (step.step() == last) {
            progress.close();
            around.close();
            around = Activity.begin("finishing " + stage);
        }
    }

    @Override
    public void measured(Measurement measurement) {
        console.emit(measurement);
        console.note(String.format(
                Locale.ROOT,
                "%s, step %d: %s has a held-out NLL of %.4f",
                measurement.stage(),
                measurement.step(),
                measurement.model(),
                measurement.nll()));
    }

    @Override
    public void note(String line) {
        console.note(line);
    }

    @Override
    public void warn(String line) {
        console.warn(line);
    }

    @Override
    public void close() {
        progress.close();
        around.close();
    }
}
