package dev.lizard.eval.compare;

import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.distill.LinearizeOptions;
import dev.lizard.distill.LinearizeResult;
import dev.lizard.distill.Linearizer;
import dev.lizard.distill.Measurement;
import dev.lizard.distill.Plan;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.StepRecord;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.metric.EfficiencyMeter;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Quality;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.metric.Reference;
import dev.lizard.eval.result.Conversion;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.Scope;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Makes the conversions of a comparison one after the other, each in a folder of its own below {@code out}, and measures
 * each on the same text as its teacher. The table is written after each run, and what it holds is not done again.
 */
public final class Rivals {
    private static final String TITLE = "Conversions of one teacher side by side";
    private static final int BATCH = 4;
    private static final int FIRST_STRETCH = 64;
    private static final long CONTEXT = 1024;
    private static final long LONG_CONTEXT = 65_536;

    private final List<PlannedRun> runs;
    private final EvalText text;
    private final String teacherName;
    private final Path out;
    private final Function<Path, LinearizeOptions> options;
    private final TrainListener listener;

    /**
     * @param text what all are measured on
     * @param teacherName of the teacher's row
     * @param options of the run in a folder, the same but for it
     */
    public Rivals(
            List<PlannedRun> runs,
            EvalText text,
            String teacherName,
            Path out,
            Function<Path, LinearizeOptions> options,
            TrainListener listener) {
        this.runs = List.copyOf(runs);
        this.text = text;
        this.teacherName = teacherName;
        this.out = out;
        this.options = options;
        this.listener = listener;
    }

    /** What each would cost, in order; seeds cost alike, so each recipe is tried once. */
    public Map<String, Plan> plans() {
        Map<String, Plan> tried = new LinkedHashMap<>();
        Map<String, Plan> plans = new LinkedHashMap<>();
        for (PlannedRun run : runs) {
            plans.put(
                    run.name(),
                    tried.computeIfAbsent(
                            run.recipe(), recipe -> linearizer(run).plan()));
        }
        return plans;
    }

    private Linearizer linearizer(PlannedRun run) {
        return new Linearizer(run.tree(), run.recipe(), options.apply(out.resolve(run.name())), listener);
    }

    /**
     * Does what is not done.
     *
     * @param done is told each row, known ones too
     * @param written is told the results each time they are written
     * @param stop asked between and within runs
     * @throws LizardException USAGE where {@code out} holds a run of the same name that was made of something else, and as
     *     {@link Linearizer#run}
     */
    public ResultSet run(
            Map<String, String> provenance,
            Consumer<Conversion> done,
            Consumer<ResultSet> written,
            BooleanSupplier stop) {
        Findings found = Findings.in(out, TITLE);
        found.provenance.putAll(provenance);
        LinearizeOptions any = options.apply(out);
        String beside = "%s %s %s %s".formatted(any.model(), any.data(), any.heldOut(), any.dtype());
        runs.forEach(run -> requireSame(run, beside, found));
        try (Scope work = Scope.open();
                OpenModel teacher = Models.open(any.model(), any.dtype(), any.device());
                Reference reference = Reference.of(teacher.decoder(), text, BATCH)) {
            if (found.models.isEmpty()) {
                Quality own = QualityMeter.ofTeacher(teacher.decoder(), reference);
                add(found, own, teacherName, Role.TEACHER, null);
                cost(found, teacher.decoder(), teacherName);
            }
            for (PlannedRun run : runs) {
                Conversion row = known(found, run.name());
                if (row == null) {
                    found.provenance.put(key(run), run.identity(beside));
                    found.results().write(out);
                    listener.note(run.name());
                    LinearizeResult made = convert(run, stop);
                    row = measure(run, made, found, reference, teacher.decoder());
                    found.conversions.add(row);
                    found.results().write(out);
                    written.accept(found.results());
                }
                done.accept(row);
                if (stop.getAsBoolean()) {
                    throw interrupted();
                }
            }
        }
        ResultSet results = found.results();
        results.write(out);
        return results;
    }

    private LinearizeResult convert(PlannedRun run, BooleanSupplier stop) {
        try {
            return linearizer(run).run(stop);
        } catch (LizardException e) {
            throw e.kind() == Kind.INTERRUPTED ? interrupted() : e;
        }
    }

    private LizardException interrupted() {
        return new LizardException(Kind.INTERRUPTED, "interrupted; the same command goes on from what is in " + out);
    }

    private static String key(PlannedRun run) {
        return "run " + run.name();
    }

    private void requireSame(PlannedRun run, String beside, Findings found) {
        String before = found.provenance.get(key(run));
        if (before != null && !before.equals(run.identity(beside))) {
            throw LizardException.at(
                    Kind.USAGE,
                    "another run of this name",
                    out.resolve(run.name()),
                    "the recipe, model and data that it was begun with",
                    "others",
                    "name another --out");
        }
    }

    private static @Nullable Conversion known(Findings found, String name) {
        return found.conversions.stream()
                .filter(row -> row.model().equals(name))
                .findFirst()
                .orElse(null);
    }

    private Conversion measure(
            PlannedRun run, LinearizeResult made, Findings found, Reference reference, Decoder teacher) {
        LinearizeOptions how = options.apply(made.out());
        try (Scope work = Scope.open();
                OpenModel student = Models.open(made.out(), how.dtype(), how.device())) {
            Quality quality = QualityMeter.measure(student.decoder(), reference, teacher);
            Map<String, StepRecord> last = new LinkedHashMap<>();
            made.steps().forEach(step -> last.put(step.stage(), step));
            long tokens = last.values().stream().mapToLong(StepRecord::tokens).sum();
            add(found, quality, run.name(), Role.STUDENT, tokens);
            Efficiency cost = cost(found, student.decoder(), run.name());
            Double speed = cost.decodeTokensPerSecond();
            return new Conversion(
                    run.name(),
                    run.recipe(),
                    Recipe.of(run.tree()).mixer().path("mixer").asString(""),
                    run.first(),
                    run.seed(),
                    tokens,
                    last.values().stream().mapToDouble(StepRecord::elapsedS).sum(),
                    quality.meanNll(),
                    rise(made.measurements(), "window only"),
                    rise(made.measurements(), "linear only"),
                    MixerSpecs.stateBytes(
                            student.decoder().mixerSpecs(),
                            student.decoder().headDims(),
                            student.decoder().dtype(),
                            LONG_CONTEXT),
                    speed == null ? null : (Double) (1000 / speed));
        }
    }

    private static void add(Findings found, Quality quality, String name, Role role, @Nullable Long tokens) {
        ModelResult row = quality.row(name, role, tokens);
        found.models.removeIf(model -> model.name().equals(name));
        found.models.add(row);
        found.positions.removeIf(curve -> curve.model().equals(name));
        found.positions.addAll(quality.curves(name, FIRST_STRETCH));
    }

    private static Efficiency cost(Findings found, Decoder model, String name) {
        Efficiency cost =
                EfficiencyMeter.standard().measure(model, name, CONTEXT, null).withoutPeak();
        found.efficiency.removeIf(row -> row.model().equals(name));
        found.efficiency.add(cost);
        found.efficiency.add(EfficiencyMeter.size(model, name, LONG_CONTEXT));
        return cost;
    }

    /** Of the last stage, by what one branch alone is worse than both; null where it was not measured. */
    private static @Nullable Double rise(List<Measurement> measurements, String branch) {
        Double whole = null;
        Double alone = null;
        for (Measurement m : measurements) {
            whole = m.model().equals("student") ? (Double) m.nll() : whole;
            alone = m.model().equals(branch) ? (Double) m.nll() : alone;
        }
        return whole == null || alone == null ? null : (Double) (alone - whole);
    }
}
