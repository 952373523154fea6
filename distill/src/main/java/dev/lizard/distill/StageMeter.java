package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.cuda.CudaCard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/**
 * Runs a few steps of each stage of a recipe as a real run would, on random tokens, and notes how long they took. The
 * decoder is the teacher again afterwards; nothing else is kept.
 */
public final class StageMeter {
    private final Recipe recipe;
    private final String where;
    private final Decoder decoder;
    private final Teachers teachers;

    /**
     * How one stage went.
     *
     * @param stage its name
     * @param tokensPerStep of one update
     * @param flopsPerToken floating-point operations, by formula
     * @param memoryBytes most memory held on the device, its context and the model included; of the process on a CPU
     * @param tokensPerS speed of each step that counted, in order
     */
    public record Speed(
            String stage, long tokensPerStep, double flopsPerToken, long memoryBytes, List<Double> tokensPerS) {
        public Speed {
            tokensPerS = List.copyOf(tokensPerS);
        }
    }

    /**
     * Takes the recipe, not yet looking whether it fits the model.
     *
     * @param tree the recipe under the flags laid over it
     * @param where the recipe's name or file, for messages
     * @param teachers opens those that stages name
     * @throws LizardException USAGE for a bad recipe
     */
    public StageMeter(ConfigTree tree, String where, Decoder decoder, Teachers teachers) {
        this.recipe = Recipe.of(tree);
        this.where = where;
        this.decoder = decoder;
        this.teachers = teachers;
    }

    /**
     * Measures all stages, one after the other.
     *
     * @param warmup steps before those that count
     * @param steps those that count
     * @param stop asked before each stage
     * @throws LizardException USAGE where the recipe does not fit the model
     */
    public List<Speed> measure(int warmup, int steps, BooleanSupplier stop) {
        MixerSpec spec = MixerSpecs.read(recipe.mixer(), decoder.headDims(), where + "/mixer");
        recipe.documents().requireKept(List.of(spec), where, "the student");
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        LayerChoice.of(recipe.layers(), decoder.layers(), where).forEach(layer -> specs.put(layer, spec));
        List<Speed> speeds = new ArrayList<>();
        Path scratch = scratch();
        try (Scope work = Scope.open();
                Student student = new Student(decoder, specs, recipe.seed());
                RunLog log = new RunLog(scratch, 0)) {
            for (int i = 0; i < recipe.stages().size() && !stop.getAsBoolean(); i++) {
                StageRecipe stage = recipe.stages().get(i);
                String key = where + "/stages." + i;
                student.prepare(stage, key);
                try (Teachers.Lent teacher = teachers.open(stage, decoder, recipe.documents(), key)) {
                    Objective objective = student.objective(stage, teacher.decoder());
                    Run run = new Run(student, objective, log, new Checkpoints(scratch));
                    speeds.add(measure(stage, warmup, steps, run));
                }
            }
            return speeds;
        } finally {
            discard(scratch);
        }
    }

    private record Run(Student student, Objective objective, RunLog log, Checkpoints checkpoints) {}

    private Speed measure(StageRecipe stage, int warmup, int steps, Run run) {
        TrainSettings settings = new TrainSettings(
                stage.name(),
                recipe.batch(),
                recipe.accumulate(),
                (long) warmup + steps,
                stage.learningRate(),
                stage.schedule(),
                new AdamW.Settings(stage.betas().get(0), stage.betas().get(1), stage.epsilon()),
                Keys.limit(stage.clip()),
                0,
                0,
                0);
        RandomTokens tokens = RandomTokens.of(recipe, recipe.sequenceLength(), decoder);
        List<Double> speeds = new ArrayList<>();
        Device device = decoder.device();
        long[] memory = {0};
        TrainListener listener = new TrainListener() {
            @Override
            public void step(StepRecord step) {
                memory[0] = Math.max(memory[0], CudaCard.memoryHeld(device).orElse(step.memoryBytes()));
                if (step.step() > warmup) {
                    speeds.add(step.tokensPerS());
                }
            }
        };
        run.student().seat(stage);
        try (Trainer trainer = new Trainer(
                run.objective(), tokens, settings, run.log(), run.checkpoints(), listener, (name, step) -> List.of())) {
            trainer.run(() -> false);
        }
        double flops = new Planner(recipe, decoder, run.student(), teachers).flopsPerToken(stage);
        return new Speed(stage.name(), recipe.tokensPerStep(), flops, memory[0], speeds);
    }

    private static Path scratch() {
        try {
            return Files.createTempDirectory("lizard-bench");
        } catch (IOException e) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT, "cannot make a temporary folder: " + e.getMessage(), e);
        }
    }

    private static void discard(Path scratch) {
        try {
            AtomicFiles.deleteTree(scratch);
        } catch (IOException e) {
            throw AtomicFiles.failure(scratch, e);
        }
    }
}
