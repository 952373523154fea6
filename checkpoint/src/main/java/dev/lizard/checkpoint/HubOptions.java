package dev.lizard.checkpoint;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * Where models are downloaded from and to.
 *
 * @param base the hub's address, without a slash at the end
 * @param cache the folder for downloaded files
 * @param token sent to the hub's own host only
 * @param offline whether only the cache may be used
 * @param attempts tries in a row without a single new byte before a download is given up
 * @param pause first wait between tries; doubles with each
 * @param patience how long the hub may stay silent, before its answer and within it
 */
public record HubOptions(
        URI base,
        Path cache,
        Optional<String> token,
        boolean offline,
        int attempts,
        Duration pause,
        Duration patience) {
    private static final String PUBLIC_HUB = "https://huggingface.co";

    /**
     * Reads {@code LIZARD_CACHE} (default {@code ~/.cache/lizard}), {@code HF_TOKEN} and {@code HF_ENDPOINT}.
     *
     * @param environment such as {@link System#getenv()}
     */
    public static HubOptions from(Map<String, String> environment, boolean offline) {
        String home = System.getProperty("user.home", ".");
        Optional<String> cache = given(environment, "LIZARD_CACHE");
        String base = given(environment, "HF_ENDPOINT").orElse(PUBLIC_HUB);
        return new HubOptions(
                URI.create(base.replaceAll("/+$", "")),
                cache.map(Path::of).orElse(Path.of(home, ".cache", "lizard")),
                given(environment, "HF_TOKEN"),
                offline,
                5,
                Duration.ofSeconds(1),
                Duration.ofSeconds(60));
    }

    private static Optional<String> given(Map<String, String> environment, String key) {
        return Optional.ofNullable(environment.get(key)).filter(v -> !v.isBlank());
    }
}
