package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.model.Decoder;
import dev.lizard.model.Lora;
import dev.lizard.model.ModelFolder;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard merge}: folds the adapters into the weights, in float32, and proves the logits unchanged. */
@Command(
        name = "merge",
        description = "Folds a model's adapters into its weights; nothing is written unless the logits stay the same.")
final class MergeCommand implements Action {
    private static final List<String> KEPT = List.of("recipe.yaml", "provenance.json");

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            required = true,
            description = "A folder with adapter_config.json, such as linearize writes.")
    String model;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder to write.")
    Path out;

    @Option(
            names = "--save-dtype",
            paramLabel = "DTYPE",
            defaultValue = "float32",
            description = "Type of the written weights: float32 or bfloat16 (default: ${DEFAULT-VALUE}).")
    SaveType saveType;

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "Largest difference of a logit, as a part of the largest logit"
                    + " (default: 1e-4, or 3e-2 where weights are rounded to bfloat16).")
    @Nullable
    Double tolerance;

    @Override
    public boolean onlyFloat32() {
        return true;
    }

    @Override
    public int run(Context context) {
        if (tolerance != null && !(tolerance >= 0 && tolerance <= 1)) {
            throw LizardException.usage(
                    "--tolerance: expected 0 to 1 but found %s; choose another".formatted(tolerance));
        }
        requireNew(out);
        Path path = ModelPlace.find(model, context);
        if (!Files.isRegularFile(path.resolve("adapter_config.json"))) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "nothing to merge",
                    path,
                    "adapter_config.json and adapter_model.safetensors",
                    "no adapter",
                    "give a folder with an adapter");
        }
        double limit = tolerance != null ? tolerance : saveType == SaveType.FLOAT32 ? 1e-4 : 3e-2;
        double difference;
        try (FolderLock lock = FolderLock.take(out)) {
            difference = merge(path, limit, context);
        }
        context.console()
                .result(
                        Json.object()
                                .put("done", true)
                                .put("out", out.toString())
                                .put("logit_difference", difference)
                                .put("tolerance", limit),
                        String.format(
                                Locale.ROOT,
                                "wrote %s; no logit moved by more than %.1e of the largest (allowed: %.1e)",
                                out,
                                difference,
                                limit));
        return 0;
    }

    /** A folder with nothing but the lock of a process that died is as good as none. */
    static void requireNew(Path out) {
        FolderLock.refuseHeld(out);
        boolean taken = Files.exists(out);
        if (Files.isRegularFile(out.resolve(FolderLock.FILE))) {
            try (Stream<Path> files = Files.list(out)) {
                taken = files.anyMatch(file -> !FolderLock.is(file));
            } catch (IOException e) {
                throw AtomicFiles.failure(out, e);
            }
        }
        if (taken) {
            throw LizardException.usage("--out %s is there already; name a folder that is not".formatted(out));
        }
    }

    private double merge(Path path, double limit, Context context) {
        Device device = context.device();
        double[] difference = new double[1];
        try (OpenModel open = Models.open(path, DType.FLOAT32, device)) {
            open.notes().forEach(context.console()::warn);
            float[] before = LogitProbe.of(open.decoder());
            Lora.merge(open.decoder());
            try (Scope cast = Scope.owner()) {
                cast(open.decoder(), cast);
                ModelFolder.Contents contents = new ModelFolder.Contents(
                        Optional.empty(),
                        Set.of(),
                        open.tokenizerFiles(),
                        open.generationConfig(),
                        fresh -> keep(path, fresh));
                AtomicFiles.replaceFolder(out, fresh -> {
                    ModelFolder.fill(fresh, open.decoder(), contents);
                    difference[0] = verified(before, fresh, limit, device);
                });
            }
        }
        return difference[0];
    }

    private void cast(Decoder decoder, Scope owner) {
        if (saveType == SaveType.FLOAT32) {
            return;
        }
        try (Gradients off = Gradients.off()) {
            decoder.weights().forEach((name, weight) -> {
                try (Scope work = Scope.open()) {
                    decoder.bind(name, owner.adopt(weight.to(saveType.dtype())));
                }
            });
        }
    }

    private static void keep(Path from, Path to) throws IOException {
        for (String name : KEPT) {
            if (Files.isRegularFile(from.resolve(name))) {
                Files.copy(from.resolve(name), to.resolve(name));
            }
        }
    }

    /** The difference found, as a part of the largest logit; a refusal leaves nothing behind. */
    private static double verified(float[] before, Path folder, double limit, Device device) {
        double part;
        try (OpenModel merged = Models.open(folder, DType.FLOAT32, device)) {
            part = LogitProbe.difference(before, LogitProbe.of(merged.decoder()));
        }
        if (!(part <= limit)) {
            throw LizardException.failed(String.format(
                    Locale.ROOT,
                    "merging changed the logits: expected a difference of at most %.1e of the largest but found %.1e;"
                            + " write float32, or allow more with --tolerance",
                    limit,
                    part));
        }
        return part;
    }
}
