package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Asks a server for streamed completions of token ids that nobody asked for before, and notes when what comes. */
final class LoadClient implements AutoCloseable {
    private static final int BYTES = 1_024; // a vocabulary below has bytes, and control tokens behind them

    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;
    private final @Nullable String key;
    private final int promptTokens;
    private final int newTokens;
    private final int vocabulary;
    private final Random random;

    /**
     * What came of a request.
     *
     * @param first nanoseconds from when it was due to the first token
     * @param gaps nanoseconds between the parts after that
     * @param tokens written
     */
    record Heard(long first, List<Long> gaps, int tokens) {}

    /**
     * What came of all.
     *
     * @param nanos from the first request to the last token
     * @param failures what was said of each request that was not answered
     */
    record Load(long nanos, List<Heard> heard, List<String> failures) {
        /**
         * Refuses a load of which nothing was answered.
         *
         * @throws LizardException FAILED, with what the first was told
         */
        Load requireSome() {
            if (heard.isEmpty()) {
                throw LizardException.failed(
                        "no request was answered: expected tokens but all %d failed, the first with: %s"
                                .formatted(failures.size(), failures.getFirst()));
            }
            return this;
        }
    }

    /**
     * Of the server at {@code url}.
     *
     * @param key that it demands; null for none
     * @param vocabulary token ids go up to that; 0: the server tells
     * @throws LizardException ENVIRONMENT where nobody answers, USAGE where it does not tell its vocabulary
     */
    LoadClient(String url, @Nullable String key, int promptTokens, int newTokens, int vocabulary, long seed) {
        this.url = url;
        this.key = key;
        this.promptTokens = promptTokens;
        this.newTokens = newTokens;
        this.vocabulary = vocabulary > 0 ? vocabulary : askVocabulary();
        random = new Random(seed);
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
        return key == null ? request : request.header("Authorization", "Bearer " + key);
    }

    private int askVocabulary() {
        try {
            String body = http.send(request("/tokenizer_info").build(), HttpResponse.BodyHandlers.ofString())
                    .body();
            return Json.MAPPER.readTree(body).get("vocab_size").asInt();
        } catch (IOException e) {
            throw LizardException.at(
                    LizardException.Kind.ENVIRONMENT,
                    "no server",
                    url,
                    "one that answers",
                    e.toString(),
                    "check --url, or start it first");
        } catch (RuntimeException e) {
            throw LizardException.usage(url + " does not tell its vocabulary: give --vocabulary");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw LizardException.failed("interrupted");
        }
    }

    /** So many requests by each of {@code streams} clients, one after the other. */
    Load closed(int streams, int each) {
        return load(streams, (client, noted) -> {
            for (int i = 0; i < each; i++) {
                ask(System.nanoTime(), noted);
            }
        });
    }

    /** So many requests, {@code rate} a second on average, due at times that chance gives and waiting for none. */
    Load open(int requests, double rate) {
        long[] due = new long[requests];
        for (int i = 1; i < requests; i++) {
            due[i] = due[i - 1] + (long) (-Math.log(1 - random.nextDouble()) / rate * 1e9);
        }
        long start = System.nanoTime();
        return load(requests, (client, noted) -> {
            long at = start + due[client];
            for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
                Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
            }
            ask(at, noted);
        });
    }

    private interface Client {
        void run(int number, Noted noted) throws InterruptedException;
    }

    /** What one client hears. */
    private record Noted(List<Heard> heard, List<String> failures) {
        Noted() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        void addTo(Noted all) {
            all.heard.addAll(heard);
            all.failures.addAll(failures);
        }
    }

    private static Load load(int clients, Client client) {
        long start = System.nanoTime();
        Noted noted = new Noted();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Noted>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                int number = i;
                all.add(threads.submit(() -> {
                    Noted own = new Noted();
                    client.run(number, own);
                    return own;
                }));
            }
            for (Future<Noted> one : all) {
                try {
                    one.get().addTo(noted);
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a client failed by itself", e.getCause());
                } catch (InterruptedException e) {
                    threads.shutdownNow();
                    Thread.currentThread().interrupt();
                    throw LizardException.failed("interrupted");
                }
            }
        }
        return new Load(System.nanoTime() - start, noted.heard, noted.failures);
    }

    private synchronized ObjectNode body() {
        ObjectNode body = Bench.streamed(newTokens);
        ArrayNode prompt = body.putArray("prompt");
        int from = vocabulary < BYTES ? 32 : BYTES;
        int to = vocabulary < BYTES ? 127 : vocabulary;
        for (int i = 0; i < promptTokens; i++) {
            prompt.add(from + random.nextInt(to - from));
        }
        return body;
    }

    private void ask(long due, Noted noted) throws InterruptedException {
        try {
            StreamedAnswer answer = StreamedAnswer.ask(http, request("/v1/completions"), body());
            noted.heard.add(new Heard(answer.first() - due, answer.gaps(), answer.tokens()));
        } catch (IOException e) {
            noted.failures.add(e.getMessage() == null ? e.toString() : e.getMessage());
        }
    }

    @Override
    public void close() {
        http.close();
    }
}
