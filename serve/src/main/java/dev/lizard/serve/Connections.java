package dev.lizard.serve;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** HTTP/1.1 as the web server speaks it; knows the sockets besides, so that it can be told who has hung up. */
final class Connections implements ServerConnectionSelector {
    private final ServerConnectionSelector http;
    private final Map<String, HelidonSocket> sockets = new ConcurrentHashMap<>();

    Connections(ServerConnectionSelector http) {
        this.http = http;
    }

    /** The client at the other end of a socket. */
    Client client(String socketId) {
        HelidonSocket socket = sockets.get(socketId);
        return socket == null ? new Client(() -> null) : new Client(socket);
    }

    /** Notices that the other end hangs up by reading ahead, once it is asked. */
    static final class Client {
        private final Supplier<byte @Nullable []> input;
        private volatile boolean gone;
        private boolean watched;

        private Client(Supplier<byte @Nullable []> input) {
            this.input = input;
        }

        boolean isGone() {
            if (!watched) {
                watched = true;
                Thread.ofVirtual().start(this::watch);
            }
            return gone;
        }

        /** Whether it was looked: then another thread reads, and the connection cannot serve another request. */
        boolean isWatched() {
            return watched;
        }

        private void watch() {
            try {
                while (input.get() != null) {
                    // what comes before an answer is another request, which the client will repeat
                }
            } catch (RuntimeException e) {
                // the connection is broken, or closed behind the answer
            } finally {
                gone = true;
            }
        }
    }

    @Override
    public int bytesToIdentifyConnection() {
        return http.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        Support support = http.supports(data);
        return support == Support.UNSUPPORTED ? Support.SUPPORTED : support; // so that it is told what is wrong
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        ServerConnection connection = http.connection(context);
        String id = context.childSocketId();
        return new ServerConnection() {
            @Override
            public void handle(Limit limit) throws InterruptedException {
                sockets.put(id, context.serverSocket());
                try {
                    connection.handle(limit);
                } finally {
                    sockets.remove(id);
                }
            }

            @Override
            public Duration idleTime() {
                return connection.idleTime();
            }

            @Override
            public void close(boolean interrupt) {
                connection.close(interrupt);
            }
        };
    }
}
