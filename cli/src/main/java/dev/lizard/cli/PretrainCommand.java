package dev.lizard.cli;

import dev.lizard.base.ConfigTree;
import dev.lizard.base.Json;
import dev.lizard.distill.PretrainConfig;
import dev.lizard.distill.Pretrainer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard pretrain}: a small teacher from scratch. */
@Command(
        name = "pretrain",
        description = "Trains a small teacher from scratch; --config FILE.yaml says how.",
        footer = {"", "One Ctrl-C stops after the step and saves the state; --resume goes on."})
final class PretrainCommand implements Action {
    @Option(
            names = "--data",
            paramLabel = "DATA",
            arity = "1..*",
            description = "Files or folders of text; none where the configuration makes all of it.")
    @Nullable
    List<Path> data;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder to write.")
    Path out;

    @Option(names = "--resume", description = "Goes on from the last whole checkpoint in --out.")
    boolean resume;

    @Option(names = "--deterministic", description = "On CUDA: the same run gives the same bits; slower.")
    boolean deterministic;

    @Option(
            names = "--save-dtype",
            paramLabel = "DTYPE",
            defaultValue = "bfloat16",
            description = "Type of the written weights: float32 or bfloat16 (default: ${DEFAULT-VALUE}).")
    SaveType saveType;

    @Override
    public List<String> configKeys() {
        return ConfigTree.keysOf(PretrainConfig.class);
    }

    @Override
    public int run(Context context) {
        context.deterministic(deterministic);
        ConfigTree tree = context.layers().tree().only(configKeys());
        Pretrainer.Options options = new Pretrainer.Options(
                data == null ? List.of() : data,
                out,
                context.settings().cache(),
                context.device(),
                context.dtype(),
                saveType.dtype(),
                resume);
        try (TrainingDisplay display = new TrainingDisplay(context.console())) {
            Path written =
                    new Pretrainer(tree, "the configuration", options, display).run(context.interrupt()::requested);
            context.console()
                    .result(Json.object().put("done", true).put("out", written.toString()), "wrote " + written);
        }
        return 0;
    }
}
