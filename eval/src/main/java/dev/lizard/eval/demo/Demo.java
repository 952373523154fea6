package dev.lizard.eval.demo;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.base.Origin;
import dev.lizard.distill.LinearizeOptions;
import dev.lizard.distill.LinearizeResult;
import dev.lizard.distill.Linearizer;
import dev.lizard.distill.TrainListener;
import dev.lizard.eval.report.Report;
import dev.lizard.eval.result.ResultSet;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The whole story on the built-in teacher, on the CPU: it writes its own training text, is linearized, and teacher and
 * student are measured side by side. Leaves the converted model, {@code results.json} and {@code report.html} behind.
 */
public final class Demo {
    /** Where the converted model lies in the output folder. */
    public static final String MODEL = "model";

    /** The page in the output folder. */
    public static final String PAGE = "report.html";

    private static final double OWN_TEXT = 0.5;

    private Demo() {}

    /**
     * What the user chose.
     *
     * @param teacher the teacher's folder
     * @param out the folder to write
     * @param cache where tokens are kept
     * @param quick a quarter of the budget and shorter measurements
     * @param seed of everything random
     * @param version of this program, for provenance
     * @param command the command line, for provenance
     */
    public record Options(
            Path teacher, Path out, Path cache, boolean quick, long seed, String version, List<String> command) {
        public Options {
            command = List.copyOf(command);
        }
    }

    /**
     * Does it all.
     *
     * @param stop asked after each training step
     * @throws dev.lizard.base.LizardException USAGE where the output folder is in use, INTERRUPTED when asked to stop
     */
    public static ResultSet run(Options options, TrainListener listener, BooleanSupplier stop) {
        requireFree(options.out());
        ConfigTree recipe = recipe(options);
        Path corpus = options.out().resolve("corpus.jsonl");
        listener.note("the teacher writes the text to learn from");
        try (Scope work = Scope.open();
                OpenModel teacher = Models.open(options.teacher(), DType.FLOAT32, Device.CPU)) {
            int length = recipe.toNode().path("sequence_length").asInt();
            int documents = (int) (tokens(recipe) / length) + 1;
            new DemoCorpus(length - 1, documents, OWN_TEXT, options.seed()).write(teacher.decoder(), corpus);
        }
        LinearizeResult training = new Linearizer(
                        recipe,
                        "the demo's recipe",
                        new LinearizeOptions(
                                options.teacher(),
                                List.of(corpus),
                                List.of(),
                                options.out().resolve(MODEL),
                                options.cache(),
                                Device.CPU,
                                DType.FLOAT32,
                                false,
                                options.version(),
                                options.command()),
                        listener)
                .run(stop);
        listener.note("measuring teacher and student side by side");
        ResultSet results = new DemoMeasurements(options, training, listener).results();
        results.write(options.out());
        Report.write(options.out().resolve(PAGE), results);
        return results;
    }

    private static void requireFree(Path out) {
        String[] content = out.toFile().list();
        if (Files.exists(out) && (content == null || content.length > 0)) {
            throw LizardException.at(
                    LizardException.Kind.USAGE,
                    "output folder in use",
                    out,
                    "nothing or an empty folder",
                    content == null ? "a file" : content.length + " entries",
                    "name another with --out, or remove it");
        }
    }

    private static ConfigTree recipe(Options options) {
        try (InputStream in = Demo.class.getResourceAsStream("recipe.yaml")) {
            if (in == null) {
                throw new IllegalStateException("no resource recipe.yaml");
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            ConfigTree tree = ConfigTree.parse(text, new Origin(Origin.Layer.RECIPE, "recipe.yaml"));
            tree = set(tree, "seed", options.seed());
            return options.quick() ? set(set(tree, "stages.0.tokens", 32_768), "stages.1.tokens", 32_768) : tree;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ConfigTree set(ConfigTree tree, String key, long value) {
        return tree.set(key, JsonNodeFactory.instance.numberNode(value), new Origin(Origin.Layer.BUILT_IN, "demo"));
    }

    private static long tokens(ConfigTree recipe) {
        long tokens = 0;
        for (int stage = 0; stage < 2; stage++) {
            tokens = Math.max(
                    tokens, recipe.toNode().at("/stages/" + stage + "/tokens").asLong());
        }
        return tokens;
    }
}
