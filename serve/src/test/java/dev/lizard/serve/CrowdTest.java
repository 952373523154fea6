package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.ProcessMemory;
import dev.lizard.tensor.LiveTensors;
import dev.lizard.tensor.Scope;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Many clients at once, most of whom do not behave: all are told so or cut off, and nothing is left behind. */
@ExtendWith(LiveTensors.class)
class CrowdTest {
    private static final String PATH = "/v1/completions";
    private static final long PATIENCE = Duration.ofSeconds(120).toNanos();
    private static final long MOST_GROWTH = 1L << 30;
    private static final int BODY = 4 << 20;

    /** More lengths of prompts than a model remembers the angles of (RotaryTest), so that it remembers no more later. */
    private static final int LENGTHS = 12;

    private static ByteModel model;
    private static Server server;
    private static Client client;
    private static long tensors;
    private static long memory;

    @BeforeAll
    static void start() {
        model = new ByteModel(true);
        ServerSettings settings = new ServerSettings(
                "127.0.0.1", 0, null, false, 32, 600, 0, BODY, Duration.ofMinutes(2), Duration.ofMillis(1_500));
        server = Server.start(model.served(), settings, logged -> {});
        client = new Client(server);
        String warm = "{'prompt': '%s', 'max_tokens': 40, 'ignore_eos': true, 'n': 32, 'echo': true, 'logprobs': 1}";
        client.ask(PATH, warm.formatted("x".repeat(400)));
        for (int length = 1; length <= LENGTHS; length++) {
            client.ask(PATH, "{'prompt': '%s', 'max_tokens': 20, 'ignore_eos': true}".formatted("x".repeat(length)));
        }
        await(CrowdTest::idle);
        tensors = Scope.liveTensors();
        memory = ProcessMemory.residentBytes().orElse(0);
    }

    @AfterAll
    static void stop() {
        client.close();
        server.close();
        model.close();
    }

    @AfterEach
    void nothingIsLeftAndTheNextRequestIsServed() {
        await(CrowdTest::idle);
        assertWritten(client.ask(PATH, "{'prompt': 'x', 'max_tokens': 2, 'ignore_eos': true}"), 2);
        await(CrowdTest::idle);
        await(() -> idle() && Scope.liveTensors() <= tensors);
        assertThat(Scope.liveTensors()).isEqualTo(tensors);
        assertThat(ProcessMemory.residentBytes().orElse(0) - memory).isLessThan(MOST_GROWTH);
    }

    private static void assertWritten(JsonNode answer, int tokens) {
        assertThat(answer.at("/usage/completion_tokens").asInt()).isEqualTo(tokens);
    }

    private static boolean idle() {
        return server.figures().held().running() == 0 && server.figures().held().waiting() == 0;
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            Thread.yield();
        }
    }

    private static <T> List<T> together(int count, Callable<T> one) throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<T>> all = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                all.add(threads.submit(one));
            }
            List<T> results = new ArrayList<>();
            for (Future<T> future : all) {
                results.add(future.get());
            }
            return results;
        }
    }

    private static Socket send(String text) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4_096);
        socket.setSoTimeout(60_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        socket.getOutputStream().write(text.getBytes(UTF_8));
        socket.getOutputStream().flush();
        return socket;
    }

    private static String post(String body) {
        return "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s".formatted(PATH, body.length(), body);
    }

    @Test
    void fiveHundredStreamsAreAllServed() throws Exception {
        List<Integer> parts = together(
                500,
                () -> client.stream(
                                PATH,
                                "{'prompt': 'abc', 'stream': true, 'max_tokens': 4, 'ignore_eos': true, 'temperature':"
                                        + " 0}")
                        .size());
        assertThat(parts).hasSize(500).allMatch(count -> count > 0);
    }

    @Test
    void moreThanMayWaitAreToldToComeAgain() throws Exception {
        List<HttpResponse<String>> answers = together(
                700, () -> client.post(PATH, "{\"prompt\": \"abc\", \"max_tokens\": 40, \"ignore_eos\": true}"));
        assertThat(answers).allMatch(answer -> answer.statusCode() == 200 || answer.statusCode() == 429);
        answers.stream().filter(answer -> answer.statusCode() == 429).forEach(answer -> {
            assertThat(answer.headers().firstValue("retry-after")).hasValue("1");
            assertThat(Client.error(answer).get("type").asString()).isEqualTo("rate_limit_error");
        });
    }

    @Test
    void twoHundredWhoDoNotReadAndTwoHundredWhoHangUpDisturbNobody() throws Exception {
        String stream = post("{\"prompt\": \"" + "x".repeat(300) + "\", \"echo\": true, \"logprobs\": 20, \"n\": 2,"
                + " \"stream\": true, \"max_tokens\": 60, \"ignore_eos\": true}");
        List<Socket> sockets = together(400, () -> send(stream));
        for (int i = 0; i < sockets.size(); i += 2) {
            sockets.get(i).setSoLinger(true, 0); // a reset, as of a process that died
            sockets.get(i).close();
        }
        assertWritten(client.ask(PATH, "{'prompt': 'y', 'max_tokens': 3, 'ignore_eos': true}"), 3);
        await(CrowdTest::idle);
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void tenMegabytesAreRefusedHoweverManyComeAtOnce() throws Exception {
        byte[] large = ("{\"prompt\": \"" + "x".repeat(10 << 20) + "\"}").getBytes(UTF_8);
        assertThat(together(12, () -> client.post(PATH, large)))
                .allMatch(answer -> answer.statusCode() == 413)
                .allSatisfy(Client::error);
    }

    @Test
    void aStopTextOfAMillionCharactersIsRefused() {
        String stop = "{'prompt': 'x', 'stop': '%s'}".formatted("y".repeat(1_000_000));
        assertThat(client.refused(400, PATH, stop).get("message").asString())
                .isEqualTo("bad value in stop: expected texts of 1 to 4096 characters but found 1000000");
        String many = "{'prompt': 'x', 'stop': [%s'z']}".formatted("'y',".repeat(100_000));
        assertThat(client.refused(400, PATH, many).get("param").asString()).isEqualTo("stop");
    }

    @Test
    void connectionsThatAreHalfClosedBeforeTheirRequestIsWholeAreLetGo() throws Exception {
        List<Socket> sockets =
                together(50, () -> send("POST " + PATH + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"));
        for (Socket socket : sockets) {
            socket.shutdownOutput();
        }
        for (Socket socket : sockets) {
            assertThat(new String(socket.getInputStream().readAllBytes(), UTF_8))
                    .doesNotContain("HTTP/1.1 5");
            socket.close();
        }
    }

    @Test
    void aClientThatClosesItsHalfBehindAStreamStillReadsIt() throws Exception {
        try (Socket socket =
                send(post("{\"prompt\": \"x\", \"stream\": true, \"max_tokens\": 5, \"ignore_eos\": true}"))) {
            socket.shutdownOutput();
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200").contains("data: [DONE]");
        }
    }

    @Test
    void aBodyThatDoesNotComeIsAskedForNoLonger() throws Exception {
        try (Socket socket = send("POST " + PATH + " HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")) {
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 408");
            String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            assertThat(Json.MAPPER.readTree(body).at("/error/message").asString())
                    .isEqualTo("the body did not come in time");
        }
    }

    @Test
    void requestsOneBehindTheOtherAreAnsweredThoughTheFirstIsLong() throws Exception {
        String one = post("{\"prompt\": \"x\", \"max_tokens\": 30, \"ignore_eos\": true, \"stream\": true}");
        String get = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        try (Socket socket = send(one + get)) {
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answer).contains("data: [DONE]").contains("{\"status\":\"ok\"}");
        }
    }
}
