package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.eval.recall.MemoryProbe;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.RecallCell;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard probes}: what rules of memory hold before any training. */
@Command(
        name = "probes",
        description = "Measures what rules of memory hold without training, by formula and of each mixer.",
        footer = {
            "",
            "Random keys of width 64 are written with values of 4,096 unit codes and read back: the share whose code",
            "is the nearest to what is read. Overwritten keys get two or four values; the last is asked for."
        })
final class ProbesCommand implements Action {
    @Option(
            names = "--pairs",
            paramLabel = "LIST",
            hideParamSyntax = true,
            split = ",",
            defaultValue = "4,8,16,32,64,128,256",
            description = "How many keys; 8, 16 and 32 are overwritten too (default: ${DEFAULT-VALUE}).")
    List<Integer> pairs;

    @Option(
            names = "--reads",
            paramLabel = "N",
            defaultValue = "1280",
            description = "Reads that a share is of, at least (default: ${DEFAULT-VALUE}).")
    int reads;

    @Option(names = "--out", paramLabel = "DIR", description = "Adds what is found to the results there.")
    @Nullable
    Path out;

    @Override
    public boolean onlyFloat32() {
        return true;
    }

    @Override
    public int run(Context context) {
        if (reads < 1 || pairs.stream().anyMatch(n -> n < 1)) {
            throw LizardException.usage(
                    "--pairs and --reads must be at least 1, found %s and %d".formatted(pairs, reads));
        }
        Findings found = new Findings("What rules of memory hold without training");
        MemoryProbe probe = new MemoryProbe(reads, pairs, context.settings().seed(), context.device());
        try (Progress progress = context.console().progress("probes", "shares", probe.shares())) {
            probe.measure(cell -> {
                found.recallGrids.add(cell);
                context.interrupt().check("nothing was kept");
                progress.update(found.recallGrids.size(), cell.model());
            });
        }
        found.recallGrids.forEach(context.console()::emit);
        context.console().print(table(found.recallGrids));
        if (out != null) {
            found.provenance.put("command recall-grids", String.join(" ", context.arguments()));
            found.results().writeInto(out);
        }
        return 0;
    }

    private static String table(List<RecallCell> cells) {
        Map<String, Map<String, Map<Integer, Double>>> tasks = new LinkedHashMap<>();
        for (RecallCell cell : cells) {
            tasks.computeIfAbsent(cell.task(), task -> new LinkedHashMap<>())
                    .computeIfAbsent(cell.model(), rule -> new TreeMap<>())
                    .put(cell.size(), cell.value());
        }
        StringBuilder text = new StringBuilder();
        tasks.forEach((task, rules) -> {
            text.append(text.isEmpty() ? "" : "\n").append("%-26s".formatted(task));
            rules.values().iterator().next().keySet().forEach(n -> text.append("%6d".formatted(n)));
            rules.forEach((rule, shares) -> {
                text.append('\n').append("%-26s".formatted(rule));
                shares.values().forEach(share -> text.append(String.format(Locale.ROOT, "%6.2f", share)));
            });
            text.append('\n');
        });
        return text.toString().stripTrailing();
    }
}
