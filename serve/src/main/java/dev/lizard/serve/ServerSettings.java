package dev.lizard.serve;

import dev.lizard.base.LizardException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Where the server listens and how much it takes on.
 *
 * @param port 0 for any that is free
 * @param apiKey what requests must bring; null where none is asked for
 * @param insecure whether others than this machine may come without a key
 * @param running requests under way together
 * @param waiting requests that may wait
 * @param keptBytes of states of beginnings
 * @param bodyBytes most bytes of a request
 * @param limit most time a request may take
 * @param slow most time that a client may take to read a part of its answer
 * @param states what is kept beside the memory
 */
public record ServerSettings(
        String host,
        int port,
        @Nullable String apiKey,
        boolean insecure,
        int running,
        int waiting,
        long keptBytes,
        int bodyBytes,
        Duration limit,
        Duration slow,
        StateSettings states) {
    /** Checks the values; errors name the flag (USAGE). */
    public ServerSettings {
        require(port >= 0 && port <= 65_535, "port", "0 to 65535", port);
        require(running >= 1 && running <= 4_096, "parallel", "1 to 4096", running);
        require(waiting >= 1, "queue", "1 or more", waiting);
        require(keptBytes >= 0, "prefix-mib", "0 or more", keptBytes);
        require(bodyBytes >= 1, "body-mib", "1 or more", bodyBytes);
        require(limit.isPositive(), "time-limit", "1 or more", limit.toSeconds());
        if (apiKey != null && apiKey.isBlank()) {
            throw LizardException.usage("--api-key must not be blank: leave it out to ask for none");
        }
        if (apiKey == null && !insecure && !isLoopback(host)) {
            throw LizardException.usage("--host " + host + " lets other machines in: expected --api-key too but found"
                    + " none; give a key, or --insecure if everyone may use the model");
        }
    }

    /** Without a place on the disk. */
    public ServerSettings(
            String host,
            int port,
            @Nullable String apiKey,
            boolean insecure,
            int running,
            int waiting,
            long keptBytes,
            int bodyBytes,
            Duration limit,
            Duration slow) {
        this(host, port, apiKey, insecure, running, waiting, keptBytes, bodyBytes, limit, slow, StateSettings.MEMORY);
    }

    /** The same with other places for states. */
    public ServerSettings with(long kept, StateSettings other) {
        return new ServerSettings(host, port, apiKey, insecure, running, waiting, kept, bodyBytes, limit, slow, other);
    }

    /** On this machine alone, at any free port. */
    public static ServerSettings local() {
        return new ServerSettings(
                "127.0.0.1",
                0,
                null,
                false,
                32,
                1_024,
                1L << 28,
                16 << 20,
                Duration.ofMinutes(10),
                Duration.ofSeconds(30));
    }

    static void require(boolean right, String flag, String expected, Number found) {
        if (!right) {
            throw LizardException.usage("--%s out of range: expected %s but found %s".formatted(flag, expected, found));
        }
    }

    private static boolean isLoopback(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (!address.isLoopbackAddress()) {
                    return false;
                }
            }
            return true;
        } catch (UnknownHostException e) {
            throw new LizardException(
                    LizardException.Kind.USAGE,
                    "--host not known: expected a name or an address of this machine but found " + host,
                    e);
        }
    }
}
