package dev.lizard.eval.demo;

import dev.lizard.distill.Measurement;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.StepRecord;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.LayerMeter;
import dev.lizard.eval.metric.Quality;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.metric.RecallMeter;
import dev.lizard.eval.metric.Reference;
import dev.lizard.eval.result.HalfLife;
import dev.lizard.eval.result.LayerError;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.mixer.Mixer;
import dev.lizard.model.Decoder;
import dev.lizard.text.synthetic.Passkey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Examines the decoder each time the linearization has made another model of it: the teacher, the freshly swapped
 * student, the student after each stage, its branches alone. Passes everything else on to the user's listener.
 */
final class StageEvaluator implements TrainListener, AutoCloseable {
    static final String TEACHER = "teacher";
    static final String STUDENT = "after stage 2";
    static final int BATCH = 4;

    private static final String PROSE = "prose that the teacher wrote";

    private static final Passkey PASSKEY = new Passkey(5);
    private static final int FIRST_STRETCH = 64;
    private static final int INSPECTED_WINDOWS = 2;
    private static final int TOKENS_AT_ONCE = 2_048;

    private final TrainListener user;
    private final DemoSize size;
    private final HeldOutText texts;
    private final String lastStage;
    private final long tokensPerStep;
    private final EvalText inspected;
    private final RecallMeter recallMeter;
    private final Map<String, Long> stageTokens = new HashMap<>();
    private final List<Mixer> teachers = new ArrayList<>();
    private @Nullable Reference reference;
    private double[] errorsBefore = {};
    private double[][] livesBefore = {};
    private final Path out;
    private final String made;
    private final List<String> done = new ArrayList<>();

    final List<ModelResult> models = new ArrayList<>();
    final List<PositionCurve> positions = new ArrayList<>();
    final List<TaskScore> tasks = new ArrayList<>();
    final List<Recall> recall = new ArrayList<>();
    final List<LayerError> layers = new ArrayList<>();
    final List<HalfLife> gates = new ArrayList<>();

    /**
     * An evaluator that keeps what it finds.
     *
     * @param out the demo's folder
     * @param made seed and size of the demo
     */
    StageEvaluator(
            TrainListener user, DemoSize size, HeldOutText texts, Recipe recipe, long seed, Path out, String made) {
        this.out = out;
        this.made = made;
        this.user = user;
        this.size = size;
        this.texts = texts;
        this.tokensPerStep = recipe.tokensPerStep();
        this.lastStage = recipe.stages().getLast().name();
        this.inspected = texts.near(INSPECTED_WINDOWS);
        this.recallMeter = new RecallMeter(size.recallSamples(), TOKENS_AT_ONCE, seed);
    }

    /** Takes up what an interrupted demo had found; the teacher is met again: students are held against it. */
    void resume(Decoder teacher) {
        StageEvaluatorState state = StageEvaluatorState.read(out, made);
        done.addAll(state.done());
        stageTokens.putAll(state.stageTokens());
        errorsBefore =
                state.errorsBefore().stream().mapToDouble(Double::doubleValue).toArray();
        livesBefore = state.livesBefore().stream()
                .map(heads -> heads.stream().mapToDouble(Double::doubleValue).toArray())
                .toArray(double[][]::new);
        models.addAll(state.models());
        positions.addAll(state.positions());
        tasks.addAll(state.tasks());
        recall.addAll(state.recall());
        layers.addAll(state.layers());
        gates.addAll(state.gates());
        meet(teacher);
    }

    private StageEvaluatorState state() {
        List<List<Double>> lives = Arrays.stream(livesBefore)
                .map(heads -> Arrays.stream(heads).boxed().toList())
                .toList();
        return new StageEvaluatorState(
                made,
                done,
                stageTokens,
                Arrays.stream(errorsBefore).boxed().toList(),
                lives,
                models,
                positions,
                tasks,
                recall,
                layers,
                gates);
    }

    HeldOutText texts() {
        return texts;
    }

    /** Bits per byte of the student on the teacher's prose. */
    double proseBits() {
        return tasks.stream()
                .filter(score -> score.model().equals(STUDENT) && score.task().equals(PROSE))
                .findFirst()
                .orElseThrow()
                .value();
    }

    @Override
    public void stage(String name, long doneSteps, long steps) {
        if (doneSteps > 0) {
            stageTokens.put(name, doneSteps * tokensPerStep);
        }
        user.stage(name, doneSteps, steps);
    }

    @Override
    public void step(StepRecord step) {
        stageTokens.put(step.stage(), step.tokens());
        user.step(step);
    }

    @Override
    public void measured(Measurement measurement) {
        // Said better by the evaluator itself.
    }

    @Override
    public void note(String line) {
        user.note(line);
    }

    @Override
    public void examine(String stage, long step, String model, Decoder decoder) {
        String which = stage + "/" + model;
        if (done.contains(which)) {
            return; // a run resumed from before it would report the same again
        }
        examineNew(stage, model, decoder);
        done.add(which);
        state().write(out);
    }

    private void examineNew(String stage, String model, Decoder decoder) {
        boolean last = stage.equals(lastStage);
        switch (model) {
            case "teacher" -> teacher(decoder);
            case "swapped" -> swapped(decoder);
            case "student" -> {
                if (last) {
                    student(decoder);
                } else {
                    transferred(decoder);
                }
            }
            case "window only", "without slots" -> {
                if (last) {
                    quality(decoder, model, Role.WINDOW_ONLY);
                    recall(decoder, model);
                }
            }
            case "linear only" -> {
                if (last) {
                    quality(decoder, model, Role.LINEAR_ONLY);
                }
            }
            default -> {}
        }
    }

    private void meet(Decoder decoder) {
        for (int layer = 0; layer < decoder.layers(); layer++) {
            teachers.add(decoder.mixer(layer));
        }
        reference = Reference.of(decoder, texts.both(), BATCH);
    }

    private void teacher(Decoder decoder) {
        meet(decoder);
        quality(decoder, TEACHER, Role.TEACHER);
        recall(decoder, TEACHER);
    }

    private void swapped(Decoder decoder) {
        quality(decoder, "freshly swapped", Role.SWAPPED);
        errorsBefore = errors(decoder);
        livesBefore = LayerMeter.halfLives(decoder, inspected, INSPECTED_WINDOWS);
    }

    private void transferred(Decoder decoder) {
        quality(decoder, "after stage 1", Role.TRANSFERRED);
        double[] after = errors(decoder);
        for (int layer = 0; layer < after.length; layer++) {
            if (Double.isFinite(after[layer])) {
                layers.add(new LayerError(layer, errorsBefore[layer], after[layer]));
            }
        }
    }

    private void student(Decoder decoder) {
        quality(decoder, STUDENT, Role.STUDENT);
        recall(decoder, STUDENT);
        double[][] lives = LayerMeter.halfLives(decoder, inspected, INSPECTED_WINDOWS);
        for (int layer = 0; layer < lives.length; layer++) {
            for (int head = 0; head < lives[layer].length; head++) {
                gates.add(new HalfLife(layer, head, livesBefore[layer][head], lives[layer][head]));
            }
        }
    }

    private void quality(Decoder decoder, String name, Role role) {
        if (reference == null) {
            throw new IllegalStateException("the teacher is examined first");
        }
        Quality both = role == Role.TEACHER
                ? QualityMeter.ofTeacher(decoder, reference)
                : QualityMeter.measure(decoder, reference);
        long seen = stageTokens.values().stream().mapToLong(Long::longValue).sum();
        models.add(both.row(name, role, role == Role.TEACHER ? null : (Long) seen));
        if (role != Role.TEACHER) {
            List<PositionCurve> curves = both.curves(name, FIRST_STRETCH);
            positions.addAll(curves.subList(1, curves.size()));
        }
        Quality stories = QualityMeter.measure(decoder, texts.stories(), BATCH);
        positions.add(stories.curves(name, FIRST_STRETCH).getFirst());
        task(name, PROSE, both.ofWindows(texts.prose().windows().size()), texts.prose()); // its first half
        task(
                name,
                "stories of " + texts.teacherLength() + " bytes",
                stories.within(texts.teacherLength()),
                texts.stories());
        note(String.format(Locale.ROOT, "%s: %.3f bits per byte", name, both.bitsPerByte()));
    }

    private void task(String model, String task, Quality found, EvalText text) {
        tasks.add(new TaskScore(
                model,
                task,
                "bits per byte",
                found.bitsPerByte(),
                found.bitsError(),
                text.windows().size()));
    }

    private void recall(Decoder decoder, String name) {
        StringBuilder line = new StringBuilder(name + ", pass keys:");
        for (int length : size.recallLengths()) {
            Recall found = recallMeter.measure(decoder, name, PASSKEY, length);
            recall.add(found);
            line.append(String.format(Locale.ROOT, " %.0f %% at %,d", 100 * found.exact(), length));
        }
        note(line.toString());
    }

    /** Errors of the student's mixers inside the teacher, which the decoder is for the moment. */
    private double[] errors(Decoder decoder) {
        Map<Integer, Mixer> students = new HashMap<>();
        for (int layer = 0; layer < decoder.layers(); layer++) {
            if (!decoder.mixer(layer).spec().equals(teachers.get(layer).spec())) {
                students.put(layer, decoder.mixer(layer));
            }
            decoder.replaceMixer(layer, teachers.get(layer));
        }
        try {
            return LayerMeter.errors(decoder, students, inspected, INSPECTED_WINDOWS);
        } finally {
            students.forEach(decoder::replaceMixer);
        }
    }

    @Override
    public void close() {
        if (reference != null) {
            reference.close();
        }
    }
}
