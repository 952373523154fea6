package dev.lizard.serve;

import java.util.Locale;

/**
 * A request that was answered, without its words.
 *
 * @param written tokens
 */
public record Logged(String method, String path, int status, int written, double seconds) {
    @Override
    public String toString() {
        return "%s %s %d, %d tokens, %s s"
                .formatted(method, path, status, written, String.format(Locale.ROOT, "%.3f", seconds));
    }
}
