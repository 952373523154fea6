package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.checkpoint.ModelFiles;
import dev.lizard.checkpoint.StudentWriter;
import dev.lizard.model.Models;
import dev.lizard.model.OpenModel;
import dev.lizard.tensor.DType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code lizard pack}: a converted folder without the weights of its base, and the proof that nothing is lost. */
@Command(
        name = "pack",
        description = {
            "Writes what a student has beyond its base: new parameters, adapter, and what was changed of the weights.",
            "Nothing is written unless it gives the same logits with its base, as --model BASE --student DIR."
        })
final class PackCommand implements Action {
    @Parameters(paramLabel = "CONVERTED", description = "A folder that linearize wrote.")
    String converted;

    @Option(names = "--base", paramLabel = "MODEL", required = true, description = "The model that it was made of.")
    String base;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "The folder to write.")
    Path out;

    @Option(
            names = "--bits",
            paramLabel = "N",
            defaultValue = "8",
            description = "Bits of a changed weight, where weights were trained: 8 or 4 (default: ${DEFAULT-VALUE}).")
    int bits;

    @Option(
            names = "--save-dtype",
            paramLabel = "DTYPE",
            defaultValue = "float32",
            description = "Type of new parameters and the adapter: float32 or bfloat16 (default: ${DEFAULT-VALUE}).")
    SaveType saveType;

    @Option(
            names = "--tolerance",
            paramLabel = "X",
            description = "Largest difference of a logit, as a part of the largest logit"
                    + " (default: 0, or 3e-2 where anything is rounded).")
    @Nullable
    Double tolerance;

    @Option(
            names = "--card",
            paramLabel = "F.md",
            description = "The model card, such as report --model-card writes; a short one of ours if not given.")
    @Nullable
    Path card;

    @Override
    public boolean onlyFloat32() {
        return true;
    }

    @Override
    public int run(Context context) {
        if (bits != 8 && bits != 4) {
            throw LizardException.usage("--bits: expected 8 or 4 but found %d; choose one of these".formatted(bits));
        }
        if (tolerance != null && !(tolerance >= 0 && tolerance <= 1)) {
            throw LizardException.usage(
                    "--tolerance: expected 0 to 1 but found %s; choose another".formatted(tolerance));
        }
        String text = card == null ? null : TextArgument.read(card);
        MergeCommand.requireNew(out);
        Path from = ModelPlace.find(converted, context);
        Path model = ModelPlace.find(base, context);
        Packed packed;
        try (FolderLock _ = FolderLock.take(out)) {
            packed = pack(from, model, text, context);
        }
        context.console()
                .result(
                        packed,
                        String.format(
                                Locale.ROOT,
                                "wrote %s, %,d bytes, %d weights changed; with its base no logit moved by more than"
                                        + " %.1e of the largest",
                                out,
                                packed.bytes,
                                packed.changedWeights,
                                packed.logitDifference));
        return 0;
    }

    /** What {@code --json} says. */
    private record Packed(boolean done, String out, long bytes, int changedWeights, double logitDifference) {}

    private Packed pack(Path from, Path model, @Nullable String text, Context context) {
        StudentWriter writer = new StudentWriter(from, model, bits, saveType.dtype());
        float[] before;
        try (OpenModel open = Models.open(from, DType.FLOAT32, context.device())) {
            before = LogitProbe.of(open.decoder());
        }
        double[] difference = new double[1];
        AtomicFiles.replaceFolder(out, fresh -> {
            writer.write(fresh);
            try (OpenModel open =
                    Models.open(new ModelFiles(model, Optional.of(fresh)), DType.FLOAT32, context.device())) {
                difference[0] = LogitProbe.difference(before, LogitProbe.of(open.decoder()));
                require(difference[0], writer.rounds());
                String shown = text == null ? StudentCard.of(fresh, out, open, difference[0]) : text;
                Files.write(fresh.resolve("README.md"), shown.getBytes(StandardCharsets.UTF_8));
            }
        });
        return new Packed(true, out.toString(), StudentCard.bytes(out), writer.changed(), difference[0]);
    }

    private void require(double difference, boolean rounded) {
        double limit = tolerance != null ? tolerance : rounded ? 3e-2 : 0;
        if (!(difference <= limit)) {
            throw LizardException.failed(String.format(
                    Locale.ROOT,
                    "packing changed the logits: expected a difference of at most %.1e of the largest but found %.1e;"
                            + " write more bits, or allow more with --tolerance",
                    limit,
                    difference));
        }
    }
}
