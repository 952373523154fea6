package dev.lizard.eval.demo;

import dev.lizard.distill.LinearizeResult;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.metric.EfficiencyMeter;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.metric.Quality;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.metric.RecallMeter;
import dev.lizard.eval.metric.Reference;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.ModelResult;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.Recall;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.eval.result.Role;
import dev.lizard.eval.result.TrainingPoint;
import dev.lizard.mixer.LizardSpec;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.Mixer;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.model.Decoder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.text.synthetic.Passkey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Measures teacher and student of the demo and gathers what the table and the page show. */
final class DemoMeasurements {
    private static final int TRAINED = 1024;
    private static final int DIGITS = 5;
    private static final int FIRST_BUCKET = 64;
    private static final int BATCH = 4;
    private static final String TEACHER = "teacher";
    private static final String STUDENT = "after stage 2";

    private final Demo.Options options;
    private final LinearizeResult training;
    private final TrainListener listener;
    private final List<ModelResult> models = new ArrayList<>();
    private final List<PositionCurve> positions = new ArrayList<>();
    private final List<Recall> recall = new ArrayList<>();
    private final List<Efficiency> efficiency = new ArrayList<>();

    DemoMeasurements(Demo.Options options, LinearizeResult training, TrainListener listener) {
        this.options = options;
        this.training = training;
        this.listener = listener;
    }

    ResultSet results() {
        Path folder = options.out().resolve(Demo.MODEL);
        try (Scope work = Scope.open();
                OpenModel teacher = Models.open(options.teacher(), DType.FLOAT32, Device.CPU);
                OpenModel student = Models.open(folder, DType.FLOAT32, Device.CPU)) {
            EvalText text = text(teacher.decoder());
            try (Reference reference = Reference.of(teacher.decoder(), text, BATCH)) {
                quality(TEACHER, Role.TEACHER, teacher.decoder(), reference);
                swapped(teacher.decoder(), student.decoder().mixerSpecs(), reference);
                quality(STUDENT, Role.STUDENT, student.decoder(), reference);
                ablated("window only", Role.WINDOW_ONLY, student.decoder(), Branches.WINDOW, reference);
                ablated("linear only", Role.LINEAR_ONLY, student.decoder(), Branches.LINEAR, reference);
            }
            passkeys(TEACHER, teacher.decoder());
            passkeys(STUDENT, student.decoder());
            speed(TEACHER, teacher.decoder());
            speed(STUDENT, student.decoder());
        }
        return new ResultSet(
                1,
                "Lizard on its built-in teacher",
                story(),
                TRAINED,
                models,
                positions,
                training.steps().stream()
                        .map(s -> new TrainingPoint(s.stage(), s.step(), s.tokens(), s.loss()))
                        .toList(),
                List.of(),
                recall,
                efficiency,
                List.of(),
                List.of(),
                List.of(),
                provenance());
    }

    /** Fresh text of the teacher, as long as it was trained on. */
    private EvalText text(Decoder teacher) {
        int windows = options.quick() ? 8 : 32;
        List<int[]> ids = new ArrayList<>();
        for (String sample : new TeacherSamples(TRAINED + 1, 1.0, options.seed() + 1).draw(teacher, windows)) {
            byte[] bytes = sample.getBytes(StandardCharsets.US_ASCII);
            int[] window = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                window[i] = bytes[i];
            }
            ids.add(window);
        }
        return EvalText.ofBytes(ids);
    }

    private void quality(String name, Role role, Decoder model, Reference reference) {
        Quality quality = QualityMeter.measure(model, reference);
        models.add(quality.row(name, role, null));
        positions.addAll(quality.curves(name, FIRST_BUCKET));
        listener.note(String.format(Locale.ROOT, "%s: %.4f bits a byte", name, quality.bitsPerByte()));
    }

    /** The teacher with untrained mixers in place; its own are put back. */
    private void swapped(Decoder teacher, List<MixerSpec> specs, Reference reference) {
        List<Mixer> own = new ArrayList<>();
        try (Scope work = Scope.open()) {
            for (int layer = 0; layer < teacher.layers(); layer++) {
                own.add(teacher.mixer(layer));
                Map<String, Tensor> initial = new TreeMap<>();
                specs.get(layer)
                        .initial(teacher.headDims(), RandomStream.named(options.seed(), "layer" + layer))
                        .forEach(parameter -> initial.put(parameter.name(), parameter.initial()));
                teacher.replaceMixer(layer, specs.get(layer).create(teacher.headDims(), initial));
            }
            quality("swapped", Role.SWAPPED, teacher, reference);
        } finally {
            for (int layer = 0; layer < own.size(); layer++) {
                teacher.replaceMixer(layer, own.get(layer));
            }
        }
    }

    private void ablated(String name, Role role, Decoder model, Branches only, Reference reference) {
        List<Mixer> whole = new ArrayList<>();
        for (int layer = 0; layer < model.layers(); layer++) {
            Mixer mixer = model.mixer(layer);
            whole.add(mixer);
            if (mixer.spec() instanceof LizardSpec spec) {
                model.replaceMixer(layer, spec.with(only).create(model.headDims(), mixer.parameters()));
            }
        }
        quality(name, role, model, reference);
        for (int layer = 0; layer < whole.size(); layer++) {
            model.replaceMixer(layer, whole.get(layer));
        }
    }

    private void passkeys(String name, Decoder model) {
        RecallMeter meter = new RecallMeter(options.quick() ? 8 : 32, 8 * TRAINED, options.seed());
        for (int length : new int[] {256, 512, 1024, 2048, 4096}) {
            recall.add(meter.measure(model, name, new Passkey(DIGITS), length));
        }
    }

    private void speed(String name, Decoder model) {
        Efficiency before = null;
        model.prepare();
        for (long context : new long[] {1024, 8192, 65_536}) {
            before = EfficiencyMeter.standard().measure(model, name, context, before);
            efficiency.add(before);
        }
    }

    private List<String> story() {
        double teacher = bits(TEACHER);
        double student = bits(STUDENT);
        return List.of(
                String.format(
                        Locale.ROOT,
                        "The student spends %.4f bits a byte where the teacher spends %.4f, %.1f%% more;"
                                + " with untrained mixers it was %.4f.",
                        student,
                        teacher,
                        100 * (student / teacher - 1),
                        bits("swapped")),
                String.format(
                        Locale.ROOT,
                        "Its state is %,d bytes at any length; the teacher's cache has %,d after 65,536 bytes of text.",
                        state(STUDENT),
                        state(TEACHER)),
                String.format(
                        Locale.ROOT,
                        "Without its linear branch it needs %.4f bits a byte, without its window %.4f.",
                        bits("window only"),
                        bits("linear only")));
    }

    private double bits(String name) {
        for (ModelResult model : models) {
            Double bits = model.bitsPerByte();
            if (model.name().equals(name) && bits != null) {
                return bits;
            }
        }
        throw new IllegalStateException("no result of " + name);
    }

    private long state(String name) {
        return efficiency.stream()
                .filter(e -> e.model().equals(name))
                .mapToLong(Efficiency::stateBytes)
                .max()
                .orElseThrow();
    }

    private Map<String, String> provenance() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("command", String.join(" ", options.command()));
        facts.put("seed", Long.toString(options.seed()));
        facts.put("version", options.version());
        facts.put("engine", Engine.version());
        facts.put("java", System.getProperty("java.version"));
        facts.put("hardware", System.getProperty("os.arch") + ", " + Engine.threads() + " threads");
        return facts;
    }
}
