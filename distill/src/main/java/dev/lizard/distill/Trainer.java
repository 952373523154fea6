package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.base.ProcessMemory;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.text.Batch;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one training loop: gradients of some passes, clip, AdamW, a log line, now and then a measurement and a
 * checkpoint.
 *
 * <p>A run that was stopped after any step, or killed at any moment, and resumed from its last whole checkpoint ends
 * with the same bits in parameters, moments and log (but for wall-clock fields) as one that was never stopped. That is
 * so because a step is a function of parameters, moments, step number and sequence numbers, all of which a checkpoint
 * has.
 */
public final class Trainer implements AutoCloseable {
    private static final double NANOS = 1e9;

    /** Measures the model as it is now; called between steps. */
    @FunctionalInterface
    public interface Measure {
        List<Measurement> measure(String stage, long step);
    }

    private final Objective objective;
    private final GraphedPass pass;
    private final SequenceSource data;
    private final TrainSettings settings;
    private final RunLog log;
    private final Checkpoints checkpoints;
    private final TrainListener listener;
    private final Measure measure;
    private final AdamW optimizer;
    private final String layout;
    private long step;
    private long tokens;
    private double elapsed;
    private boolean complete;
    private @Nullable PrefetchedStep next;
    private long begun;
    private boolean alwaysAhead;

    /** A trainer at step 0. The log and the checkpoints are the run's and outlive it. */
    public Trainer(
            Objective objective,
            SequenceSource data,
            TrainSettings settings,
            RunLog log,
            Checkpoints checkpoints,
            TrainListener listener,
            Measure measure) {
        this.objective = objective;
        this.pass = new GraphedPass(objective);
        this.data = data;
        this.settings = settings;
        this.log = log;
        this.checkpoints = checkpoints;
        this.listener = listener;
        this.measure = measure;
        this.optimizer = new AdamW(objective.parameters(), settings.adam());
        this.layout = layout(objective.parameters());
    }

    /** For tests: steps are begun before the one before is told of even where passes are not recorded. */
    void alwaysAhead() {
        alwaysAhead = true;
    }

    private static String layout(ParameterBuffer parameters) {
        StringBuilder text = new StringBuilder();
        parameters.parameters().forEach((name, tensor) -> text.append(name).append(Arrays.toString(tensor.shape())));
        return "%d parameters, %d numbers, %08x"
                .formatted(
                        parameters.parameters().size(),
                        parameters.count(),
                        text.toString().hashCode());
    }

    /**
     * Goes to where a checkpoint of this stage was.
     *
     * @throws LizardException USAGE where it was made with other data, steps or parameters
     */
    public void restore(Checkpoints.Saved saved) {
        TrainState state = saved.state();
        requireSame(saved, "stage", settings.stage(), state.stage());
        requireSame(saved, "steps", settings.steps(), state.steps());
        requireSame(saved, "data", data.fingerprint(), state.data());
        requireSame(saved, "parameters", layout, state.layout());
        requireSame(saved, "sequences", state.step() * settings.sequencesPerStep(), state.sequences());
        Checkpoints.restore(saved, objective.parameters(), optimizer);
        step = state.step();
        tokens = state.tokens();
        elapsed = state.elapsedS();
        complete = state.complete();
        drop();
    }

    private static void requireSame(Checkpoints.Saved saved, String key, Object expected, Object found) {
        if (!Objects.equals(expected, found)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "checkpoint of another run",
                    saved.folder() + "/state.json/" + key,
                    String.valueOf(expected),
                    found,
                    "resume with the settings and data it was made with, or choose another folder");
        }
    }

    /**
     * Trains to the end of the stage, measures, and leaves a checkpoint that is marked complete.
     *
     * @param stop asked after each step
     * @throws LizardException INTERRUPTED when asked to stop, after a checkpoint was written; FAILED when the loss or a
     *     gradient is not finite, in which case the last checkpoint before stays the last
     */
    public void run(BooleanSupplier stop) {
        listener.stage(settings.stage(), step, settings.steps());
        try {
            steps(stop);
        } finally {
            drop();
        }
        if (!complete) {
            measure();
            complete = true;
            save();
        }
    }

    private void steps(BooleanSupplier stop) {
        while (step < settings.steps()) {
            StepRecord record = update();
            log.append(record);
            listener.step(record);
            if (due(settings.measureEvery())) {
                measure();
            }
            if (stop.getAsBoolean()) {
                String folder = save().toString();
                throw new LizardException(
                        LizardException.Kind.INTERRUPTED,
                        "interrupted; state saved in %s; continue with --resume".formatted(folder));
            }
            if (due(settings.checkpointEvery())) {
                save();
            }
        }
    }

    private boolean due(long every) {
        return every > 0 && step % every == 0 && step < settings.steps();
    }

    private void measure() {
        for (Measurement measurement : measure.measure(settings.stage(), step)) {
            log.append(measurement);
            listener.measured(measurement);
        }
    }

    /**
     * One update; the first thing that is not finite ends the run before it can touch a parameter. The device is waited
     * for once, when its work is queued and the next step's data are read and on their way.
     *
     * <p>A recorded step follows on the device at once: it is begun before the host turns to what it tells of this one.
     */
    private StepRecord update() {
        double loss;
        double norm;
        try (PrefetchedStep present = take()) {
            next = step + 1 < settings.steps() ? read(step + 1) : null;
            double[] numbers = present.numbers();
            loss = loss(present, numbers);
            norm = numbers[settings.accumulate()];
            if (!Double.isFinite(norm)) {
                throw diverged("a gradient of norm " + norm, present.batch(0));
            }
        }
        double rate = settings.learningRate() * settings.schedule().factor(step + 1, settings.steps());
        optimizer.step(rate);
        step++;
        long seen = (long) settings.sequencesPerStep() * data.length();
        tokens += seen;
        double seconds = (System.nanoTime() - begun) / NANOS;
        elapsed += seconds;
        if (followsAtOnce()) {
            begin();
        }
        return new StepRecord(
                settings.stage(),
                step,
                tokens,
                loss,
                rate,
                norm,
                seen / seconds,
                elapsed,
                ProcessMemory.residentBytes().orElse(Runtime.getRuntime().totalMemory()));
    }

    /** The mean loss of all passes. */
    private double loss(PrefetchedStep present, double[] numbers) {
        double share = 1.0 / settings.accumulate();
        double loss = 0;
        for (int i = 0; i < settings.accumulate(); i++) {
            loss += share * numbers[i];
            if (!Double.isFinite(loss)) {
                throw diverged("loss " + loss, present.batch(i));
            }
        }
        return loss;
    }

    /** Measurements and checkpoints find the device at rest, and their time is no step's. */
    private boolean followsAtOnce() {
        return (alwaysAhead || pass.recorded())
                && step < settings.steps()
                && !due(settings.measureEvery())
                && !due(settings.checkpointEvery());
    }

    /** Begins the next step unless it was; its time runs from here. */
    private PrefetchedStep begin() {
        PrefetchedStep queued = next;
        if (queued == null || !queued.begun()) {
            begun = System.nanoTime();
            queued = queued == null ? read(step) : queued;
            next = queued;
            queued.begin(pass, objective.parameters());
        }
        return queued;
    }

    /** The next step, begun; the caller closes it. */
    private PrefetchedStep take() {
        PrefetchedStep taken = begin();
        next = null;
        return taken;
    }

    private PrefetchedStep read(long done) {
        return new PrefetchedStep(
                data, settings, done, objective.parameters().values().device());
    }

    /** Forgets what was read and queued of the next step: of all there is, it can have changed the gradients only. */
    private void drop() {
        if (next != null) {
            next.close();
            next = null;
        }
    }

    private LizardException diverged(String what, Batch batch) {
        Optional<Checkpoints.Saved> last = checkpoints.last(listener::note);
        objective.parameters().zeroGradients(); // clipping has spread what is not finite
        try (Scope work = Scope.open()) {
            objective.accumulate(batch, 1);
        }
        return LizardException.at(
                LizardException.Kind.FAILED,
                "training diverged",
                "stage %s, step %d".formatted(settings.stage(), step + 1),
                "finite loss and gradients",
                what + ", first at " + objective.diagnose(batch),
                "lower the learning rate; "
                        + last.map(saved -> "the last good checkpoint is " + saved.folder())
                                .orElse("there is no checkpoint yet"));
    }

    private java.nio.file.Path save() {
        TrainState state = new TrainState(
                TrainState.VERSION,
                settings.stage(),
                step,
                settings.steps(),
                complete,
                tokens,
                step * settings.sequencesPerStep(),
                data.fingerprint(),
                layout,
                log.sync(),
                elapsed);
        return checkpoints.write(settings.precedingSteps() + step, state, objective.parameters(), optimizer);
    }

    /** Updates so far. */
    public long step() {
        return step;
    }

    /** The optimiser, for comparisons. */
    AdamW optimizer() {
        return optimizer;
    }

    @Override
    public void close() {
        drop();
        pass.close();
        optimizer.close();
    }
}
