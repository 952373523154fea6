package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.model.Decoder;
import dev.lizard.tensor.AdamW;
import dev.lizard.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** The stages of one run, with what is measured before, between and after them. */
final class StageRun {
    private final Recipe recipe;
    private final String where;
    private final Teachers teachers;
    private final TrainListener listener;
    private final Decoder decoder;
    private final Student student;
    private final TrainingData data;
    private final Tokenizer tokenizer;
    private final RunFolder folder;
    private final Optional<HeldOut> heldOut;

    StageRun(
            Recipe recipe,
            String where,
            Teachers teachers,
            Student student,
            TrainingData data,
            Tokenizer tokenizer,
            RunFolder folder,
            TrainListener listener) {
        this.recipe = recipe;
        this.where = where;
        this.teachers = teachers;
        this.listener = listener;
        this.decoder = student.decoder();
        this.student = student;
        this.data = data;
        this.tokenizer = tokenizer;
        this.folder = folder;
        this.heldOut = data.heldOut(recipe.heldOut().tokens(), recipe.batch());
    }

    void train(BooleanSupplier stop) {
        int resumed = folder.last().map(saved -> index(saved)).orElse(0);
        if (folder.last().isEmpty()) {
            measureStart();
        }
        long preceding = 0;
        for (int i = 0; i < recipe.stages().size(); i++) {
            StageRecipe stage = recipe.stages().get(i);
            student.prepare(stage, recipe.key(where, i));
            if (i >= resumed) {
                stage(i, preceding, i == resumed ? folder.last() : Optional.empty(), stop);
            }
            preceding += stage.steps(recipe.tokensPerStep());
        }
    }

    private int index(Checkpoints.Saved saved) {
        List<String> names = recipe.stages().stream().map(StageRecipe::name).toList();
        int index = names.indexOf(saved.state().stage());
        if (index < 0) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "checkpoint of another recipe",
                    saved.folder(),
                    "one of the stages " + String.join(", ", names),
                    saved.state().stage(),
                    "resume with the recipe it was made with");
        }
        return index;
    }

    private void stage(int index, long preceding, Optional<Checkpoints.Saved> last, BooleanSupplier stop) {
        StageRecipe stage = recipe.stages().get(index);
        try (Teachers.Lent teacher = teachers.open(stage, decoder, recipe.documents(), recipe.key(where, index))) {
            train(stage, student.objective(stage, teacher.decoder()), preceding, last, stop);
        }
    }

    private void train(
            StageRecipe stage,
            Objective objective,
            long preceding,
            Optional<Checkpoints.Saved> last,
            BooleanSupplier stop) {
        TrainSettings settings = settings(stage, preceding);
        SequenceSource all = data.training(!stage.loss().responses());
        SequenceSource sequences = new OffsetSource(
                recipe.facts() == 0 ? all : new FactSource(all, tokenizer, recipe.facts(), recipe.seed()),
                preceding * settings.sequencesPerStep());
        Trainer.Measure measure = (name, step) -> measure(stage, objective, step);
        student.seat(stage);
        Objective varied = stage.randomSlots().isEmpty()
                ? objective
                : new RandomSlots(objective, student, stage.randomSlots(), recipe.seed(), stage.name());
        try (Trainer trainer =
                new Trainer(varied, sequences, settings, folder.log(), folder.checkpoints(), listener, measure)) {
            last.ifPresent(trainer::restore);
            trainer.run(stop);
        } finally {
            student.slots(spec -> spec);
        }
    }

    private TrainSettings settings(StageRecipe stage, long preceding) {
        return new TrainSettings(
                stage.name(),
                recipe.batch(),
                recipe.accumulate(),
                stage.steps(recipe.tokensPerStep()),
                stage.learningRate(),
                stage.schedule(),
                new AdamW.Settings(stage.betas().get(0), stage.betas().get(1), stage.epsilon()),
                Keys.limit(stage.clip()),
                stage.checkpointEvery(),
                stage.measureEvery(),
                preceding);
    }

    /** Teacher and freshly swapped student, before anything is trained. */
    private void measureStart() {
        heldOut.ifPresent(held -> {
            log(measure(held, "before", 0, "teacher"));
            student.enter();
            log(measure(held, "before", 0, "swapped"));
            student.leave();
        });
    }

    private void log(Measurement measurement) {
        folder.log().append(measurement);
        listener.measured(measurement);
    }

    private Measurement measure(HeldOut held, String stage, long step, String model) {
        listener.examine(stage, step, model, decoder);
        return held.measure(decoder, stage, step, model);
    }

    /** The student, and at the stage's end its branches by themselves and each layer's error. */
    private List<Measurement> measure(StageRecipe stage, Objective objective, long step) {
        List<Measurement> measurements = new ArrayList<>();
        if (heldOut.isEmpty()) {
            return measurements;
        }
        HeldOut held = heldOut.get();
        student.slots(spec -> spec);
        boolean end = step == stage.steps(recipe.tokensPerStep());
        if (end && objective instanceof AttentionTransfer transfer) {
            double[] errors = transfer.errors(held.source().batch(0, 1));
            folder.log()
                    .append(new LayerErrors(
                            stage.name(),
                            step,
                            List.copyOf(student.mixers().keySet()),
                            Arrays.stream(errors).boxed().toList()));
        }
        student.enter();
        measurements.add(measure(held, stage.name(), step, "student"));
        if (end && student.enter(Branches.WINDOW)) {
            measurements.add(measure(held, stage.name(), step, "window only"));
            student.enter(Branches.LINEAR);
            measurements.add(measure(held, stage.name(), step, "linear only"));
        }
        if (end && student.enterWithoutSlots()) {
            measurements.add(measure(held, stage.name(), step, "without slots"));
        }
        student.seat(stage);
        return measurements;
    }
}
