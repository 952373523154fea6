package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.Json;
import io.helidon.http.media.ReadableEntity;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The JSON object that a request carries, of so many bytes at most. */
record Bodies(int most, SlowClients slow) {
    private static final long PASSED_OVER = 64L << 20;

    /** Whole within the time that a slow client gets. */
    Fields read(ReadableEntity entity) {
        if (!entity.hasEntity()) {
            throw ApiError.malformed("no body: expected a JSON object");
        }
        try (SlowClients.Watch _ = slow.watch();
                InputStream in = entity.inputStream()) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                passOver(in); // a client that is cut off while it sends does not see why
                throw ApiError.of(413, "body too large: expected at most %d bytes".formatted(most));
            }
            return parse(bytes);
        } catch (IOException | UncheckedIOException e) {
            throw new ClientGone();
        }
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
