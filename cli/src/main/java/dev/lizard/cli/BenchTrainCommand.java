package dev.lizard.cli;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.LizardException;
import dev.lizard.distill.Recipe;
import dev.lizard.distill.Recipes;
import dev.lizard.distill.StageMeter;
import dev.lizard.distill.Teachers;
import dev.lizard.model.Decoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lizard bench train}: how fast the stages of a recipe train. */
@Command(
        name = "train",
        description = "Measures the stages of a recipe on random tokens: the median over steps, after a warm-up.",
        footer = {"", "--set changes any value of the recipe, such as --set stages.1.recompute=true."})
final class BenchTrainCommand implements Action {
    private static final double MIB = 1 << 20;

    @Mixin
    private final BenchModel model = new BenchModel();

    @Option(
            names = "--recipe",
            paramLabel = "NAME_OR_FILE",
            defaultValue = "lizard",
            description = "What is measured (default: ${DEFAULT-VALUE}).")
    String recipe;

    @Option(names = "--batch", paramLabel = "N", description = "Sequences of a step; the recipe's unless given.")
    @Nullable
    Integer batch;

    @Option(names = "--seq-len", paramLabel = "N", description = "Tokens of each; the recipe's unless given.")
    @Nullable
    Integer sequenceLength;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "10",
            description = "Steps that count, of each stage (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(
            names = "--warmup",
            paramLabel = "N",
            defaultValue = "3",
            description = "Steps before them (default: ${DEFAULT-VALUE}).")
    int warmup;

    @Option(names = "--peak-tflops", paramLabel = "X", description = "The device's peak, to compare with.")
    @Nullable
    Double peak;

    @Option(names = "--history", paramLabel = "F.jsonl", description = "Appends the result to this file.")
    @Nullable
    Path history;

    @Override
    public List<String> configKeys() {
        return ConfigTree.keysOf(Recipe.class);
    }

    @Override
    public int run(Context context) throws IOException {
        if (steps < 1 || warmup < 0) {
            throw LizardException.usage(
                    "--steps must be at least 1 and --warmup at least 0, found %d and %d".formatted(steps, warmup));
        }
        ConfigTree tree =
                context.layers().tree().only(configKeys()).over(Recipes.find(recipe, context.console()::note));
        tree = LinearizeCommand.override(tree, "batch", batch, "--batch");
        tree = LinearizeCommand.override(tree, "sequence_length", sequenceLength, "--seq-len");
        TrainingSpeed result = measure(tree, context);
        Bench.record(result, history);
        context.console().result(result, text(result));
        return 0;
    }

    private TrainingSpeed measure(ConfigTree tree, Context context) {
        Recipe shape = Recipe.of(tree);
        List<StageMeter.Speed> speeds = model.measure(context, decoder -> speeds(tree, decoder, context));
        return new TrainingSpeed(
                "train",
                context.device().toString(),
                context.dtype().name().toLowerCase(Locale.ROOT),
                shape.batch(),
                shape.sequenceLength(),
                speeds.stream()
                        .map(speed -> TrainingSpeed.Stage.of(speed, peak))
                        .toList());
    }

    private List<StageMeter.Speed> speeds(ConfigTree tree, Decoder decoder, Context context) {
        List<StageMeter.Speed> speeds = new StageMeter(
                        tree,
                        recipe,
                        decoder,
                        new Teachers(name -> ModelPlace.find(name, context), context.dtype(), context.device()))
                .measure(warmup, steps, context.interrupt()::requested);
        context.interrupt().check("nothing was kept");
        return speeds;
    }

    private static String text(TrainingSpeed result) {
        StringBuilder text = new StringBuilder();
        for (TrainingSpeed.Stage stage : result.stages()) {
            text.append(text.isEmpty() ? "" : "\n")
                    .append(String.format(
                            Locale.ROOT,
                            "%-10s %,12.0f tokens/s (%,.0f to %,.0f), %,.1f ms a step, %,.0f MiB, %.1f TFLOP/s",
                            stage.stage(),
                            stage.tokensPerS(),
                            stage.slowest(),
                            stage.fastest(),
                            stage.msPerStep(),
                            stage.memoryBytes() / MIB,
                            stage.tflops()));
            if (stage.ofPeak() != null) {
                text.append(String.format(Locale.ROOT, " (%.1f %% of the peak)", 100 * stage.ofPeak()));
            }
        }
        return text.toString();
    }
}
