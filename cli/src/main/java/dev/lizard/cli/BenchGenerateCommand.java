package dev.lizard.cli;

import dev.lizard.base.Progress;
import dev.lizard.generate.SamplerSettings;
import dev.lizard.model.Decoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lizard bench generate}: how fast a model reads and writes. */
@Command(
        name = "generate",
        description = "Measures reading a prompt and writing after it: medians over runs, after two that warm up.")
final class BenchGenerateCommand implements Action {
    /** The first run of a kind compiles, the second records what a card then replays. */
    private static final long WARM_UP = 2;

    @Mixin
    private final BenchMixedModel model = new BenchMixedModel();

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Draws tokens at temperature 1 with this top-p; greedy if not given.")
    @Nullable
    Double topP;

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
        if (contexts != null) {
            contexts.forEach(length -> Bench.require("--contexts", length));
        }
        SamplerSettings settings = topP == null
                ? SamplerSettings.GREEDY
                : SamplerSettings.ofTemperature(1, 0).withTopP(topP);
        GenerationSpeed result = model.measure(context, decoder -> measure(decoder, settings, context));
        Bench.record(result, history);
        context.console().result(result, text(result));
        return 0;
    }

    private GenerationSpeed measure(Decoder decoder, SamplerSettings settings, Context context) {
        List<Integer> lengths = contexts == null ? List.of() : contexts;
        try (Progress progress = context.console().progress("bench generate", "runs", WARM_UP + runs)) {
            GenerationSpeed.Meter meter = new GenerationSpeed.Meter(decoder, settings);
            for (int i = 0; i < WARM_UP; i++) {
                meter.run(promptTokens, newTokens);
                progress.update(1L + i, "");
            }
            List<GenerationSpeed.Run> measured = new ArrayList<>();
            for (int i = 0; i < runs; i++) {
                context.interrupt().check("nothing was kept");
                measured.add(meter.run(promptTokens, newTokens));
                progress.update(WARM_UP + i + 1L, "");
            }
            context.interrupt().check("nothing was kept");
            return GenerationSpeed.of(measured, meter.after(lengths, newTokens));
        }
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
