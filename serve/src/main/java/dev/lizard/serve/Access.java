package dev.lizard.serve;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who may come in: with the key where there is one, and no pages of other places in a browser of this machine. */
final class Access {
    private static final String BEARER = "Bearer ";
    private static final Set<String> OPEN = Set.of("/health", "/ready", "/openapi.json", "/");

    private final byte @Nullable [] key;

    Access(@Nullable String key) {
        this.key = key == null ? null : key.getBytes(UTF_8);
    }

    /** Refuses with 401 or 403. */
    void check(String path, ServerRequestHeaders headers, String authority) {
        Optional<String> origin = headers.first(HeaderNames.ORIGIN);
        if (origin.isPresent() && !origin.get().replaceFirst("^https?://", "").equalsIgnoreCase(authority)) {
            throw ApiError.of(403, "requests of pages from other places are not answered");
        }
        if (key != null && !OPEN.contains(path)) {
            String given = headers.first(HeaderNames.AUTHORIZATION).orElse("");
            boolean bearer = given.regionMatches(true, 0, BEARER, 0, BEARER.length());
            byte[] bytes = (bearer ? given.substring(BEARER.length()).strip() : "").getBytes(UTF_8);
            if (!MessageDigest.isEqual(key, bytes)) {
                throw ApiError.unauthorized();
            }
        }
    }
}
