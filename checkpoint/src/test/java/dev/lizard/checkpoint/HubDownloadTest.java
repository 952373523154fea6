package dev.lizard.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Progress;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A hub on this machine that misbehaves in the ways that networks do. */
class HubDownloadTest {
    private static final byte[] WEIGHTS = new byte[300_000];

    static {
        new Random(1).nextBytes(WEIGHTS);
    }

    /** How the hub answers for a file. */
    private enum Manner {
        WELL,
        CUTS,
        CUTS_AND_IGNORES_RANGE,
        HANGS_UP,
        STALLS,
        WRONG_BYTES,
        REDIRECTS
    }

    @TempDir
    Path cache = Path.of(".");

    private final Map<String, byte[]> files = new TreeMap<>();
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final AtomicInteger cuts = new AtomicInteger();
    private HttpServer hub = start();
    private HttpServer store = start();
    private volatile Manner manner = Manner.WELL;
    private Duration patience = Duration.ofSeconds(30);

    private static HttpServer start() {
        try {
            return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @BeforeEach
    void serve() {
        files.put("config.json", "{}".getBytes(StandardCharsets.UTF_8));
        files.put("model.safetensors", WEIGHTS);
        files.put("onnx/model.onnx", new byte[9]);
        hub.createContext("/", this::answer);
        store.createContext("/", exchange -> {
            note("store", exchange);
            send(exchange, 200, WEIGHTS, WEIGHTS.length);
        });
        hub.start();
        store.start();
    }

    @AfterEach
    void stop() {
        hub.stop(0);
        store.stop(0);
    }

    private void note(String server, HttpExchange exchange) {
        requests.add("%s %s range=%s token=%s"
                .formatted(
                        server,
                        exchange.getRequestURI(),
                        exchange.getRequestHeaders().getFirst("Range"),
                        exchange.getRequestHeaders().getFirst("Authorization")));
    }

    private void answer(HttpExchange exchange) throws IOException {
        note("hub", exchange);
        String path = exchange.getRequestURI().getPath();
        if (path.startsWith("/api/models/o/private")) {
            send(exchange, 401, new byte[0], -1);
        } else if (path.equals("/api/models/o/m/revision/main")) {
            byte[] json = listing().getBytes(StandardCharsets.UTF_8);
            send(exchange, 200, json, json.length);
        } else if (path.startsWith("/o/m/resolve/main/") && files.containsKey(path.substring(18))) {
            file(exchange, path.substring(18));
        } else {
            send(exchange, 404, new byte[0], -1);
        }
    }

    private String listing() throws IOException {
        List<String> siblings = new ArrayList<>(List.of("{\"rfilename\":\"../evil.json\",\"size\":1}"));
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] bytes = file.getValue();
            Path copy = cache.resolve("copy");
            Files.write(copy, bytes);
            String hash = bytes.length > 1000
                    ? "\"lfs\":{\"sha256\":\"%s\"}".formatted(Hashes.sha256(copy))
                    : "\"blobId\":\"%s\"".formatted(HubFile.gitHashOf(copy, bytes.length));
            siblings.add("{\"rfilename\":\"%s\",\"size\":%d,%s}".formatted(file.getKey(), bytes.length, hash));
            Files.delete(copy);
        }
        return "{\"sha\":\"abc\",\"siblings\":[%s]}".formatted(String.join(",", siblings));
    }

    private void file(HttpExchange exchange, String name) throws IOException {
        byte[] bytes = files.getOrDefault(name, new byte[0]);
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
        boolean large = bytes.length > 1000;
        Manner now = large ? manner : Manner.WELL;
        switch (now) {
            case REDIRECTS -> {
                exchange.getResponseHeaders().set("Location", address(store) + "/blob");
                send(exchange, 302, new byte[0], -1);
            }
            case WRONG_BYTES -> send(exchange, 200, new byte[bytes.length], bytes.length);
            case HANGS_UP -> exchange.close();
            case STALLS -> send(exchange, 200, Arrays.copyOf(bytes, 10), bytes.length);
            case CUTS_AND_IGNORES_RANGE -> send(exchange, 200, cut(bytes), bytes.length);
            case WELL, CUTS -> {
                byte[] rest = Arrays.copyOfRange(bytes, from, bytes.length);
                if (from > 0) {
                    exchange.getResponseHeaders()
                            .set("Content-Range", "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length));
                }
                send(exchange, from > 0 ? 206 : 200, now == Manner.CUTS ? cut(rest) : rest, rest.length);
            }
        }
    }

    /** The first two answers break off half way. */
    private byte[] cut(byte[] bytes) {
        return cuts.getAndIncrement() < 2 ? Arrays.copyOf(bytes, bytes.length / 2) : bytes;
    }

    private void send(HttpExchange exchange, int status, byte[] bytes, long announced) throws IOException {
        exchange.sendResponseHeaders(status, announced);
        OutputStream out = exchange.getResponseBody();
        out.write(bytes);
        out.flush();
        if (bytes.length < announced && manner == Manner.STALLS) {
            return; // keeps the connection and says no more
        }
        exchange.close(); // with fewer bytes than announced this cuts the connection
    }

    private static String address(HttpServer server) {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private HubDownload download(boolean offline) {
        return new HubDownload(new HubOptions(
                URI.create(address(hub)), cache, Optional.of("secret"), offline, 3, Duration.ZERO, patience));
    }

    private Path fetch() {
        return download(false).fetch("o/m", Progress.NONE);
    }

    private long asked(String text) {
        return requests.stream().filter(r -> r.contains(text)).count();
    }

    @Test
    void downloadsOnceThenUsesTheCache() throws IOException {
        Path folder = fetch();
        assertThat(folder).isEqualTo(cache.resolve("hub/o/m/main"));
        assertThat(folder.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThat(folder.resolve("config.json")).hasContent("{}");
        assertThat(folder.resolve("onnx")).doesNotExist();
        assertThat(Manifest.verify(folder)).isEmpty();
        assertThat(requests).allMatch(r -> r.contains("token=Bearer secret"));
        int before = requests.size();
        assertThat(download(true).fetch("o/m", Progress.NONE)).isEqualTo(folder);
        assertThat(requests).hasSize(before);
        Files.delete(folder.resolve("config.json"));
        assertThat(fetch().resolve("config.json")).hasContent("{}");
        assertThat(asked("model.safetensors")).isEqualTo(1);
    }

    @Test
    void resumesWhereConnectionsBreak() {
        manner = Manner.CUTS;
        assertThat(fetch().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThat(asked("model.safetensors range")).isEqualTo(3);
    }

    @Test
    void startsAgainWhereTheServerIgnoresRange() {
        manner = Manner.CUTS_AND_IGNORES_RANGE;
        assertThat(fetch().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThat(asked("model.safetensors range")).isEqualTo(3);
    }

    @Test
    void resumesAnEarlierRunAndDistrustsAForeignPart() throws IOException {
        Path folder = cache.resolve("hub/o/m/main");
        Files.createDirectories(folder);
        Files.write(folder.resolve("model.safetensors.part"), Arrays.copyOf(WEIGHTS, 100_000));
        assertThat(fetch().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThat(asked("range=bytes=100000-")).isEqualTo(1);
        assertThat(folder.resolve("model.safetensors.part")).doesNotExist();

        Files.delete(folder.resolve("model.safetensors"));
        Files.write(folder.resolve("model.safetensors.part"), new byte[200_000]);
        assertThat(fetch().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThat(asked("range=bytes=200000-")).isEqualTo(1);
        assertThat(asked("model.safetensors range=null")).isEqualTo(1);
    }

    @Test
    void refusesWrongContent() {
        manner = Manner.WRONG_BYTES;
        Errors.refused(Kind.INPUT, this::fetch, "corrupt download", "o/m@main/model.safetensors", "expected sha256");
        assertThat(cache.resolve("hub/o/m/main/model.safetensors")).doesNotExist();
        assertThat(cache.resolve("hub/o/m/main/model.safetensors.part")).doesNotExist();
        assertThat(cache.resolve("hub/o/m/main/manifest.json")).doesNotExist();
    }

    @Test
    void givesUpWithoutProgress() {
        manner = Manner.HANGS_UP;
        Errors.refused(Kind.ENVIRONMENT, this::fetch, "model.safetensors", "after 3 tries", "run again to resume");
        assertThat(asked("model.safetensors range")).isGreaterThanOrEqualTo(3);
    }

    @Test
    void givesUpOnAStalledBody() {
        manner = Manner.STALLS;
        patience = Duration.ofMillis(200);
        Errors.refused(Kind.ENVIRONMENT, this::fetch, "model.safetensors", "no byte for 0 s", "run again to resume");
        assertThat(cache.resolve("hub/o/m/main/model.safetensors.part")).hasSize(10);
    }

    @Test
    void keepsTheTokenFromOtherHosts() {
        manner = Manner.REDIRECTS;
        assertThat(fetch().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThat(requests).anyMatch(r -> r.startsWith("store /blob") && r.endsWith("token=null"));
    }

    @Test
    void refusalsSayWhy() {
        Errors.refused(Kind.INPUT, () -> download(false).fetch("o/none", Progress.NONE), "o/none@main", "404");
        Errors.refused(
                Kind.ENVIRONMENT, () -> download(false).fetch("o/private", Progress.NONE), "o/private", "401", "token");
        Errors.refused(
                Kind.ENVIRONMENT, () -> download(true).fetch("o/m", Progress.NONE), "o/m@main", "cache", "--offline");
        Errors.refused(Kind.USAGE, () -> download(false).fetch("o/m/../x", Progress.NONE), "owner/name");
        files.remove("model.safetensors");
        Errors.refused(Kind.INPUT, this::fetch, "cannot choose weights", "neither");
        files.clear();
        Errors.refused(Kind.INPUT, this::fetch, "unreadable answer", "no files");
        hub.stop(0);
        Errors.refused(Kind.ENVIRONMENT, this::fetch, "file list of o/m@main", "after 3 tries");
    }

    @Test
    void takesGgufFiles() throws IOException {
        files.clear();
        files.put("a.Q4.gguf", WEIGHTS);
        assertThat(fetch()).isEqualTo(cache.resolve("hub/o/m/main/a.Q4.gguf")).hasBinaryContent(WEIGHTS);
        assertThat(fetch()).isEqualTo(cache.resolve("hub/o/m/main/a.Q4.gguf"));
        assertThat(asked("a.Q4.gguf")).isEqualTo(1);
        files.put("b.gguf", new byte[10]);
        AtomicFiles.deleteTree(cache.resolve("hub"));
        Errors.refused(Kind.INPUT, this::fetch, "2 GGUF files", "name one: o/m/a.Q4.gguf");
        Path chosen = download(false).fetch("o/m/b.gguf", Progress.NONE);
        assertThat(chosen).isEqualTo(cache.resolve("hub/o/m/main.files/b.gguf"));
        assertThat(download(true).fetch("o/m/b.gguf", Progress.NONE)).isEqualTo(chosen);
        Errors.refused(
                Kind.INPUT,
                () -> download(false).fetch("o/m/c.gguf", Progress.NONE),
                "missing file",
                "did you mean 'b.gguf'");
    }

    @Test
    void readsItsOptions() {
        HubOptions options =
                HubOptions.from(Map.of("LIZARD_CACHE", "/c", "HF_TOKEN", "t", "HF_ENDPOINT", "http://mirror/"), true);
        assertThat(options.cache()).isEqualTo(Path.of("/c"));
        assertThat(options.token()).contains("t");
        assertThat(options.base()).isEqualTo(URI.create("http://mirror"));
        assertThat(HubOptions.from(Map.of(), false).cache()).endsWithRaw(Path.of(".cache", "lizard"));
        assertThat(HubName.parse("a/b@v1/deep/x.gguf")).isEqualTo(new HubName("a/b", "v1", Optional.of("deep/x.gguf")));
        assertThat(HubName.matches("./here")).isFalse();
    }
}
