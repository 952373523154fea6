package dev.lizard.distill;

import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.SoftmaxSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.ModelConfig;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.Collection;
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
    private final Teachers teachers;
    private final ModelConfig config;
    private final MemoryNeed need;

    Planner(Recipe recipe, Decoder decoder, Student student, Teachers teachers) {
        this.recipe = recipe;
        this.decoder = decoder;
        this.student = student;
        this.teachers = teachers;
        this.config = decoder.config();
        long tokens = (long) recipe.batch() * recipe.sequenceLength();
        this.need = MemoryNeed.of(decoder, student.specs(), tokens, recipe.sequenceLength(), recipe.tokensPerStep());
    }

    MemoryNeed need() {
        return need;
    }

    /** @param teacherBytes what the weights of each stage's other teacher take */
    Plan plan(String where, TrainingData data, List<Long> teacherBytes) {
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
            String key = where + "/stages." + i;
            Plan.Stage stage =
                    stage(recipe.stages().get(i), key, data.description().tokens(), teacherBytes.get(i));
            stages.add(stage);
            seconds += stage.seconds();
        }
        long memory = stages.stream().mapToLong(Plan.Stage::memoryBytes).max().orElse(0);
        OptionalLong there = need.there();
        return new Plan(
                replaced,
                kept,
                student.countByGroup(),
                data.description().tokens(),
                stages,
                need.weights(),
                seconds,
                memory,
                there.isPresent() ? (Long) there.getAsLong() : null,
                warnings(stages, there, data.sequences()));
    }

    private Plan.Stage stage(StageRecipe stage, String where, long dataTokens, long teacherBytes) {
        ParameterBuffer parameters = student.prepare(stage, where);
        long base = count(student.baseWeights(stage, where).values());
        Map<String, Long> counts = new TreeMap<>(student.countByGroup());
        counts.keySet().removeIf(group -> !stage.train().moves(group));
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
                need(stage, parameters.count(), base) + teacherBytes,
                secondsPerToken(stage, where, parameters) * tokens);
    }

    /** Two passes over one sequence of random ids; the second is timed. */
    private double secondsPerToken(StageRecipe stage, String where, ParameterBuffer parameters) {
        int length = Math.min(recipe.sequenceLength(), CALIBRATION_TOKENS);
        Batch batch = RandomTokens.of(recipe, length, decoder).sequence(0);
        long begun = 0;
        try (Teachers.Lent teacher = teachers.open(stage, decoder, recipe.documents(), where)) {
            Objective objective = student.objective(stage, teacher.decoder());
            student.seat(stage);
            for (int pass = 0; pass < 2; pass++) {
                begun = System.nanoTime();
                try (Scope work = Scope.open()) {
                    objective.accumulate(batch, 1).item();
                }
            }
        }
        double seconds = (System.nanoTime() - begun) / NANOS;
        parameters.zeroGradients();
        student.leave();
        return seconds / length;
    }

    /**
     * Bytes that a stage takes, without another teacher's weights.
     *
     * @param parameters numbers of all parameters
     * @param base those of the model's own weights that it trains
     */
    long need(StageRecipe stage, long parameters, long base) {
        long bytes = switch (stage.loss().place()) {
            case MIXER -> need.ofTransfer(parameters) + need.ofMatrices(stage.loss());
            case BLOCK -> need.ofTransfer(parameters);
            case PASS -> need.ofNextToken(parameters, stage.recompute());
        };
        return bytes + need.ofWorkingCopies(base) + (stage.loss().has(Loss.HiddenState.class) ? need.ofStreams() : 0);
    }

    /** Numbers of all tensors. */
    static long count(Collection<Tensor> tensors) {
        return tensors.stream().mapToLong(Tensor::count).sum();
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
     * A product of matrices costs two operations a weight, backwards two more for activations and two for those weights
     * that are trained. Losses at mixers run the teacher forwards and the new mixers both ways; others run the student
     * both ways, and the teacher forwards where they ask it.
     */
    double flopsPerToken(StageRecipe stage) {
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
        double teacher = matrices + softmax * config.layers();
        double base = 2.0 * count(student.baseWeights(stage, "").values());
        double pass = 2 * matrices + base + 3 * (mixers + keptSoftmax);
        return switch (stage.loss().place()) {
            case MIXER -> teacher + 3 * mixers;
            case BLOCK -> teacher + pass;
            case PASS -> pass + 2 * head + (stage.loss().taught() ? teacher + head : 0);
        };
    }

    private double mixerFlops(MixerSpec spec) {
        return spec.flops(config.headDims(), recipe.sequenceLength());
    }
}
