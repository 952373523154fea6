package dev.lizard.eval.frontier;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.distill.Checkpoints;
import dev.lizard.distill.RunLog;
import dev.lizard.distill.Schedule;
import dev.lizard.distill.TrainListener;
import dev.lizard.distill.TrainSettings;
import dev.lizard.distill.Trainer;
import dev.lizard.eval.result.FrontierPoint;
import dev.lizard.mixer.Form;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One model: a stack of mixers at a width, trained with a learning rate from a seed, then tested. */
record FrontierCell(FrontierPlan plan, FrontierPlan.Stack stack, int width, long seed, double learningRate) {
    private static final String STAGE = "recall";
    private static final AdamW.Settings ADAM = new AdamW.Settings(0.9, 0.95, 1e-8);
    private static final double CLIP = 1;

    /** Share of the peak rate at the end. */
    private static final double LAST_RATE = 0.1;

    /** Test sequences are those of no training seed. */
    private static final long TEST_SEED = -1;

    /** For people. */
    String name() {
        return "%s, D %d, seed %d, rate %s".formatted(stack.name(), width, seed, learningRate);
    }

    /** For the folder of its checkpoints: another one for each model. */
    String key() {
        return "%s-%08x".formatted(name().replaceAll("[^A-Za-z0-9.]+", "-"), layers().hashCode());
    }

    /** Of this model among {@code points}, one for each number of pairs; empty unless all are there. */
    List<FrontierPoint> among(List<FrontierPoint> points) {
        List<FrontierPoint> own = points.stream().filter(this::isOwn).toList();
        return plan.pairs().stream().allMatch(n -> own.stream().anyMatch(point -> point.pairs() == n))
                ? own
                : List.of();
    }

    private boolean isOwn(FrontierPoint point) {
        return point.task().equals(plan.taskName())
                && plan.pairs().contains(point.pairs())
                && point.mixer().equals(stack.name())
                && point.layers().equals(layers())
                && point.width() == width
                && point.seed() == seed
                && point.learningRate() == learningRate
                && point.budget() == plan.steps()
                && point.tokens() == point.steps() * plan.batch() * plan.length();
    }

    /** {@code window, window 2, meta 0; linear}. */
    private String layers() {
        return specs().stream().map(FrontierCell::told).collect(Collectors.joining("; "));
    }

    private static String told(MixerSpec spec) {
        return Stream.concat(
                        Stream.of(spec.mixer()),
                        spec.keys().entrySet().stream()
                                .map(key -> key.getKey().replace('_', ' ') + " " + key.getValue()))
                .collect(Collectors.joining(", "));
    }

    private List<MixerSpec> specs() {
        return SmallModel.specs(plan, stack, SmallModel.config(plan, width).headDims());
    }

    /** Kept of a sequence of the task's length. */
    long stateBytes() {
        return MixerSpecs.stateBytes(specs(), SmallModel.config(plan, width).headDims(), DType.FLOAT32, plan.length());
    }

    /**
     * Trains, or goes on where it was interrupted, and tests.
     *
     * @param folder of checkpoints while it trains; gone when it is done
     * @throws LizardException INTERRUPTED when asked to stop, with the state saved
     */
    List<FrontierPoint> run(Path folder, Device device, TrainListener listener, BooleanSupplier stop) {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw AtomicFiles.failure(folder, e);
        }
        List<FrontierPoint> points;
        try (SmallModel model = SmallModel.of(plan, stack, width, seed, device)) {
            points = points(model, folder, listener, stop);
        }
        try {
            AtomicFiles.deleteTree(folder);
        } catch (IOException e) {
            throw AtomicFiles.failure(folder, e);
        }
        return points;
    }

    private List<FrontierPoint> points(SmallModel model, Path folder, TrainListener listener, BooleanSupplier stop) {
        RecallSource source =
                new RecallSource(plan.pairs().stream().map(plan::task).toList(), seed);
        AskedTokens objective = new AskedTokens(model.decoder(), model.parameters(), source.asked(plan.batch()));
        Checkpoints checkpoints = new Checkpoints(folder);
        Optional<Checkpoints.Saved> last = checkpoints.last(listener::note);
        boolean[] learned = {false};
        Trainer.Measure test = (stage, step) -> {
            learned[0] = test(model.decoder()).values().stream().allMatch(share -> share >= plan.enough());
            return List.of();
        };
        boolean diverged = false;
        long steps;
        try (RunLog log = new RunLog(
                        folder, last.map(saved -> saved.state().logBytes()).orElse(0L));
                Trainer trainer = new Trainer(objective, source, settings(), log, checkpoints, listener, test)) {
            last.ifPresent(trainer::restore);
            try {
                trainer.run(() -> learned[0] || stop.getAsBoolean());
            } catch (LizardException e) {
                diverged = e.kind() == LizardException.Kind.FAILED;
                boolean stopped = e.kind() == LizardException.Kind.INTERRUPTED;
                if (stopped && !learned[0]) {
                    throw new LizardException(
                            LizardException.Kind.INTERRUPTED, "interrupted; the same command goes on from here", e);
                }
                if (!diverged && !stopped) {
                    throw e;
                }
            }
            steps = trainer.step();
        }
        Map<Integer, Double> accuracy = diverged ? Map.of() : test(model.decoder());
        List<FrontierPoint> points = new ArrayList<>();
        for (int pairs : plan.pairs()) {
            points.add(point(pairs, accuracy.get(pairs), steps));
        }
        return points;
    }

    private FrontierPoint point(int pairs, @Nullable Double accuracy, long steps) {
        return new FrontierPoint(
                plan.taskName(),
                pairs,
                stack.name(),
                layers(),
                width,
                stateBytes(),
                accuracy,
                (long) plan.tested() * pairs,
                seed,
                learningRate,
                steps,
                plan.steps(),
                steps * plan.batch() * plan.length());
    }

    private TrainSettings settings() {
        return new TrainSettings(
                STAGE,
                plan.batch(),
                1,
                plan.steps(),
                learningRate,
                new Schedule(Schedule.Kind.COSINE, plan.warmup(), LAST_RATE),
                ADAM,
                CLIP,
                0,
                plan.testEvery(),
                0);
    }

    /** Accuracy by number of pairs. */
    private Map<Integer, Double> test(Decoder decoder) {
        Map<Integer, Double> shares = new LinkedHashMap<>();
        for (int pairs : plan.pairs()) {
            shares.put(pairs, accuracy(decoder, new RecallSource(List.of(plan.task(pairs)), TEST_SEED)));
        }
        return shares;
    }

    private double accuracy(Decoder decoder, RecallSource source) {
        double right = 0;
        for (int first = 0; first < plan.tested(); first += plan.batch()) {
            int count = Math.min(plan.batch(), plan.tested() - first);
            Batch batch = source.batch(first, count);
            try (Scope work = Scope.open();
                    Gradients off = Gradients.off()) {
                Tensor ids = Tensors.of(batch.inputs(), count, batch.length()).upload(decoder.device());
                Tensor labels =
                        Tensors.of(batch.targets(), count, batch.length()).upload(decoder.device());
                AskedTokens.Picked asked =
                        AskedTokens.pick(decoder.hidden(ids, Form.CHUNK), labels, source.asked(count));
                Tensor said = decoder.logits(asked.hidden()).argmax(-1); // [1, n]
                right += said.eq(asked.targets()).to(DType.FLOAT64).sum().item();
            }
        }
        return right / source.asked(plan.tested());
    }
}
