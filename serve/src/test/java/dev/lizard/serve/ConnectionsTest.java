package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.generate.FinishReason;
import dev.lizard.tensor.LiveTensors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

/** Clients that do not behave. */
@ExtendWith(LiveTensors.class)
class ConnectionsTest {
    private static final long PATIENCE = Duration.ofSeconds(60).toNanos();
    private static final String ENDLESS = "\"max_tokens\": 4000, \"ignore_eos\": true, \"temperature\": 0";

    private static ByteModel model;

    @BeforeAll
    static void open() {
        model = new ByteModel(true);
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Server start(Duration slow) {
        ServerSettings settings = new ServerSettings(
                "127.0.0.1", 0, null, false, 64, 600, 1 << 22, 10 << 20, Duration.ofMinutes(2), slow);
        return Server.start(model.served(), settings, logged -> {});
    }

    private static Socket connect(Server server, int buffer) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(buffer);
        socket.setSoTimeout(30_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
        return socket;
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
        socket.getOutputStream().flush();
    }

    private static String post(String path, String body) {
        return "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(path, body.getBytes(UTF_8).length, body);
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            Thread.yield();
        }
    }

    private static boolean idle(Server server) {
        return server.figures().held().running() == 0 && server.figures().held().waiting() == 0;
    }

    private static void drain(Server server) {
        try {
            server.drain(Duration.ofNanos(PATIENCE));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void lanesOfClientsThatHangUpBecomeFree() throws IOException {
        try (Server server = start(Duration.ofSeconds(30));
                Client client = new Client(server)) {
            List<Socket> sockets = new ArrayList<>();
            for (int i = 10; i < 50; i++) {
                Socket socket = connect(server, 1 << 16);
                sockets.add(socket);
                String stream = i % 2 == 0 ? ", \"stream\": true" : "";
                write(socket, post("/v1/completions", "{\"prompt\": \"" + i + "\", " + ENDLESS + stream + "}"));
            }
            await(() -> server.figures().promptTokens() == 40 * 2); // all are read
            assertThat(sockets.getFirst().getInputStream().read()).isEqualTo('H');
            for (Socket socket : sockets) {
                socket.close();
            }
            await(() -> idle(server));
            assertThat(server.figures().finished(FinishReason.CANCELLED)).isPositive();
            client.ask("/v1/completions", "{'prompt': 'x', 'max_tokens': 1}");
        }
    }

    @Test
    void clientsThatDoNotReadAreCutOff() throws IOException {
        try (Server server = start(Duration.ofMillis(300));
                Client client = new Client(server)) {
            List<Socket> sockets = new ArrayList<>();
            String prompt = "x".repeat(2_000);
            for (int i = 0; i < 4; i++) {
                Socket socket = connect(server, 4_096);
                sockets.add(socket);
                write(
                        socket,
                        post(
                                "/v1/completions",
                                "{\"prompt\": \"" + prompt + "\", \"echo\": true, \"logprobs\": 20, \"n\": 30,"
                                        + " \"stream\": true, \"max_tokens\": 1}"));
            }
            await(() -> server.figures().promptTokens() == 4L * prompt.length());
            drain(server);
            assertThat(idle(server)).isTrue();
            for (Socket socket : sockets) {
                socket.close();
            }
            assertThat(client.get("/health").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aStreamOnAConnectionThatClosesEndsWithTheLastChunk() throws IOException {
        try (Server server = start(Duration.ofSeconds(30));
                Socket socket = connect(server, 1 << 16)) {
            String request = post("/v1/completions", "{\"prompt\": \"x\", \"stream\": true, \"max_tokens\": 2}");
            write(socket, request.replace("\r\nHost", "\r\nConnection: close\r\nHost"));
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answer).contains("Connection: close").endsWith("data: [DONE]\n\n\r\n0\r\n\r\n");
        }
    }

    @Test
    void requestsInOneBreathAreAnsweredInOrderAndBrokenOnesRefused() throws IOException {
        try (Server server = start(Duration.ofSeconds(30))) {
            try (Socket socket = connect(server, 1 << 16)) {
                String get = "GET /v1/models/%s HTTP/1.1\r\nHost: x\r\n\r\n";
                write(socket, get.formatted("tiny") + get.formatted("other") + get.formatted("tiny"));
                BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
                List<String> statuses = new ArrayList<>();
                while (statuses.size() < 3) {
                    String line = in.readLine();
                    if (line.startsWith("HTTP/1.1 ") || line.contains("}HTTP/1.1 ")) {
                        statuses.add(line.replaceAll(".*HTTP/1.1 (\\d+).*", "$1"));
                    }
                }
                assertThat(statuses).containsExactly("200", "404", "200");
            }
            for (String broken : List.of(
                    "nonsense\r\n\r\n",
                    "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
                    "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                    "GET / HTTP/1.1\r\nHost: x\r\nX: " + "y".repeat(100_000) + "\r\n\r\n",
                    "POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n")) {
                try (Socket socket = connect(server, 1 << 16)) {
                    write(socket, broken);
                    String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
                    assertThat(answer).as(broken.substring(0, 10)).matches("(?s)HTTP/1.1 (4\\d\\d|505) .*");
                    String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
                    assertThat(Json.MAPPER.readTree(body).at("/error/message").asString())
                            .isNotBlank();
                } catch (java.net.SocketException e) {
                    assertThat(broken.length())
                            .as("cut off while it still sends")
                            .isGreaterThan(10_000);
                }
            }
        }
    }

    @Test
    void answersThatDoNotEndInTimeAreToldThatTheServerStops() throws Exception {
        Server server = start(Duration.ofSeconds(30));
        try (Client client = new Client(server)) {
            String body = "{'prompt': 'x', 'max_tokens': 4000, 'ignore_eos': true, 'temperature': 0%s}";
            CompletableFuture<JsonNode> stream = CompletableFuture.supplyAsync(
                    () -> client.stream("/v1/completions", body.formatted(", 'stream': true"))
                            .getLast());
            CompletableFuture<JsonNode> whole =
                    CompletableFuture.supplyAsync(() -> client.refused(503, "/v1/completions", body.formatted("")));
            await(() -> server.figures().held().running() == 2);
            server.close();
            assertThat(stream.get().at("/error/message").asString()).isEqualTo("the server stops");
            assertThat(whole.get().get("message").asString()).isEqualTo("the server stops");
        } finally {
            server.close();
        }
    }

    @Test
    void aServerThatStopsLetsAnswersEndAndTakesNoNewOnes() throws Exception {
        try (Server server = start(Duration.ofSeconds(30));
                Client client = new Client(server)) {
            CompletableFuture<Integer> running = CompletableFuture.supplyAsync(() -> client.stream(
                            "/v1/completions",
                            "{'prompt': 'x', 'stream': true, 'max_tokens': 300, 'ignore_eos': true, 'temperature': 0}")
                    .size());
            await(() -> server.figures().held().running() == 1);
            CompletableFuture<Void> drained = CompletableFuture.runAsync(() -> drain(server));
            await(() -> client.get("/ready").statusCode() == 503);
            assertThat(client.refused(503, "/v1/completions", "{'prompt': 'x'}")
                            .get("message")
                            .asString())
                    .isEqualTo("the server stops");
            assertThat(client.get("/health").statusCode()).isEqualTo(200);
            drained.get();
            assertThat(running.get()).isGreaterThan(100);
        }
    }
}
