package dev.lizard.cli;

import dev.lizard.base.Amounts;
import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.base.Origin;
import dev.lizard.distill.LinearizeOptions;
import dev.lizard.distill.LinearizeResult;
import dev.lizard.distill.Linearizer;
import dev.lizard.distill.Measurement;
import dev.lizard.distill.Plan;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.Recipes;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code lizard linearize}: a teacher becomes a model of constant memory. */
@Command(
        name = "linearize",
        description = "Turns a pretrained Transformer into a model of constant memory.",
        footer = {
            "",
            "Recipes: lizard, lizard-exact, lizard-full, lizard-sum, lizard-literal; the rivals lolcats, window,"
                    + " based,",
            "gated-delta, gla, hedgehog, kernel, liger, mamba, mamba2, mohawk, supra; or a YAML file. --set changes",
            "any value, such as --set layers.keep_softmax=[0,1]. One Ctrl-C saves the state; --resume goes on bit",
            "for bit."
        })
final class LinearizeCommand implements Action {
    @Option(
            names = "--model",
            paramLabel = "MODEL",
            required = true,
            description = "The teacher: a folder, a .gguf file, a hub name owner/name, or demo.")
    String model;

    @Option(
            names = "--recipe",
            paramLabel = "NAME_OR_FILE",
            defaultValue = "lizard",
            description = "How (default: ${DEFAULT-VALUE}).")
    String recipe;

    @Option(
            names = "--data",
            paramLabel = "DATA",
            arity = "1..*",
            description = "Files or folders of text, records or chats (JSON, Parquet), packed or not; a recipe without"
                    + " stages needs none.")
    List<Path> data = List.of();

    @Option(
            names = "--eval-data",
            paramLabel = "DATA",
            arity = "1..*",
            description = "What quality is measured on; without it a share of --data is set aside.")
    List<Path> evalData = List.of();

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder to write.")
    Path out;

    @Option(names = "--stage1-tokens", paramLabel = "N", description = "Budget of the first stage.")
    @Nullable
    Long stage1Tokens;

    @Option(names = "--stage2-tokens", paramLabel = "N", description = "Budget of the second stage.")
    @Nullable
    Long stage2Tokens;

    @Option(names = "--seq-len", paramLabel = "N", description = "Length of training sequences.")
    @Nullable
    Integer sequenceLength;

    @Option(names = "--dry-run", description = "Shows the plan, its cost and its time, and does nothing.")
    boolean dryRun;

    @Option(names = "--resume", description = "Goes on from the last whole checkpoint in --out, or starts.")
    boolean resume;

    @Option(names = "--deterministic", description = "On CUDA: the same run gives the same bits; slower.")
    boolean deterministic;

    @Override
    public List<String> configKeys() {
        return ConfigTree.keysOf(Recipe.class);
    }

    @Override
    public int run(Context context) {
        context.deterministic(deterministic);
        LinearizeOptions options = new LinearizeOptions(
                ModelPlace.find(model, context),
                data,
                evalData,
                out,
                context.settings().cache(),
                context.device(),
                context.dtype(),
                name -> ModelPlace.find(name, context),
                resume,
                Version.current(),
                context.arguments());
        try (TrainingDisplay display = new TrainingDisplay(context.console())) {
            Linearizer linearizer = new Linearizer(tree(context), recipe, options, display);
            if (dryRun) {
                Plan plan = linearizer.plan();
                context.console().result(plan, table(plan));
            } else {
                done(linearizer.run(context.interrupt()::requested), context.console());
            }
        }
        return 0;
    }

    /** The recipe with what the user says laid over it. */
    private ConfigTree tree(Context context) {
        ConfigTree tree =
                context.layers().tree().only(configKeys()).over(Recipes.find(recipe, context.console()::note));
        tree = override(tree, "stages.0.tokens", stage1Tokens, "--stage1-tokens");
        tree = override(tree, "stages.1.tokens", stage2Tokens, "--stage2-tokens");
        return override(tree, "sequence_length", sequenceLength, "--seq-len");
    }

    static ConfigTree override(ConfigTree tree, String key, @Nullable Number value, String flag) {
        return value == null
                ? tree
                : tree.set(
                        key,
                        JsonNodeFactory.instance.numberNode(value.longValue()),
                        new Origin(Origin.Layer.FLAG, flag));
    }

    private void done(LinearizeResult result, Console console) {
        StringBuilder text = new StringBuilder("wrote " + result.out());
        if (!result.measurements().isEmpty()) {
            text.append(String.format(Locale.ROOT, "%n%n%-12s %-14s %8s%n", "after", "model", "NLL"));
        }
        for (Measurement m : result.measurements()) {
            text.append(String.format(Locale.ROOT, "%-12s %-14s %8.4f%n", m.stage(), m.model(), m.nll()));
        }
        console.result(
                Json.object()
                        .put("done", true)
                        .put("out", result.out().toString())
                        .set("measurements", Json.MAPPER.valueToTree(result.measurements())),
                text.toString().stripTrailing());
    }

    private static String table(Plan plan) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "replaces %d layers, keeps %d; new parameters %s; corpus of %,d tokens%n%n",
                plan.replaced().size(),
                plan.kept().size(),
                plan.parameters(),
                plan.dataTokens()));
        text.append(String.format(
                Locale.ROOT,
                "%-12s %12s %14s %10s %9s %8s %10s  %s%n",
                "stage",
                "trainable",
                "tokens",
                "steps",
                "passes",
                "TFLOP",
                "memory",
                "time"));
        for (Plan.Stage stage : plan.stages()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%-12s %,12d %,14d %,10d %,9.2f %,8.1f %10s  %s%n",
                    stage.name(),
                    stage.trainable(),
                    stage.tokens(),
                    stage.steps(),
                    stage.epochs(),
                    stage.flops() / 1e12,
                    Amounts.bytes(stage.memoryBytes()),
                    Amounts.duration(stage.seconds())));
        }
        Long there = plan.availableBytes();
        text.append(String.format(
                "%nmemory: %s needed, %s there; time: %s, without measurements%n",
                Amounts.bytes(plan.memoryBytes()),
                there == null ? "unknown" : Amounts.bytes(there),
                Amounts.duration(plan.seconds())));
        plan.warnings()
                .forEach(warning -> text.append("warning: ").append(warning).append('\n'));
        return text.toString().stripTrailing();
    }
}
