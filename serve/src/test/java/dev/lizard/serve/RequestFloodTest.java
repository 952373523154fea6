package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.fuzz.Mutator;
import dev.lizard.tensor.LiveTensors;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Broken requests of all kinds, many at once: none is answered by a fault of ours. */
@ExtendWith(LiveTensors.class)
class RequestFloodTest {
    private static final int CLIENTS = 24;

    private static ByteModel model;
    private static Server server;
    private static Client client;

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        ServerSettings settings = new ServerSettings(
                "127.0.0.1", 0, null, false, 32, 256, 1 << 22, 1 << 16, Duration.ofMinutes(1), Duration.ofSeconds(20));
        server = Server.start(RequestSamples.brief(model.withTools()), settings, logged -> {});
        client = new Client(server);
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    @Test
    void thousandsAreAnsweredOrRefused() {
        flood(2_000, Long.getLong("lizard.fuzz.seed", 1));
    }

    @Test
    @Tag("slow")
    void aHundredThousandAreAnsweredOrRefused() {
        flood(100_000, Long.getLong("lizard.fuzz.seed", 2));
    }

    private static void flood(int count, long seed) {
        List<Map<String, byte[]>> samples = RequestSamples.all();
        AtomicInteger next = new AtomicInteger();
        Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
        Map<Integer, String> faults = new ConcurrentHashMap<>();
        try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.submit(() -> {
                    for (int number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + number);
                        Mutator mutator = new Mutator(random);
                        Map<String, byte[]> request = mutator.files(mutator.any(samples));
                        for (Map.Entry<String, byte[]> part : request.entrySet()) {
                            int status = status(part.getKey(), part.getValue(), number, faults);
                            statuses.computeIfAbsent(status, _ -> new AtomicInteger())
                                    .incrementAndGet();
                        }
                    }
                });
            }
        }
        System.out.printf("flood of %,d requests, seed %d: %s%n", count, seed, statuses);
        assertThat(faults).as("seed %d", seed).isEmpty();
        assertThat(statuses.get(200).get()).isPositive();
        assertThat(client.get("/health").statusCode()).isEqualTo(200);
    }

    private static int status(String name, byte[] body, int number, Map<Integer, String> faults) {
        try {
            HttpResponse<String> response = client.post(RequestSamples.PATHS.getOrDefault(name, "/"), body);
            int status = response.statusCode();
            boolean refused = List.of(400, 404, 413).contains(status);
            if ((status != 200 && !refused) || response.body().contains("server_error")) {
                faults.put(number, status + " " + response.body() + " to " + new String(body, UTF_8));
            }
            if (refused) {
                Client.error(response);
            }
            return status;
        } catch (RuntimeException | AssertionError e) {
            faults.put(number, e + " to " + new String(body, UTF_8));
            return 0;
        }
    }
}
