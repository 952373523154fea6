package dev.lizard.cli;

import dev.lizard.base.Progress;
import dev.lizard.model.OpenModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard bench generate}: how fast a model reads and writes. */
@Command(
        name = "generate",
        description = "Measures reading a prompt and greedy writing after it: medians over runs, after a warm-up run.")
final class BenchGenerateCommand implements Action {
    @Option(names = "--model", paramLabel = "MODEL", required = true, description = ModelPlace.HELP)
    String model;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Tokens read in a run (default: ${DEFAULT-VALUE}).")
    int promptTokens;

    @Option(
            names = "--new-tokens",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens made after them (default: ${DEFAULT-VALUE}).")
    int newTokens;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Runs that count (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--contexts",
            paramLabel = "N,N",
            split = ",",
            description = "Also measures writing after so many tokens, by turns.")
    @Nullable
    List<Integer> contexts;

    @Option(names = "--history", paramLabel = "F.jsonl", description = "Appends the result to this file.")
    @Nullable
    Path history;

    @Override
    public int run(Context context) throws IOException {
        Bench.require("--prompt-tokens", promptTokens);
        Bench.require("--new-tokens", newTokens);
        Bench.require("--runs", runs);
        List<Integer> lengths = contexts == null ? List.of() : contexts;
        lengths.forEach(length -> Bench.require("--contexts", length));
        GenerationSpeed result;
        try (OpenModel open = ModelPlace.open(model, context);
                Progress progress = context.console().progress("bench generate", "runs", 1L + runs)) {
            GenerationSpeed.Meter meter = new GenerationSpeed.Meter(open.decoder());
            meter.run(promptTokens, newTokens);
            progress.update(1, "");
            List<GenerationSpeed.Run> measured = new ArrayList<>();
            for (int i = 0; i < runs; i++) {
                context.interrupt().check("nothing was kept");
                measured.add(meter.run(promptTokens, newTokens));
                progress.update(2L + i, "");
            }
            context.interrupt().check("nothing was kept");
            result = GenerationSpeed.of(measured, meter.after(lengths, newTokens));
        }
        Bench.record(result, history);
        context.console().result(result, text(result));
        return 0;
    }

    private static String text(GenerationSpeed result) {
        StringBuilder text = new StringBuilder(String.format(
                Locale.ROOT,
                "reading %,.1f tokens/s, writing %,.1f tokens/s (%.2f ms a token), state of %,d bytes; %d runs",
                result.prefillTokensPerS(),
                result.decodeTokensPerS(),
                result.msPerToken(),
                result.stateBytes(),
                result.runs().size()));
        for (GenerationSpeed.AtContext at : result.contexts()) {
            text.append(String.format(
                    Locale.ROOT,
                    "%nafter %,9d tokens: %8.2f ms a token, state of %,d bytes",
                    at.tokens(),
                    at.msPerToken(),
                    at.stateBytes()));
        }
        return text.toString();
    }
}
