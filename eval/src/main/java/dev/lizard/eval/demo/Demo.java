package dev.lizard.eval.demo;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.base.Resources;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.distill.LinearizeOptions;
import dev.lizard.distill.LinearizeResult;
import dev.lizard.distill.Linearizer;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.report.Report;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * The whole story on a small teacher, on the CPU: it writes part of a corpus itself, is linearized in both stages, is
 * examined at each step of the way, and the results become a page. Everything but the timings follows from the seed.
 */
public final class Demo {
    /** Where the converted model lies in the output folder. */
    public static final String MODEL = "model";

    /** The page in the output folder. */
    public static final String PAGE = "report.html";

    private static final String RECIPE = "recipe.yaml";
    private static final String CORPUS = "corpus.jsonl";

    /**
     * What the user chose.
     *
     * @param teacher the teacher's folder, a model of bytes
     * @param out the folder to write
     * @param cache where tokens are kept
     * @param resume whether to go on with an interrupted demo in {@code out}
     * @param quick a minute instead of four, with less to see
     * @param seed of everything random
     * @param version of this program, for provenance
     * @param command the command line, for provenance
     */
    public record Options(
            Path teacher,
            Path out,
            Path cache,
            boolean resume,
            boolean quick,
            long seed,
            String version,
            List<String> command) {
        public Options {
            command = List.copyOf(command);
        }

        Path model() {
            return out.resolve(MODEL);
        }

        boolean complete() {
            return Files.exists(out.resolve(PAGE)) && !Files.exists(out.resolve(StageEvaluatorState.FILE));
        }
    }

    private final Options options;
    private final DemoSize size;
    private final TrainListener listener;

    private Demo(Options options, DemoSize size, TrainListener listener) {
        this.options = options;
        this.size = size;
        this.listener = listener;
    }

    /**
     * Does it all: results, page, corpus and the converted model lie in {@code options.out()} after. What an earlier
     * demo left there is replaced, unless it is resumed.
     *
     * @param listener notified of each training step and, as notes, of each finding
     * @param stop asked after each training step
     * @throws LizardException USAGE where the output folder holds something else, FAILED when training diverged or the
     *     written model is not the one that was trained, INTERRUPTED when asked to stop, ENVIRONMENT where another
     *     process works in the folder
     */
    public static ResultSet run(Options options, TrainListener listener, BooleanSupplier stop) {
        return run(options, options.quick() ? DemoSize.quick() : DemoSize.full(), listener, stop);
    }

    static ResultSet run(Options options, DemoSize size, TrainListener listener, BooleanSupplier stop) {
        return new Demo(options, size, listener).run(stop);
    }

    private ResultSet run(BooleanSupplier stop) {
        requireOurs();
        FolderLock.refuseHeld(options.out());
        if (options.resume() && options.complete()) {
            listener.note(options.out() + " is complete: nothing to resume");
            return ResultSet.read(options.out());
        }
        try (FolderLock lock = FolderLock.take(options.out())) {
            return locked(stop);
        }
    }

    private ResultSet locked(BooleanSupplier stop) {
        long start = System.nanoTime();
        if (!options.resume()) {
            clear();
        }
        ConfigTree tree = recipe();
        Recipe recipe = Recipe.of(tree);
        Path corpus = options.out().resolve(CORPUS);
        listener.note("the teacher writes a part of the text to learn from");
        HeldOutText texts = DemoTexts.write(options, size, recipe, corpus);
        check(stop);
        String made = "seed %d, %s".formatted(options.seed(), size.recipe());
        try (StageEvaluator evaluator =
                new StageEvaluator(listener, size, texts, recipe, options.seed(), options.out(), made)) {
            if (options.resume() && Files.exists(options.out().resolve(StageEvaluatorState.FILE))) {
                resume(evaluator);
            }
            LinearizeOptions how = new LinearizeOptions(
                    options.teacher(),
                    List.of(corpus),
                    List.of(),
                    options.model(),
                    options.cache(),
                    Device.CPU,
                    DType.FLOAT32,
                    Path::of,
                    options.resume(),
                    options.version(),
                    options.command());
            LinearizeResult training = new Linearizer(tree, RECIPE, how, evaluator).run(stop);
            check(stop);
            listener.note("measuring what a context costs");
            FinalEvaluation after = FinalEvaluation.of(options, size, evaluator, listener);
            double seconds = (System.nanoTime() - start) / 1e9;
            ResultSet results = DemoResults.of(options, recipe, training, evaluator, after, seconds);
            results.write(options.out());
            Report.write(options.out().resolve(PAGE), results);
            delete(StageEvaluatorState.FILE);
            return results;
        }
    }

    private void resume(StageEvaluator evaluator) {
        try (Scope work = Scope.open();
                OpenModel teacher = Models.open(options.teacher(), DType.FLOAT32, Device.CPU)) {
            evaluator.resume(teacher.decoder());
        }
    }

    /** Between the long parts that nothing is lost of. */
    private static void check(BooleanSupplier stop) {
        if (stop.getAsBoolean()) {
            throw new LizardException(LizardException.Kind.INTERRUPTED, "interrupted; continue with --resume");
        }
    }

    /** Takes away what an earlier demo left. */
    private void clear() {
        delete(MODEL);
        delete(StageEvaluatorState.FILE);
        delete(ResultSet.FILE);
        delete(PAGE);
    }

    private void delete(String name) {
        Path path = options.out().resolve(name);
        try {
            AtomicFiles.deleteTree(path);
        } catch (IOException e) {
            throw AtomicFiles.failure(path, e);
        }
    }

    private void requireOurs() {
        Path out = options.out();
        try {
            if (Files.exists(out) && !ours(out)) {
                throw LizardException.at(
                        LizardException.Kind.USAGE,
                        "output folder in use",
                        out,
                        "a new folder, or one of an earlier demo",
                        Files.isDirectory(out) ? "other files" : "a file",
                        "name another with --out");
            }
        } catch (IOException e) {
            throw AtomicFiles.failure(out, e);
        }
    }

    private static boolean ours(Path out) throws IOException {
        if (!Files.isDirectory(out)) {
            return false;
        }
        List<String> known = List.of(MODEL, CORPUS, PAGE, ResultSet.FILE, StageEvaluatorState.FILE, FolderLock.FILE);
        try (Stream<Path> files = Files.list(out)) {
            return files.allMatch(file -> known.contains(String.valueOf(file.getFileName())));
        }
    }

    private ConfigTree recipe() {
        Origin flags = new Origin(Origin.Layer.FLAG, options.quick() ? "--quick" : "the demo");
        ConfigTree tree = ConfigTree.parse(Resources.text(Demo.class, RECIPE), new Origin(Origin.Layer.RECIPE, RECIPE))
                .set("seed=" + options.seed(), new Origin(Origin.Layer.FLAG, "--seed"));
        for (String assignment : size.recipe()) {
            tree = tree.set(assignment, flags);
        }
        return tree;
    }
}
