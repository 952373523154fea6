package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import dev.lizard.model.OpenModel;
import dev.lizard.serve.Served;
import dev.lizard.serve.Server;
import dev.lizard.serve.ServerSettings;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code lizard bench turns}: a long conversation with a server. */
@Command(
        name = "turns",
        description =
                "Measures the turns of a long conversation with a server that keeps states of beginnings, and with one"
                        + " that reads everything again.")
final class BenchTurnsCommand implements Action {
    @Mixin
    private final ModelOption model = new ModelOption();

    @Option(
            names = "--turns",
            paramLabel = "N",
            defaultValue = "10",
            description = "Turns of the conversation (default: ${DEFAULT-VALUE}).")
    int turns;

    @Option(
            names = "--turn-tokens",
            paramLabel = "N",
            defaultValue = "2000",
            description = "Tokens that a turn adds, the answer included (default: ${DEFAULT-VALUE}).")
    int turnTokens;

    @Option(
            names = "--new-tokens",
            paramLabel = "N",
            defaultValue = "32",
            description = "Tokens of an answer (default: ${DEFAULT-VALUE}).")
    int newTokens;

    @Option(
            names = "--prefix-mib",
            paramLabel = "N",
            defaultValue = "64",
            description = "Memory for states (default: ${DEFAULT-VALUE}).")
    int prefixMib;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Conversations with each; medians of them count (default: ${DEFAULT-VALUE}).")
    int runs;

    @Option(names = "--kept-only", description = "Leaves the server out that reads everything again.")
    boolean keptOnly;

    @Option(names = "--history", paramLabel = "F.jsonl", description = "Appends the result to this file.")
    @Nullable
    Path history;

    @Override
    public int run(Context context) throws IOException {
        Bench.require("--turns", turns);
        Bench.require("--new-tokens", newTokens);
        Bench.require("--prefix-mib", prefixMib);
        Bench.require("--runs", runs);
        if (turnTokens <= newTokens) {
            throw LizardException.usage("--turn-tokens out of range: expected more than --new-tokens, %d, but found %d"
                    .formatted(newTokens, turnTokens));
        }
        try (OpenModel open = ModelPlace.openWithTokenizer(model.place(), context);
                Tokenizer tokenizer = open.openTokenizer()) {
            Served served = ServedModel.of(model, open, tokenizer, null, 0, context.console());
            int[] text = text(tokenizer);
            List<List<TurnsSpeed.Turn>> kept = new ArrayList<>();
            List<List<TurnsSpeed.Turn>> again = new ArrayList<>();
            for (int run = 0; run < runs; run++) {
                kept.add(measure(served, text, (long) prefixMib << 20, context));
                if (!keptOnly) {
                    again.add(measure(served, text, 0, context));
                }
            }
            TurnsSpeed result = new TurnsSpeed(
                    "turns",
                    served.id(),
                    context.device().toString(),
                    context.settings().threads(),
                    runs,
                    turnTokens,
                    newTokens,
                    served.stateBytes().applyAsLong((long) turns * turnTokens),
                    TurnsSpeed.medians(kept),
                    keptOnly ? null : TurnsSpeed.medians(again));
            Bench.record(result, history);
            context.console().result(result, result.text());
        }
        return 0;
    }

    private List<TurnsSpeed.Turn> measure(Served served, int[] text, long kept, Context context) {
        ServerSettings local = ServerSettings.local();
        List<TurnsSpeed.Turn> all = new ArrayList<>();
        String what = kept > 0 ? "turns" : "turns, read again";
        try (Server server = Server.start(served, local.with(kept, local.states()), logged -> {});
                TurnsClient client = new TurnsClient(server.port());
                Progress progress = context.console().progress("bench turns", what, turns)) {
            int length = turnTokens - newTokens;
            for (int turn = 0; turn < turns; turn++) {
                context.interrupt().check("nothing was kept");
                int from = turn * 7 % (text.length - length);
                all.add(client.turn(Arrays.copyOfRange(text, from, from + length), newTokens));
                progress.update(turn + 1L, "");
            }
        }
        return all;
    }

    /** Tokens of a text without end, somewhat more than those of a turn. */
    private int[] text(Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        int[] ids = new int[0];
        for (int i = 1; ids.length < 2 * turnTokens; i++) {
            text.append(String.format(
                    Locale.ROOT,
                    "The ship left the harbour in the %dth year, with %d men and a cargo of salt. For %d days the wind"
                            + " was fair; then it turned, and the captain said that nobody would see land again. ",
                    i,
                    3 * i,
                    i + 7));
            if (text.length() >= turnTokens) {
                ids = tokenizer.encode(text.toString(), false);
            }
        }
        return ids;
    }
}
