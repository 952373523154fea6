package dev.lizard.serve;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What is kept of sequences beside the memory of {@link ServerSettings#keptBytes}.
 *
 * @param sessions most sessions that exist at a time
 * @param saved folder of saved sessions; null where none can be saved
 * @param spill folder of states that memory has no room for; null where these are dropped
 * @param spillBytes most bytes there
 */
public record StateSettings(
        int sessions, @Nullable Path saved, @Nullable Path spill, long spillBytes) {
    /** Nothing goes to the disk. */
    public static final StateSettings MEMORY = new StateSettings(10_000, null, null, 0);

    /** Checks the values; errors name the flag (USAGE). */
    public StateSettings {
        ServerSettings.require(sessions >= 1, "sessions", "1 or more", sessions);
        ServerSettings.require(spillBytes >= 0, "spill-budget", "0 or more", spillBytes);
        if (saved != null && spill != null && saved.toAbsolutePath().equals(spill.toAbsolutePath())) {
            throw LizardException.usage(
                    "--state-dir and --spill are one folder: expected two but found %s twice; choose another --spill"
                            .formatted(saved));
        }
    }
}
