package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Server-sent events: a line {@code data: {...}} and an empty one each. A client that does not read is cut off. */
final class EventStream {
    private static final byte[] DONE = "data: [DONE]\n\n".getBytes(UTF_8);
    private static final byte[] ALIVE = ": waiting\n\n".getBytes(UTF_8);

    private final ServerResponse response;
    private final SlowClients slow;
    private @Nullable OutputStream out;

    /** Nothing is sent before the first event. */
    EventStream(ServerResponse response, SlowClients slow) {
        this.response = response;
        this.slow = slow;
    }

    void send(JsonNode event) {
        write(("data: " + Json.line(event) + "\n\n").getBytes(UTF_8));
    }

    /** A comment that clients pass over. */
    void alive() {
        write(ALIVE);
    }

    /** Says that nothing will follow. */
    void done() {
        write(DONE);
        try (SlowClients.Watch _ = slow.watch()) {
            if (out != null) {
                out.close();
            }
            if (response instanceof RoutingResponse whole) {
                whole
                        .commit(); // the last, empty chunk: closing the stream alone leaves it to what a closed
                                   // connection skips
            }
        } catch (IOException | RuntimeException e) { // the web server wraps what the socket throws
            throw new ClientGone();
        }
    }

    private void write(byte[] bytes) {
        try (SlowClients.Watch _ = slow.watch()) {
            if (out == null) {
                response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
                response.header(HeaderNames.CACHE_CONTROL, "no-cache");
                out = response.outputStream();
            }
            out.write(bytes);
            out.flush();
        } catch (IOException | RuntimeException e) {
            throw new ClientGone();
        }
    }
}
