package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.serve.ServerSettings;
import dev.lizard.serve.StateSettings;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a server listens and how much it takes on. */
final class ServeOptions {
    private static final int USUAL_SPILL_MIB = 4_096;

    @Option(
            names = "--host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "The address to listen at (default: ${DEFAULT-VALUE}, this machine alone).")
    String host;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "8080",
            description = "The port; 0: any that is free (default: ${DEFAULT-VALUE}).")
    int port;

    @Option(
            names = "--api-key",
            paramLabel = "K",
            description = "Demand this key; better given as LIZARD_API_KEY, which no list of processes shows.")
    @Nullable
    String apiKey;

    @Option(names = "--insecure", description = "Let other machines in without a key.")
    boolean insecure;

    @Option(
            names = "--teacher",
            paramLabel = "MODEL",
            description = "A second model beside it, to compare with; requests choose by name.")
    @Nullable
    String teacher;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "What requests call the model (default: its own name).")
    @Nullable
    String name;

    @Option(
            names = "--parallel",
            paramLabel = "N",
            defaultValue = "32",
            description = "Requests under way together (default: ${DEFAULT-VALUE}).")
    int parallel;

    @Option(
            names = "--queue",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Requests that may wait (default: ${DEFAULT-VALUE}).")
    int queue;

    @Option(
            names = "--context",
            paramLabel = "N",
            defaultValue = "0",
            description = "Most tokens of prompt and answer; 0: what the model allows (default: ${DEFAULT-VALUE}).")
    int context;

    @Option(
            names = "--prefix-mib",
            paramLabel = "N",
            defaultValue = "512",
            description = "Memory for states of beginnings, which are not read again (default: ${DEFAULT-VALUE}).")
    int prefixMib;

    @Option(
            names = "--spill",
            paramLabel = "DIR",
            description = "Keep states there that memory has no room for, and find them again after a restart.")
    @Nullable
    Path spill;

    @Option(
            names = "--spill-budget",
            paramLabel = "MIB",
            description = "Most of the files there; what was not used longest is deleted (default: 4096).")
    @Nullable
    Integer spillBudget;

    @Option(
            names = "--state-dir",
            paramLabel = "DIR",
            description = "Sessions are saved there and nowhere else; without it they cannot be.")
    @Nullable
    Path stateDir;

    @Option(
            names = "--sessions",
            paramLabel = "N",
            defaultValue = "10000",
            description = "Most sessions at a time (default: ${DEFAULT-VALUE}).")
    int sessions;

    @Option(
            names = "--body-mib",
            paramLabel = "N",
            defaultValue = "16",
            description = "Largest request (default: ${DEFAULT-VALUE}).")
    int bodyMib;

    @Option(
            names = "--time-limit",
            paramLabel = "S",
            defaultValue = "600",
            description = "Most seconds of a request, waiting included (default: ${DEFAULT-VALUE}).")
    int timeLimit;

    @Option(
            names = "--drain",
            paramLabel = "S",
            defaultValue = "30",
            description = "Seconds that running answers get when the server is to stop (default: ${DEFAULT-VALUE}).")
    int drain;

    /**
     * The checked values.
     *
     * @throws LizardException USAGE for a value out of range, naming the flag
     */
    ServerSettings settings() {
        if (context < 0 || drain < 0 || bodyMib > 1024) {
            throw LizardException.usage(
                    "--context, --drain or --body-mib out of range: expected 0 or more, the last at most 1024");
        }
        return new ServerSettings(
                host,
                port,
                apiKey,
                insecure,
                parallel,
                queue,
                (long) prefixMib << 20,
                bodyMib << 20,
                Duration.ofSeconds(timeLimit),
                Duration.ofSeconds(30),
                states());
    }

    private StateSettings states() {
        if (spillBudget != null && spill == null) {
            throw LizardException.usage(
                    "--spill-budget has no effect: expected it beside --spill; give that too, or take it out");
        }
        long mib = spillBudget == null ? USUAL_SPILL_MIB : spillBudget;
        return new StateSettings(sessions, stateDir, spill, mib << 20);
    }
}
