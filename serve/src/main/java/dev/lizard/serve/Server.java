package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.generate.ModelFingerprint;
import dev.lizard.serve.schedule.Figures;
import dev.lizard.serve.schedule.Scheduler;
import dev.lizard.serve.schedule.SpillFolder;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A model behind the usual HTTP interface. */
public final class Server implements AutoCloseable {
    /** The web server speaks through us; held, since loggers that nobody holds forget their level. */
    private static final Logger FOREIGN = Logger.getLogger("io.helidon");

    private static final Duration IDLE = Duration.ofMinutes(2);
    private static final Duration FAREWELL = Duration.ofSeconds(2);
    private static final int MOST_CONNECTIONS = 4_096;
    private static final int HEADER_BYTES = 16 << 10;

    private final @Nullable SpillFolder spill;
    private final List<Backend> models = new ArrayList<>();
    private final SlowClients slow;
    private final Routes routes;
    private final WebServer web;
    private volatile boolean draining;

    private Server(List<Served> all, ServerSettings settings, Consumer<Logged> log, Consumer<String> tell) {
        FOREIGN.setLevel(Level.OFF);
        InetSocketAddress address = new InetSocketAddress(settings.host(), settings.port());
        Path folder = settings.states().spill();
        spill = folder == null
                ? null
                : SpillFolder.open(
                        folder,
                        settings.states().spillBytes(),
                        ModelFingerprint.of(all.getFirst().decoder()),
                        tell);
        Lock turn = new ReentrantLock(true);
        for (Served served : all) {
            Scheduler scheduler = new Scheduler(
                    served.decoder(),
                    served.tokenizer(),
                    new Scheduler.Limits(settings.running(), settings.waiting(), settings.keptBytes()),
                    models.isEmpty() ? spill : null,
                    turn);
            models.add(new Backend(served, scheduler));
        }
        slow = new SlowClients(settings.slow());
        Http1Config http = Http1Config.builder().maxHeadersSize(HEADER_BYTES).build();
        Connections connections =
                new Connections(Http1ConnectionSelector.builder().config(http).build());
        routes = new Routes(models, settings, connections, slow, () -> draining, log);
        web = WebServer.builder()
                .address(address.getAddress())
                .port(settings.port())
                .shutdownHook(false)
                .featuresDiscoverServices(false)
                .protocolsDiscoverServices(false)
                .addConnectionSelector(connections)
                .useNio(false)
                .maxTcpConnections(MOST_CONNECTIONS)
                .idleConnectionTimeout(IDLE)
                .connectionOptions(options -> options.readTimeout(settings.slow()))
                .directHandlers(faults())
                .routing(routes::addTo)
                .build();
    }

    /** What the web server refuses by itself, in the usual form. */
    private static DirectHandlers faults() {
        DirectHandlers.Builder all = DirectHandlers.builder();
        DirectHandler handler = (request, type, status, headers, message) -> DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .keepAlive(false)
                .entity(body(status, message))
                .build();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            all.addHandler(type, handler);
        }
        return all.build();
    }

    private static byte[] body(Status status, @Nullable String message) {
        String told = message == null || message.isEmpty() ? status.reasonPhrase() : message;
        return (Json.line(ApiError.of(status.code(), told).json()) + "\n").getBytes(UTF_8);
    }

    /** Begins to serve one model, in silence but for {@code log}. */
    public static Server start(Served served, ServerSettings settings, Consumer<Logged> log) {
        return start(List.of(served), settings, log, line -> {});
    }

    /**
     * Begins to serve. Each request is told to {@code log} when it is over, what is amiss with states on the disk to
     * {@code tell}.
     *
     * @param served models of different ids, one or more; requests that name none mean the first, and so do sessions and
     *     what lies on the disk
     * @throws LizardException ENVIRONMENT where the port is taken, or the folder for states
     */
    public static Server start(
            List<Served> served, ServerSettings settings, Consumer<Logged> log, Consumer<String> tell) {
        Server server = new Server(served, settings, log, tell);
        try {
            server.web.start();
        } catch (RuntimeException e) {
            throw server.unheard(settings, e);
        }
        if (!server.web.isRunning()) {
            throw server.unheard(settings, null);
        }
        return server;
    }

    private LizardException unheard(ServerSettings settings, @Nullable RuntimeException cause) {
        close();
        LizardException line = LizardException.at(
                LizardException.Kind.ENVIRONMENT,
                "cannot listen",
                settings.host() + ":" + settings.port(),
                "an address of this machine and a free port",
                "one that is taken or not allowed",
                "choose another --port or --host");
        if (cause != null) {
            line.initCause(cause);
        }
        return line;
    }

    public int port() {
        return web.port();
    }

    /** What it answers, each a method and a path. */
    List<String> places() {
        return routes.places();
    }

    /** Of the first model. */
    public Figures figures() {
        return models.getFirst().scheduler().figures();
    }

    /** Takes no new requests, and waits until those under way are done, so long at most. */
    public void drain(Duration most) throws InterruptedException {
        draining = true;
        await(most);
    }

    private void await(Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (System.nanoTime() < end && routes.active() > 0) {
            Thread.sleep(20);
        }
    }

    /** Ends what is under way, which is told to those who wait, and frees all that was kept. */
    @Override
    public void close() {
        draining = true;
        models.forEach(model -> model.scheduler().close());
        if (spill != null) {
            spill.close();
        }
        try {
            await(FAREWELL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        web.stop();
        slow.close();
    }
}
