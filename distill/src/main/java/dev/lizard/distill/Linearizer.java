package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.LoraSpec;
import dev.lizard.model.ModelFolder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.AdamW;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.ObjectNode;

/**
 * From a teacher to a converted folder: opens the teacher, runs the stages of a recipe, measures held-out quality
 * before and after each, and writes a folder that {@link Models#open} reads.
 */
public final class Linearizer {
    static final String RECIPE = "recipe.yaml";
    private static final String CONFIG = "config.json";
    private static final String BEFORE = "before";

    private final ConfigTree tree;
    private final Recipe recipe;
    private final ObjectNode resolved;
    private final String where;
    private final LinearizeOptions options;
    private final TrainListener listener;

    /**
     * @param tree the recipe under the flags laid over it
     * @param where the recipe's name or file, for messages
     * @throws LizardException USAGE for a bad recipe, naming file and key
     */
    public Linearizer(ConfigTree tree, String where, LinearizeOptions options, TrainListener listener) {
        this.recipe = Recipe.of(tree);
        this.resolved = Recipe.resolved(tree);
        this.tree = tree;
        this.where = where;
        this.options = options;
        this.listener = listener;
    }

    /**
     * What a run would do and need; writes nothing but the cache.
     *
     * @throws LizardException as {@link #run}, for what can be known beforehand
     */
    public Plan plan() {
        try (Scope work = Scope.open();
                OpenModel model = open();
                Tokenizer tokenizer = model.openTokenizer();
                Student student = student(model.decoder());
                TrainingData data = data(tokenizer, () -> false)) {
            return Planner.plan(recipe, where, model.decoder(), student, data);
        }
    }

    /**
     * Does it all.
     *
     * @param stop asked after each step
     * @throws LizardException USAGE where the recipe does not fit the model or the output folder is in use, INPUT for
     *     bad files, FAILED when training diverged, INTERRUPTED when asked to stop, with the state saved
     */
    public LinearizeResult run(BooleanSupplier stop) {
        if (options.resume() && Files.exists(options.out().resolve(CONFIG))) {
            listener.note(options.out() + " is complete: nothing to resume");
            return LinearizeResult.read(options.out(), listener::note);
        }
        try (FolderLock lock = RunFolder.lock(options.out(), options.resume());
                Scope work = Scope.open();
                OpenModel model = open();
                Tokenizer tokenizer = model.openTokenizer();
                Student student = student(model.decoder());
                TrainingData data = fitting(model.decoder(), student, tokenizer, stop);
                RunFolder folder = RunFolder.open(options.out(), options.resume(), RECIPE, resolved, listener)) {
            Run run = new Run(model.decoder(), student, data, folder);
            run.train(stop);
            student.enter();
            write(model, tokenizer, data);
            RunFolder.discardCheckpoints(options.out(), listener);
        }
        return LinearizeResult.read(options.out(), listener::note);
    }

    private OpenModel open() {
        OpenModel model = Models.open(options.model(), options.dtype(), options.device());
        if (model.converted()) {
            model.close();
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "already linearized",
                    options.model(),
                    "a teacher with softmax layers",
                    "a converted folder",
                    "give the model it was made from");
        }
        model.notes().forEach(listener::note);
        return model;
    }

    private TrainingData data(Tokenizer tokenizer, BooleanSupplier stop) {
        Optional<ChatFormat> chat = ChatTemplate.of(tokenizer).map(template -> template);
        TrainingData.Request request = new TrainingData.Request(
                options.data(),
                options.heldOut(),
                options.cache(),
                recipe.sequenceLength(),
                recipe.sequenceLength() * recipe.heldOut().stretch(),
                recipe.heldOut().share(),
                recipe.seed());
        return TrainingData.open(request, tokenizer, chat, listener, stop);
    }

    /** The student at its start; everything in the recipe that can be wrong for this model is found here. */
    private Student student(Decoder decoder) {
        MixerSpec spec = mixer(decoder);
        resolved.set("mixer", MixerSpecs.write(spec));
        SortedMap<Integer, MixerSpec> specs = new TreeMap<>();
        for (int layer : LayerChoice.of(recipe.layers(), decoder.layers(), where)) {
            specs.put(layer, spec);
        }
        Student student = new Student(decoder, specs, recipe.seed());
        try {
            for (int i = 0; i < recipe.stages().size(); i++) {
                StageRecipe stage = recipe.stages().get(i);
                student.check(stage, stageKey(i));
                checkTargets(decoder, stage);
            }
            return student;
        } catch (RuntimeException e) {
            student.close();
            throw e;
        }
    }

    /** Where a flag names another mixer, keys of the recipe's own that this one does not have are left out. */
    private MixerSpec mixer(Decoder decoder) {
        ObjectNode keys = recipe.mixer().deepCopy();
        if (tree.origin("mixer.mixer").layer() == Origin.Layer.FLAG) {
            List<String> known = MixerSpecs.keys(keys.path("mixer").asString(""));
            List<String> left = keys.propertyNames().stream()
                    .filter(key ->
                            !known.contains(key) && tree.origin("mixer." + key).layer() != Origin.Layer.FLAG)
                    .toList();
            keys.remove(left);
            if (!known.isEmpty() && !left.isEmpty()) {
                listener.note("the recipe's %s is left out: %s has no such key"
                        .formatted(String.join(", ", left), keys.path("mixer").asString()));
            }
        }
        return MixerSpecs.read(keys, decoder.headDims(), where + "/mixer");
    }

    private void checkTargets(Decoder decoder, StageRecipe stage) {
        LoraSpec lora = stage.lora();
        if (lora != null) {
            try (Scope work = Scope.open()) {
                Lora.initial(decoder, lora, new RandomStream(recipe.seed()), StageRecipe.LORA);
            }
        }
    }

    private TrainingData fitting(Decoder decoder, Student student, Tokenizer tokenizer, BooleanSupplier stop) {
        TrainingData data = data(tokenizer, stop);
        try {
            requireRoom(decoder, student, data);
            return data;
        } catch (RuntimeException e) {
            data.close();
            throw e;
        }
    }

    /** What can be known to be too much is said before anything of its size is made. */
    private void requireRoom(Decoder decoder, Student student, TrainingData data) {
        long perStep = (long) recipe.batch() * recipe.accumulate();
        MemoryNeed.requireSequences(perStep, data.sequences(), recipe.sequenceLength());
        MemoryNeed need = Planner.need(recipe, decoder, student);
        for (StageRecipe stage : recipe.stages()) {
            LoraSpec lora = stage.lora();
            long parameters = student.buffer().count() + (lora == null ? 0 : Lora.count(decoder, lora));
            need.require(stage.name(), Planner.need(need, stage, parameters));
        }
    }

    private String stageKey(int index) {
        return where + "/stages." + index;
    }

    /** The stages of one run. */
    private final class Run {
        private final Decoder decoder;
        private final Student student;
        private final TrainingData data;
        private final RunFolder folder;
        private final Optional<HeldOut> heldOut;

        Run(Decoder decoder, Student student, TrainingData data, RunFolder folder) {
            this.decoder = decoder;
            this.student = student;
            this.data = data;
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
                student.prepare(stage, stageKey(i));
                if (i >= resumed) {
                    stage(stage, preceding, i == resumed ? folder.last() : Optional.empty(), stop);
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

        private void stage(StageRecipe stage, long preceding, Optional<Checkpoints.Saved> last, BooleanSupplier stop) {
            Objective objective = student.objective(stage);
            TrainSettings settings = settings(stage, preceding);
            SequenceSource sequences = new OffsetSource(
                    data.training(stage.labels() == StageRecipe.Labels.ALL), preceding * settings.sequencesPerStep());
            Trainer.Measure measure = (name, step) -> measure(stage, objective, step);
            student.seat(stage);
            try (Trainer trainer = new Trainer(
                    objective, sequences, settings, folder.log(), folder.checkpoints(), listener, measure)) {
                last.ifPresent(trainer::restore);
                trainer.run(stop);
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
                log(measure(held, BEFORE, 0, "teacher"));
                student.enter();
                log(measure(held, BEFORE, 0, "swapped"));
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
            student.seat(stage);
            return measurements;
        }
    }

    private void write(OpenModel model, Tokenizer tokenizer, TrainingData data) {
        try (Checkpoint teacher = Checkpoint.open(options.model())) {
            if (model.tokenizerFiles().isEmpty()) {
                tokenizer.writeTo(options.out());
            }
            ModelFolder.Contents contents = new ModelFolder.Contents(
                    Optional.of(teacher.weights()),
                    model.tokenizerFiles(),
                    model.generationConfig(),
                    folder -> Provenance.write(folder, options, recipe, teacher.sha256(), data.description()));
            ModelFolder.fill(options.out(), model.decoder(), contents);
        } catch (IOException e) {
            throw AtomicFiles.failure(options.out(), e);
        }
    }
}
