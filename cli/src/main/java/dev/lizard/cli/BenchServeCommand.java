package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code lizard bench serve}: a server under load. */
@Command(
        name = "serve",
        description =
                "Measures a server under load: tokens a second, waits, memory. It runs in a process of its own, anew"
                        + " for each load.",
        footer = {
            "",
            "Run it once a model with the same --history. With --url it loads any server of OpenAI's interface that",
            "takes token ids as prompts and ignores the end of a text where ignore_eos says so."
        })
final class BenchServeCommand implements Action {
    @Option(names = "--model", paramLabel = "MODEL", description = ModelPlace.HELP)
    @Nullable
    String model;

    @Option(names = "--student", paramLabel = "STUDENT", description = ModelOption.STUDENT_HELP)
    @Nullable
    String student;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "A server that runs already, in place of --model; LIZARD_API_KEY is its key.")
    @Nullable
    String url;

    @Option(
            names = "--pid",
            paramLabel = "N",
            defaultValue = "0",
            description = "The process of --url, whose memory is told then.")
    long pid;

    @Option(
            names = "--vocabulary",
            paramLabel = "N",
            defaultValue = "0",
            description = "Token ids of --url go up to N; 0: the server tells (default: ${DEFAULT-VALUE}).")
    int vocabulary;

    @Option(names = "--name", paramLabel = "NAME", description = "Its name in the results.")
    @Nullable
    String name;

    @Option(
            names = "--streams",
            paramLabel = "N,N",
            split = ",",
            description = "So many clients at once, each asking when it is answered (default: 1,8,32).")
    @Nullable
    List<Integer> streams;

    @Option(
            names = "--rates",
            paramLabel = "R,R",
            split = ",",
            description = "So many requests a second, which wait for no answer, at times that --seed gives.")
    @Nullable
    List<Double> rates;

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "2",
            description = "Requests of each client; sixteen times as many of each rate (default: ${DEFAULT-VALUE}).")
    int requests;

    @Option(
            names = "--prompt-tokens",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens of a prompt (default: ${DEFAULT-VALUE}).")
    int promptTokens;

    @Option(
            names = "--new-tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "Tokens of an answer (default: ${DEFAULT-VALUE}).")
    int newTokens;

    @Option(names = "--history", paramLabel = "F.jsonl", description = "Appends the results to this file.")
    @Nullable
    Path history;

    private static final int OF_RATE = 16;
    private static final int LEAST_VOCABULARY = 128;

    @Override
    public int run(Context context) throws IOException {
        if ((model == null) == (url == null) || (student != null && model == null)) {
            throw LizardException.usage("expected either --model, with --student perhaps, or --url; give one of them");
        }
        if (url == null && (pid != 0 || vocabulary != 0)) {
            throw LizardException.usage(
                    "--pid and --vocabulary have no effect: expected them beside --url; take them out");
        }
        if (pid < 0 || (vocabulary != 0 && vocabulary < LEAST_VOCABULARY)) {
            throw LizardException.usage(
                    "--pid or --vocabulary out of range: expected 0 or more, and a vocabulary of %d or more"
                            .formatted(LEAST_VOCABULARY));
        }
        List<Integer> many = streams != null ? streams : rates == null ? List.of(1, 8, 32) : List.of();
        List<Double> often = rates == null ? List.of() : rates;
        many.forEach(count -> Bench.require("--streams", count));
        Bench.require("--requests", requests);
        Bench.require("--prompt-tokens", promptTokens);
        Bench.require("--new-tokens", newTokens);
        if (often.stream().anyMatch(rate -> !(rate > 0 && rate <= 1e6))) {
            throw LizardException.usage("--rates out of range: expected above 0, at most 1000000");
        }
        int parallel = many.isEmpty() ? OF_RATE * requests : Collections.max(many);
        try (Progress progress = context.console().progress("bench serve", "loads", many.size() + often.size())) {
            int done = 0;
            for (int count : many) {
                measure(count, null, Math.max(32, parallel), context);
                progress.update(++done, count + " streams");
            }
            for (double rate : often) {
                measure(null, rate, Math.max(32, parallel), context);
                progress.update(++done, rate + " requests a second");
            }
        }
        return 0;
    }

    /** One load; a short one before warms the server up. */
    private void measure(@Nullable Integer count, @Nullable Double rate, int parallel, Context context)
            throws IOException {
        context.interrupt().check(history == null ? "nothing was kept" : "what was measured is in " + history);
        String place = place();
        try (LoadedServer server = server(parallel, context);
                LoadClient client = new LoadClient(
                        server.url(),
                        url == null ? null : context.environment().get("LIZARD_API_KEY"),
                        promptTokens,
                        newTokens,
                        vocabulary,
                        context.settings().seed())) {
            client.closed(count == null ? 2 : count, 1).requireSome();
            LoadClient.Load load = count == null
                    ? client.open(OF_RATE * requests, rate == null ? 1 : rate)
                    : client.closed(count, requests);
            context.interrupt().check("the load that was under way was not kept");
            OptionalLong peak = server.peakBytes();
            ServingSpeed result = ServingSpeed.of(
                    name != null ? name : place != null ? place : String.valueOf(url),
                    count,
                    rate,
                    promptTokens,
                    newTokens,
                    load,
                    peak.isPresent() ? peak.getAsLong() : null,
                    url == null ? context.device().toString() : "");
            Bench.record(result, history);
            context.console().result(result, result.text());
            load.requireSome();
        }
    }

    /** The model of this project's server; null for another server. */
    private @Nullable String place() {
        return model == null ? null : ModelPlace.join(model, student);
    }

    private LoadedServer server(int parallel, Context context) throws IOException {
        String place = place();
        return place == null
                ? LoadedServer.at(String.valueOf(url), pid)
                : LoadedServer.start(place, parallel, context.settings(), context.console()::warn);
    }
}
