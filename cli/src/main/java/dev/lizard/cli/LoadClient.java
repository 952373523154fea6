package dev.lizard.cli;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Asks a server for streamed completions of token ids that nobody asked for before, and notes when what comes. */
final class LoadClient implements AutoCloseable {
    private static final String DATA = "data: ";
    private static final int BYTES = 1_024; // a vocabulary below has bytes, and control tokens behind them

    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;
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
     * @param failed requests that were not answered
     */
    record Load(long nanos, List<Heard> heard, int failed) {}

    LoadClient(String url, int promptTokens, int newTokens, int vocabulary, long seed) {
        this.url = url;
        this.promptTokens = promptTokens;
        this.newTokens = newTokens;
        this.vocabulary = vocabulary > 0 ? vocabulary : askVocabulary();
        random = new Random(seed);
    }

    private int askVocabulary() {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(url + "/tokenizer_info")).build();
        try {
            String body =
                    http.send(request, HttpResponse.BodyHandlers.ofString()).body();
            return Json.MAPPER.readTree(body).get("vocab_size").asInt();
        } catch (IOException | RuntimeException e) {
            throw LizardException.usage(url + " does not tell its vocabulary: give --vocabulary");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw LizardException.failed("interrupted");
        }
    }

    /** So many requests by each of {@code streams} clients, one after the other. */
    Load closed(int streams, int each) {
        return load(streams, client -> {
            List<Heard> heard = new ArrayList<>();
            for (int i = 0; i < each; i++) {
                heard.add(ask(System.nanoTime()));
            }
            return heard;
        });
    }

    /** So many requests, {@code rate} a second on average, due at times that chance gives and waiting for none. */
    Load open(int requests, double rate) {
        long[] due = new long[requests];
        for (int i = 1; i < requests; i++) {
            due[i] = due[i - 1] + (long) (-Math.log(1 - random.nextDouble()) / rate * 1e9);
        }
        long start = System.nanoTime();
        return load(requests, client -> {
            long at = start + due[client];
            for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
                Thread.sleep(left / 1_000_000, (int) (left % 1_000_000));
            }
            return List.of(ask(at));
        });
    }

    private interface Client {
        List<Heard> run(int number) throws IOException, InterruptedException;
    }

    private Load load(int clients, Client client) {
        long start = System.nanoTime();
        int failed = 0;
        List<Heard> heard = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Heard>>> all = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                int number = i;
                all.add(threads.submit(() -> client.run(number)));
            }
            for (Future<List<Heard>> one : all) {
                try {
                    heard.addAll(one.get());
                } catch (ExecutionException e) {
                    failed++;
                } catch (InterruptedException e) {
                    threads.shutdownNow();
                    Thread.currentThread().interrupt();
                    throw LizardException.failed("interrupted");
                }
            }
        }
        return new Load(System.nanoTime() - start, heard, failed);
    }

    private synchronized String body() {
        ObjectNode body = Bench.streamed(newTokens);
        ArrayNode prompt = body.putArray("prompt");
        int from = vocabulary < BYTES ? 32 : BYTES;
        int to = vocabulary < BYTES ? 127 : vocabulary;
        for (int i = 0; i < promptTokens; i++) {
            prompt.add(from + random.nextInt(to - from));
        }
        return Json.line(body);
    }

    private Heard ask(long due) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/v1/completions"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body()))
                .build();
        HttpResponse<InputStream> response = http.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            if (response.statusCode() != 200) {
                throw new IOException("status " + response.statusCode());
            }
            return heard(lines, due);
        }
    }

    private static Heard heard(BufferedReader lines, long due) throws IOException {
        List<Long> gaps = new ArrayList<>();
        long first = -1;
        long last = due;
        int tokens = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.startsWith(DATA + "{")) {
                continue;
            }
            boolean usage = line.contains("\"completion_tokens\"");
            if (usage || line.contains("\"error\"")) { // only these are looked into, so that it costs little
                JsonNode part = Json.MAPPER.readTree(line.substring(DATA.length()));
                if (part.has("error")) {
                    throw new IOException(part.path("error").path("message").asString(""));
                }
                tokens = part.path("usage").path("completion_tokens").asInt(tokens);
            }
            if (!line.contains("\"text\"") || line.contains("\"finish_reason\":\"")) {
                continue;
            }
            long now = System.nanoTime();
            if (first < 0) {
                first = now - due;
            } else {
                gaps.add(now - last);
            }
            last = now;
        }
        if (first < 0 || tokens == 0) {
            throw new IOException("an answer without tokens");
        }
        return new Heard(first, gaps, tokens);
    }

    @Override
    public void close() {
        http.close();
    }
}
