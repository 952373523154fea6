package dev.lizard.eval.demo;

import dev.lizard.base.LizardException;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.metric.EfficiencyMeter;
import dev.lizard.eval.metric.QualityMeter;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Sample;
import dev.lizard.generate.GenerationListener;
import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.Generator;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.generate.Session;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.text.Tokenizer;
import dev.lizard.text.synthetic.Stories;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What is done with teacher and written student, opened as anybody would open them: proof that the student is the one
 * that was trained, the cost of a context, a text of their own.
 */
record FinalEvaluation(List<Efficiency> efficiency, List<Sample> samples) {
    private static final double TEMPERATURE = 0.5;
    private static final double SAME_BITS = 1e-3;
    private static final int PROMPT_SHOWN = 240;

    static FinalEvaluation of(Demo.Options options, DemoSize size, StageEvaluator evaluator, TrainListener listener) {
        FinalEvaluation after = new FinalEvaluation(new ArrayList<>(), new ArrayList<>());
        after.examine(options.teacher(), StageEvaluator.TEACHER, size, options.seed(), listener);
        try (Scope work = Scope.open();
                OpenModel student = open(options.model())) {
            verify(student, options.model(), evaluator);
        }
        after.examine(options.model(), StageEvaluator.STUDENT, size, options.seed(), listener);
        return after;
    }

    private static OpenModel open(Path model) {
        return Models.open(model, DType.FLOAT32, Device.CPU);
    }

    private static void verify(OpenModel student, Path folder, StageEvaluator evaluator) {
        double expected = evaluator.proseBits();
        double found = QualityMeter.measure(student.decoder(), evaluator.texts().prose(), StageEvaluator.BATCH)
                .bitsPerByte();
        if (!(Math.abs(expected - found) < SAME_BITS)) {
            throw LizardException.at(
                    LizardException.Kind.FAILED,
                    "written model differs from the trained one",
                    folder,
                    String.format(Locale.ROOT, "%.4f bits per byte", expected),
                    String.format(Locale.ROOT, "%.4f", found),
                    "this is a fault of the program: please report it");
        }
    }

    private void examine(Path folder, String name, DemoSize size, long seed, TrainListener listener) {
        EfficiencyMeter standard = EfficiencyMeter.standard();
        EfficiencyMeter meter =
                new EfficiencyMeter(standard.piece(), standard.steps(), standard.repeats(), size.mostSeconds());
        try (Scope work = Scope.open();
                OpenModel model = open(folder)) {
            Efficiency before = null;
            for (long context : size.contexts()) {
                before = meter.measure(model.decoder(), name, context, before);
                efficiency.add(before.withoutPeak()); // this process held other models before
                listener.note(String.format(
                        Locale.ROOT,
                        "%s after %,d bytes: writes %,.0f bytes a second with a state of %,d bytes",
                        name,
                        context,
                        before.decodeTokensPerSecond(),
                        before.stateBytes()));
            }
            samples.add(sample(model, name, size, seed));
        }
    }

    /** A story that is begun for the model, longer than the teacher was trained on, and that it goes on with. */
    private static Sample sample(OpenModel model, String name, DemoSize size, long seed) {
        String prompt = new Stories()
                .story(size.prompt(), RandomStream.named(seed, "demo/sample"))
                .substring(0, size.prompt());
        try (Tokenizer tokenizer = model.openTokenizer();
                Session session = new Session(model.decoder())) {
            GenerationSettings settings =
                    GenerationSettings.of(size.written(), SamplerSettings.ofTemperature(TEMPERATURE, seed));
            String text = new Generator(tokenizer)
                    .generate(session, prompt, settings, GenerationListener.NONE, () -> false)
                    .text();
            String shown = "\u2026" + prompt.substring(Math.max(0, size.prompt() - PROMPT_SHOWN));
            return new Sample(name, shown, text.stripTrailing(), size.prompt());
        }
    }
}
