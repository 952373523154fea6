package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.eval.inside.StructureFits;
import dev.lizard.eval.metric.EvalText;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.StructureFit;
import dev.lizard.model.OpenModel;
import dev.lizard.text.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard structures}: what a model's attention can be made of. */
@Command(
        name = "structures",
        description = "Fits matrices that recurrences make to those of a model's attention.",
        footer = {
            "",
            "Each matrix of each layer and head is fitted by itself, by gradient descent: ssd decays by a number that",
            "each token has, linear never decays, toeplitz is the same for all tokens. The error is the distance over",
            "the size, by Frobenius' norm, a mean over all matrices."
        })
final class StructuresCommand implements Action {
    @Option(names = "--model", paramLabel = "MODEL", required = true, description = ModelPlace.HELP)
    String model;

    @Option(
            names = "--text-file",
            paramLabel = "F",
            required = true,
            description = "The text that it reads, in UTF-8; -: standard input.")
    Path textFile;

    @Option(
            names = "--widths",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            defaultValue = "1,2,4,8,16",
            description = "Numbers of a state, with commas between (default: ${DEFAULT-VALUE}).")
    List<Integer> widths;

    @Option(
            names = "--length",
            paramLabel = "N",
            defaultValue = "64",
            description = "Tokens of a window of the text (default: ${DEFAULT-VALUE}).")
    int length;

    @Option(
            names = "--windows",
            paramLabel = "N",
            defaultValue = "2",
            description = "Windows at most (default: ${DEFAULT-VALUE}).")
    int windows;

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "400",
            description = "Steps of a fit (default: ${DEFAULT-VALUE}).")
    int steps;

    @Option(names = "--out", paramLabel = "DIR", description = "Adds what is found to the results there.")
    @Nullable
    Path out;

    private static final int LONGEST = 1024;

    @Override
    public boolean onlyFloat32() {
        return true;
    }

    @Override
    public int run(Context context) {
        Ranges.require("--length", length, 2, LONGEST);
        Ranges.require("--windows", windows, 1, LONGEST);
        Ranges.require("--steps", steps, 1, Integer.MAX_VALUE);
        widths.forEach(width -> Ranges.require("--widths", width, 1, LONGEST));
        StructureFits fits = new StructureFits(widths, steps, context.settings().seed());
        Findings found = new Findings("What attention can be made of");
        try (OpenModel open = ModelPlace.openWithTokenizer(model, context);
                Tokenizer tokenizer = open.openTokenizer();
                Progress progress = context.console().progress("structures", "fits", fits.count())) {
            EvalText text = text(tokenizer);
            fits.measure(open.decoder(), ModelPlace.lastName(model), text, fit -> {
                found.structureFits.add(fit);
                context.console().result(fit, line(fit));
                context.interrupt().check("nothing was kept");
                progress.update(found.structureFits.size(), fit.structure());
            });
        }
        if (out != null) {
            found.provenance.put("command structures", String.join(" ", context.arguments()));
            found.results().writeInto(out);
        }
        return 0;
    }

    private EvalText text(Tokenizer tokenizer) {
        int[] ids = tokenizer.encode(TextArgument.read(textFile), true);
        if (ids.length <= length) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "text too short",
                    TextArgument.name(textFile),
                    "at least %,d tokens".formatted(length + 1),
                    "%,d".formatted(ids.length),
                    "give a longer one, or a smaller --length");
        }
        return EvalText.cut(ids, tokenizer, length, windows);
    }

    private static String line(StructureFit fit) {
        Double stderr = fit.stderr();
        return String.format(Locale.ROOT, "%-9s state %4d  error %.4f", fit.structure(), fit.size(), fit.error())
                + (stderr == null ? "" : String.format(Locale.ROOT, " ± %.4f", stderr))
                + String.format(Locale.ROOT, "  %,d matrices of %d tokens", fit.matrices(), fit.tokens());
    }
}
