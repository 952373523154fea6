package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.Progress;
import dev.lizard.eval.metric.Crossing;
import dev.lizard.eval.metric.EfficiencyMeter;
import dev.lizard.eval.result.Efficiency;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.Spread;
import dev.lizard.model.Decoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lizard bench context}: what a context costs, up to lengths that nobody has time to read. */
@Command(
        name = "context",
        description = "Measures reading, writing, state and memory over the length of the context.",
        footer = {
            "",
            "Run it once a model and device with the same --out: the report draws them together, and where two cross.",
            "The size of the state is told up to 1M tokens, whatever is measured."
        })
final class BenchContextCommand implements Action {
    /** As far as sizes go. */
    private static final long LONGEST = 1 << 20;

    private static final int PIECE = 512;

    @Mixin
    private final BenchMixedModel model = new BenchMixedModel();

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Its name in the results; the last of --model's path unless given.")
    @Nullable
    String name;

    @Option(
            names = "--contexts",
            paramLabel = "N,N",
            split = ",",
            defaultValue = "1024,2048,4096,8192,16384,32768,65536,131072",
            description = "Tokens read before (default: 1024 to 131072, doubling).")
    List<Integer> contexts;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "5",
            description = "Repeats of reading and writing, as time allows (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(
            names = "--new-tokens",
            paramLabel = "N",
            defaultValue = "16",
            description = "Tokens written in a repeat (default: ${DEFAULT-VALUE}).")
    int newTokens;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "60",
            description = "Most for the reading, and for the writing, of a context; what would take longer is not read,"
                    + " and said (default: ${DEFAULT-VALUE}).")
    int seconds;

    @Option(names = "--out", paramLabel = "DIR", description = "A results folder that the figures are added to.")
    @Nullable
    Path out;

    @Option(names = "--history", paramLabel = "F.jsonl", description = "Appends the result to this file.")
    @Nullable
    Path history;

    @Override
    public int run(Context context) throws IOException {
        contexts.forEach(length -> Bench.require("--contexts", length));
        Bench.require("--runs", runs);
        Bench.require("--new-tokens", newTokens);
        Bench.require("--seconds", seconds);
        Findings found = out == null ? new Findings("") : Findings.in(out, "What a context costs");
        List<Efficiency> rows = model.measure(context, decoder -> measure(decoder, found, context));
        for (Efficiency row : rows) {
            Bench.record(row, history);
        }
        for (Crossing crossing : Crossing.of(found.efficiency)) {
            if (crossing.model().equals(rows.getFirst().model())
                    || crossing.growing().equals(rows.getFirst().model())) {
                context.console().result(crossing, crossing.told());
            }
        }
        return 0;
    }

    private List<Efficiency> measure(Decoder decoder, Findings found, Context context) {
        EfficiencyMeter meter = new EfficiencyMeter(PIECE, newTokens, runs, seconds);
        String called = name == null ? model.name() : name;
        long[] lengths = contexts.stream()
                .mapToLong(length -> length)
                .sorted()
                .distinct()
                .toArray();
        List<Efficiency> rows = new ArrayList<>();
        if (out != null) {
            model.sha256().ifPresent(hash -> found.provenance.put("model " + called, "sha256 " + hash));
        }
        try (Progress progress = context.console().progress("bench context", "contexts", lengths.length)) {
            new EfficiencyMeter(PIECE, 1, 1, 0).measure(decoder, called, Math.min(PIECE, lengths[0]), null); // warms up
            Efficiency before = null;
            for (long length : lengths) {
                context.interrupt().check(out == null ? "nothing was kept" : "what was measured is in " + out);
                before = meter.measure(decoder, called, length, before);
                keep(before, found, rows, context);
                progress.update(rows.size(), text(before));
            }
        }
        long last = lengths[lengths.length - 1];
        LongStream.iterate(Long.highestOneBit(last) * 2, size -> size <= LONGEST, size -> 2 * size)
                .forEach(size -> keep(EfficiencyMeter.size(decoder, called, size), found, rows, context));
        return rows;
    }

    /** Each figure is on the disk and on standard output when it is there. */
    private void keep(Efficiency row, Findings found, List<Efficiency> rows, Context context) {
        rows.add(row);
        found.efficiency.removeIf(row::replaces);
        found.efficiency.add(row);
        if (out != null) {
            found.provenance.put(
                    "command cost " + row.model() + ", " + row.device(),
                    "lizard " + String.join(" ", context.arguments()));
            found.results().write(out);
        }
        context.console().result(Json.MAPPER.valueToTree(row), text(row));
    }

    private static String text(Efficiency row) {
        StringBuilder text = new StringBuilder(
                String.format(Locale.ROOT, "%,9d tokens: state of %,d bytes", row.context(), row.stateBytes()));
        add(text, "reading", row.prefillTokensPerSecond(), row.prefillSpread());
        add(text, "writing", row.decodeTokensPerSecond(), row.decodeSpread());
        Long peak = row.peakBytes();
        if (peak != null) {
            text.append(String.format(Locale.ROOT, ", memory %,d bytes", peak));
        }
        return text.append(row.missing() == null ? "" : "; " + row.missing()).toString();
    }

    private static void add(StringBuilder text, String what, @Nullable Double speed, @Nullable Spread spread) {
        if (speed != null) {
            text.append(String.format(Locale.ROOT, ", %s %,.1f tokens/s", what, speed));
        }
        if (spread != null) {
            text.append(String.format(
                    Locale.ROOT, " (%,.1f to %,.1f, %d runs)", spread.slowest(), spread.fastest(), spread.repeats()));
        }
    }
}
