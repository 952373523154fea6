package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.EngineLibraries;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tensor engine's libraries, loaded on a thread of their own while the command line is read: neither needs the
 * other, and both take their time. Only for commands that compute, and where nothing says that the libraries may lie
 * in another folder than the usual. What is wrong with them is said to the one who uses them.
 */
final class EarlyEngine implements AutoCloseable {
    private static final Set<String> COMMANDS = Set.of("generate", "serve", "chat", "score");
    private static final List<String> ELSEWHERE = List.of("--cache", "--config", "--set", "--help");
    private static final Set<String> VARIABLES = Set.of("LIZARD_CACHE", "LIZARD_CONFIG");

    private final @Nullable Thread thread;

    private EarlyEngine(@Nullable Thread thread) {
        this.thread = thread;
    }

    static EarlyEngine begin(Map<String, String> environment, String... args) {
        return new EarlyEngine(
                wanted(environment, args)
                        ? Thread.ofPlatform().name("engine").daemon().start(EarlyEngine::load)
                        : null);
    }

    /** Whether the engine will be wanted, from where it usually lies. */
    static boolean wanted(Map<String, String> environment, String... args) {
        return args.length > 0
                && COMMANDS.contains(args[0])
                && List.of(args).stream()
                        .noneMatch(arg -> arg.equals("-h") || ELSEWHERE.stream().anyMatch(arg::startsWith))
                && VARIABLES.stream().noneMatch(environment::containsKey);
    }

    private static void load() {
        try {
            EngineLibraries.load();
        } catch (LizardException e) {
            // it is thrown again where the engine is used
        }
    }

    /** Waits until all is loaded: a process that ends amid that may crash. */
    @Override
    public void close() {
        if (thread != null) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
