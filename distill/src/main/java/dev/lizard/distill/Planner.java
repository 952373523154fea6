package dev.lizard.distill;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Estimates for {@link Plan}. */
final class Planner {
    /** Longest sequence of the calibration: enough to fill the machine, short enough to be quick. */
    private static final int CALIBRATION_TOKENS = 512;

    private static final double NANOS = 1e9;
    /** Passes over the data above which a plan says so. */
    private static final double MANY_EPOCHS = 4;

    private final Recipe recipe;
    private final Decoder decoder;
    private final Student student;
    private final ModelConfig config;
    private final MemoryNeed need;

    Planner(Recipe recipe, Decoder decoder, Student student) {
        this.recipe = recipe;
        this.decoder = decoder;
        this.student = student;
        this.config = decoder.config();
        this.need = need(recipe, decoder, student);
    }

    static MemoryNeed need(Recipe recipe, Decoder decoder, Student student) {
        long tokens = (long) recipe.batch() * recipe.sequenceLength();
        return MemoryNeed.of(decoder, student.specs(), tokens, recipe.sequenceLength(), recipe.tokensPerStep());
    }

    static Plan plan(Recipe recipe, String where, Decoder decoder, Student student, TrainingData data) {
        Planner planner = new Planner(recipe, decoder, student);
        List<Integer> replaced = List.copyOf(student.mixers().keySet());
        List<Integer> kept = new ArrayList<>();
        for (int layer = 0; layer < decoder.layers(); layer++) {
            if (!replaced.contains(layer)) {
                kept.add(layer);
            }
        }
        List<Plan.Stage> stages = new ArrayList<>();
        double seconds = 0;
        for (int i = 0; i < recipe.stages().size(); i++) {
            Plan.Stage stage = planner.stage(
                    recipe.stages().get(i),
                    where + "/stages." + i,
                    data.description().tokens());
            stages.add(stage);
            seconds += stage.seconds();
        }
        long memory = stages.stream().mapToLong(Plan.Stage::memoryBytes).max().orElse(0);
        OptionalLong there = planner.need.there();
        return new Plan(
                replaced,
                kept,
                student.countByGroup(),
                data.description().tokens(),
                stages,
                planner.need.weights(),
                seconds,
                memory,
                there.isPresent() ? (Long) there.getAsLong() : null,
                planner.warnings(stages, there, data.sequences()));
    }

    private Plan.Stage stage(StageRecipe stage, String where, long dataTokens) {
        ParameterBuffer parameters = student.prepare(stage, where);
        Map<String, Long> counts = new TreeMap<>(student.countByGroup());
        counts.keySet().removeIf(group -> !Student.trains(stage, group));
        long trainable = counts.values().stream().mapToLong(Long::longValue).sum();
        long steps = stage.steps(recipe.tokensPerStep());
        long tokens = steps * recipe.tokensPerStep();
        double trainedShare = dataTokens * (1 - recipe.heldOut().share());
        return new Plan.Stage(
                stage.name(),
                trainable,
                tokens,
                steps,
                tokens / Math.max(1, trainedShare),
                flopsPerToken(stage) * tokens,
                need(need, stage, parameters.count()),
                secondsPerToken(stage, parameters) * tokens);
    }

    /** Two passes over one sequence of random ids; the second is timed. */
    private double secondsPerToken(StageRecipe stage, ParameterBuffer parameters) {
        int length = Math.min(recipe.sequenceLength(), CALIBRATION_TOKENS);
        RandomStream random = RandomStream.named(recipe.seed(), "calibration");
        long[] ids = new long[length];
        for (int t = 0; t < length; t++) {
            ids[t] = random.nextInt(config.vocabSize());
        }
        Batch batch = new Batch(1, length, ids, ids);
        Objective objective = student.objective(stage);
        student.seat(stage);
        long begun = 0;
        for (int pass = 0; pass < 2; pass++) {
            begun = System.nanoTime();
            try (Scope work = Scope.open()) {
                objective.accumulate(batch, 1).item();
            }
        }
        double seconds = (System.nanoTime() - begun) / NANOS;
        parameters.zeroGradients();
        student.leave();
        return seconds / length;
    }

    /** Bytes that a stage takes with so many new parameters. */
    static long need(MemoryNeed need, StageRecipe stage, long parameters) {
        return switch (stage.loss()) {
            case ATTENTION_MSE -> need.ofTransfer(parameters);
            case NEXT_TOKEN -> need.ofNextToken(parameters, stage.recompute());
        };
    }

    private List<String> warnings(List<Plan.Stage> stages, OptionalLong there, long sequences) {
        List<String> warnings = new ArrayList<>();
        long perStep = recipe.tokensPerStep() / recipe.sequenceLength();
        if (perStep > sequences) {
            warnings.add(MemoryNeed.fewSequences(perStep, sequences, recipe.sequenceLength()));
        }
        for (Plan.Stage stage : stages) {
            if (there.isPresent() && stage.memoryBytes() > there.getAsLong()) {
                warnings.add(MemoryNeed.tooMuch(stage.name(), stage.memoryBytes(), there.getAsLong()));
            }
            if (stage.epochs() > MANY_EPOCHS) {
                warnings.add(String.format(
                        Locale.ROOT,
                        "stage %s makes %,.0f passes over the data: give more of them, or fewer tokens",
                        stage.name(),
                        stage.epochs()));
            }
        }
        return warnings;
    }

    /**
     * A product of matrices costs two operations a weight, backwards two more for activations and two for weights. The
     * first stage runs the teacher forwards and the new mixers both ways; the second the student both ways, with
     * gradients of few weights.
     */
    double flopsPerToken(StageRecipe stage) {
        boolean transfer = stage.loss() == StageRecipe.Loss.ATTENTION_MSE;
        double matrices = 2.0
                * decoder.weights().entrySet().stream()
                        .filter(weight -> weight.getValue().rank() == 2
                                && !weight.getKey().contains("embed"))
                        .mapToLong(weight -> weight.getValue().count())
                        .sum();
        double head = config.tied() ? 2.0 * config.vocabSize() * config.width() : 0;
        double softmax = mixerFlops(new SoftmaxSpec());
        double mixers = 0;
        for (MixerSpec spec : student.specs()) {
            mixers += mixerFlops(spec);
        }
        double keptSoftmax = softmax * (config.layers() - student.specs().size());
        return transfer
                ? matrices + softmax * config.layers() + 3 * mixers
                : 2 * (matrices + head) + 3 * (mixers + keptSoftmax);
    }

    private double mixerFlops(MixerSpec spec) {
        return spec.flops(config.headDims(), recipe.sequenceLength());
    }
}
