package dev.lizard.distill;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.Checkpoint;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.mixer.MixerSpec;
import dev.lizard.mixer.MixerSpecs;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.LoraSpec;
import dev.lizard.model.ModelFolder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.RandomStream;
import dev.lizard.tensor.Scope;
import dev.lizard.text.ChatFormat;
import dev.lizard.text.ChatTemplate;
import dev.lizard.text.TokenStore;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * From a teacher to a converted folder: opens the teacher, runs the stages of a recipe, measures held-out quality
 * before and after each, and writes a folder that {@link Models#open} reads.
 */
public final class Linearizer {
    static final String RECIPE = "recipe.yaml";
    private static final String CONFIG = "config.json";

    private final ConfigTree tree;
    private final Recipe recipe;
    private final ObjectNode resolved;
    private final String where;
    private final LinearizeOptions options;
    private final TrainListener listener;
    /** Of each stage, what the weights of another teacher take. */
    private final List<Long> teacherBytes = new ArrayList<>();

    /**
     * @param tree the recipe under the flags laid over it
     * @param where the recipe's name or file, for messages
     * @throws LizardException USAGE for a bad recipe, naming file and key
     */
    public Linearizer(ConfigTree tree, String where, LinearizeOptions options, TrainListener listener) {
        this.tree = OldSpelling.today(tree, listener::note);
        this.recipe = Recipe.of(this.tree);
        this.resolved = Recipe.resolved(this.tree);
        this.where = where;
        this.options = options;
        this.listener = listener;
        requireEffect();
    }

    /** What other text makes needless, and what needs held-out text. */
    private void requireEffect() {
        if (options.data().isEmpty()
                && !(recipe.stages().isEmpty() && options.heldOut().isEmpty())) {
            throw LizardException.usage("nothing to learn from: expected --data DATA%s but found none; give some"
                    .formatted(recipe.stages().isEmpty() ? " beside --eval-data" : " for the stages of " + where));
        }
        Recipe.HeldOutRecipe heldOut = recipe.heldOut();
        boolean apart = !options.heldOut().isEmpty();
        boolean share = heldOut.share() != Recipe.SHARE || written("held_out.share");
        if (apart && share) {
            throw useless("held_out.share", "quality is measured on text of its own (--eval-data)");
        }
        if (!apart && heldOut.share() == 0) {
            boolean amount = heldOut.tokens() != Recipe.MEASURED || heldOut.stretch() != Recipe.STRETCH;
            if (amount) {
                String key = heldOut.tokens() != Recipe.MEASURED ? "tokens" : "stretch";
                throw useless("held_out." + key, "nothing is held out (share 0)");
            }
            for (int i = 0; i < recipe.stages().size(); i++) {
                if (recipe.stages().get(i).measureEvery() > 0) {
                    throw useless("stages." + i + ".measure_every", "nothing is held out (share 0)");
                }
            }
        }
    }

    private boolean written(String key) {
        return tree.origin(key).layer() == Origin.Layer.FLAG;
    }

    private LizardException useless(String key, String why) {
        return LizardException.usage("%s has no effect: %s; take one of them out".formatted(tree.place(key), why));
    }

    /**
     * What a run would do and need; writes nothing but the cache.
     *
     * @throws LizardException as {@link #run}, for what can be known beforehand
     */
    public Plan plan() {
        if (options.data().isEmpty()) {
            throw LizardException.usage(
                    "nothing to plan: %s has no stages and there is no data; run it".formatted(where));
        }
        try (Scope work = Scope.open();
                OpenModel model = open();
                Tokenizer tokenizer = model.openTokenizer();
                Student student = student(model.decoder(), tokenizer);
                TrainingData data = data(tokenizer, () -> false)) {
            Planner planner = new Planner(recipe, model.decoder(), student, options.teachers());
            return planner.plan(where, data, teacherBytes);
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
                Student student = student(model.decoder(), tokenizer)) {
            if (options.data().isEmpty()) {
                swap(model, student, tokenizer);
            } else {
                train(model, student, tokenizer, stop);
            }
        }
        return LinearizeResult.read(options.out(), listener::note);
    }

    private void train(OpenModel model, Student student, Tokenizer tokenizer, BooleanSupplier stop) {
        try (TrainingData data = fitting(model.decoder(), student, tokenizer, stop);
                RunFolder folder =
                        RunFolder.open(options.out(), options.resume(), RECIPE, resolved, this::today, listener)) {
            new StageRun(recipe, where, options.teachers(), student, data, tokenizer, folder, listener).train(stop);
            student.enter();
            write(model, student, tokenizer, data.description());
            RunFolder.discardCheckpoints(options.out(), listener);
        }
    }

    /** Nothing is learnt, and without data nothing is measured. */
    private void swap(OpenModel model, Student student, Tokenizer tokenizer) {
        try (RunFolder _ = RunFolder.open(options.out(), options.resume(), RECIPE, resolved, this::today, listener)) {
            student.enter();
            write(model, student, tokenizer, null);
        }
    }

    /** A stored recipe as this version writes it. */
    private JsonNode today(JsonNode stored) {
        ConfigTree written = ConfigTree.of(
                stored,
                new Origin(
                        Origin.Layer.CONFIG_FILE, options.out().resolve(RECIPE).toString()));
        ConfigTree read = OldSpelling.today(written, listener::note);
        return Recipe.resolved(read); // with keys that are newer than it
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
                recipe.apart(),
                recipe.sequenceLength() * recipe.heldOut().stretch(),
                recipe.heldOut().share(),
                recipe.seed());
        TrainingData data = TrainingData.open(request, tokenizer, chat, listener, stop);
        if (recipe.apart() && data.documents() < 2) {
            data.close();
            throw useless("documents", "the data to learn from are one document");
        }
        return data;
    }

    /** The student at its start; everything in the recipe that can be wrong for this model is found here. */
    private Student student(Decoder decoder, Tokenizer tokenizer) {
        ObjectNode usual = mixer();
        SortedMap<Integer, MixerSpec> specs = LayerMixers.of(recipe, usual, decoder, where);
        SlotStages.require(recipe, specs.values(), where);
        LossNeeds.require(recipe, specs.values(), where);
        SlotStages.limit(usual, decoder.config());
        resolved.set("mixer", MixerSpecs.write(MixerSpecs.read(usual, decoder.headDims(), where + "/mixer")));
        recipe.documents().requireKept(specs.values(), where, "the student");
        Student student = fresh(decoder, specs);
        try {
            Set<String> fresh = Set.copyOf(student.base());
            Set<String> trained = new HashSet<>();
            for (int i = 0; i < recipe.stages().size(); i++) {
                StageRecipe stage = recipe.stages().get(i);
                student.check(stage, recipe.key(where, i));
                trained.addAll(student.baseWeights(stage, recipe.key(where, i)).keySet());
                checkTargets(decoder, stage);
                teacherBytes.add(
                        options.teachers().check(stage, decoder, tokenizer, recipe.documents(), recipe.key(where, i)));
            }
            FreshWeights.requireTrained(fresh, trained, where + "/fresh");
            return student;
        } catch (RuntimeException e) {
            student.close();
            throw e;
        }
    }

    private Student fresh(Decoder decoder, SortedMap<Integer, MixerSpec> specs) {
        try (Scope work = Scope.open()) {
            return new Student(
                    decoder,
                    specs,
                    recipe.seed(),
                    FreshWeights.of(recipe.fresh(), decoder, recipe.seed(), where + "/fresh"));
        }
    }

    /** Where a flag names another mixer, keys of the recipe's own that this one does not have are left out. */
    private ObjectNode mixer() {
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
        return keys;
    }

    private void checkTargets(Decoder decoder, StageRecipe stage) {
        LoraSpec lora = stage.train().lora();
        if (lora != null) {
            try (Scope work = Scope.open()) {
                Lora.initial(decoder, lora, new RandomStream(recipe.seed()), Trained.LORA);
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
        Planner planner = new Planner(recipe, decoder, student, options.teachers());
        for (int i = 0; i < recipe.stages().size(); i++) {
            StageRecipe stage = recipe.stages().get(i);
            LoraSpec lora = stage.train().lora();
            long base = Planner.count(
                    student.baseWeights(stage, recipe.key(where, i)).values());
            long parameters = student.buffer().count() + (lora == null ? 0 : Lora.count(decoder, lora)) + base;
            planner.need().require(stage.name(), planner.need(stage, parameters, base) + teacherBytes.get(i));
        }
    }

    private void write(OpenModel model, Student student, Tokenizer tokenizer, TokenStore.@Nullable Description data) {
        try (Checkpoint teacher = Checkpoint.open(options.model())) {
            if (model.tokenizerFiles().isEmpty()) {
                tokenizer.writeTo(options.out());
            }
            ModelFolder.Contents contents = new ModelFolder.Contents(
                    Optional.of(teacher.weights()),
                    student.base(),
                    model.tokenizerFiles(),
                    model.generationConfig(),
                    folder -> Provenance.write(folder, options, recipe, teacher.sha256(), data));
            ModelFolder.fill(options.out(), model.decoder(), contents);
        } catch (IOException e) {
            throw AtomicFiles.failure(options.out(), e);
        }
    }
}
