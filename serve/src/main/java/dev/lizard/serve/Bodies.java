package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import io.helidon.http.media.ReadableEntity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON object that a request carries, of so many bytes at most. */
record Bodies(int most, Duration limit) {
    private static final long PASSED_OVER = 64L << 20;

    /** Whole within the time that a slow client gets, else it is refused with 408. */
    Fields read(ReadableEntity entity) {
        if (!entity.hasEntity()) {
            throw ApiError.malformed("no body: expected a JSON object");
        }
        byte[] bytes = bytes(entity);
        if (bytes.length > most) {
            throw ApiError.of(413, "body too large: expected at most %d bytes".formatted(most));
        }
        return parse(bytes);
    }

    /** All of them, or more than there may be. Another thread reads: one that waits cannot say that it is late. */
    private byte[] bytes(ReadableEntity entity) {
        FutureTask<byte[]> reading = new FutureTask<>(() -> read(entity.inputStream()));
        Thread.ofVirtual().start(reading);
        try {
            return reading.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw ApiError.of(408, "the body did not come in time");
        } catch (ExecutionException e) {
            throw new ClientGone();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClientGone();
        }
    }

    private byte[] read(InputStream in) throws IOException {
        byte[] bytes = in.readNBytes(most + 1);
        if (bytes.length > most) {
            passOver(in); // a client that is cut off while it sends does not see why
        }
        return bytes;
    }

    private static void passOver(InputStream in) throws IOException {
        byte[] some = new byte[1 << 16];
        long left = PASSED_OVER;
        while (left > 0) {
            int count = in.read(some);
            if (count < 0) {
                return;
            }
            left -= count;
        }
    }

    static Fields parse(byte[] bytes) {
        try {
            String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            JsonNode node = Json.MAPPER.readTree(text);
            if (node instanceof ObjectNode object) {
                return new Fields(object);
            }
            throw ApiError.malformed("bad body: expected a JSON object but found " + Json.kindOf(node));
        } catch (CharacterCodingException e) {
            throw ApiError.malformed("bad body: expected UTF-8 but found other bytes");
        } catch (JacksonException e) {
            throw ApiError.malformed("bad body: expected JSON but found " + Json.problem(e));
        }
    }
}
