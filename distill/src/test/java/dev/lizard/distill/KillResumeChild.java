package dev.lizard.distill;

import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Trains a tiny decoder in a folder, from its last whole checkpoint on, and says each step; made to be killed. */
final class KillResumeChild {
    static final int STEPS = 240;
    private static final SequenceSource DATA = new Numbers(24, 64, 3);

    private KillResumeChild() {}

    public static void main(String[] arguments) {
        train(Path.of(arguments[0]), new TrainListener() {
            @Override
            public void step(StepRecord step) {
                System.out.println("step " + step.step());
            }
        });
        System.out.println("done");
    }

    static void train(Path folder, TrainListener listener) {
        TrainSettings settings = new TrainSettings(
                "pretrain",
                2,
                2,
                STEPS,
                1e-2,
                new Schedule(Schedule.Kind.COSINE, 0.1, 0.1),
                new AdamW.Settings(0.9, 0.95, 1e-8),
                1.0,
                3,
                50,
                0);
        Checkpoints checkpoints = new Checkpoints(folder);
        Optional<Checkpoints.Saved> last = checkpoints.last(listener::note);
        long logBytes = last.map(saved -> saved.state().logBytes()).orElse(0L);
        try (Scope work = Scope.open();
                Decoder decoder = TinyTeacher.untaught(64, 2);
                ParameterBuffer parameters = bound(decoder);
                RunLog log = new RunLog(folder, logBytes);
                Trainer trainer = new Trainer(
                        new NextToken(decoder, parameters),
                        DATA,
                        settings,
                        log,
                        checkpoints,
                        listener,
                        (stage, step) -> List.of(
                                new HeldOut(new Numbers(24, 64, 4), 4, 2).measure(decoder, stage, step, "held out")))) {
            last.ifPresent(trainer::restore);
            trainer.run(() -> false);
        }
    }

    private static ParameterBuffer bound(Decoder decoder) {
        List<ParameterBuffer.Entry> entries = new ArrayList<>();
        decoder.weights()
                .forEach((name, weight) -> entries.add(
                        new ParameterBuffer.Entry(name, weight, weight.rank() > 1 ? "matrices" : "vectors")));
        ParameterBuffer parameters = new ParameterBuffer(
                entries,
                List.of(new ParameterBuffer.Group("matrices", 1, 0.1), new ParameterBuffer.Group("vectors", 1, 0)),
                Device.CPU);
        parameters.parameters().forEach(decoder::bind);
        return parameters;
    }
}
