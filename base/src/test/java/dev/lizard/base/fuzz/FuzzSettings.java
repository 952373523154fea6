package dev.lizard.base.fuzz;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How long and with which seed; by system properties under {@code lizard.fuzz}.
 *
 * @param seed {@code .seed}: with the number of an input it decides that input
 * @param only {@code .only}: the one input to try
 * @param inputs {@code .inputs}: ends after so many, whatever the time
 * @param time ends after this otherwise
 * @param results {@code .results}: folder for the figures
 */
record FuzzSettings(long seed, OptionalLong only, OptionalLong inputs, Duration time, Optional<Path> results) {
    private static final String PREFIX = "lizard.fuzz.";

    static FuzzSettings of(int seconds) {
        return new FuzzSettings(
                Long.getLong(PREFIX + "seed", 1),
                number("only"),
                number("inputs"),
                Duration.ofSeconds(seconds),
                Optional.ofNullable(System.getProperty(PREFIX + "results")).map(Path::of));
    }

    private static OptionalLong number(String key) {
        Long value = Long.getLong(PREFIX + key);
        return value == null ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
