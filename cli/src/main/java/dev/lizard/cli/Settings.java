package dev.lizard.cli;

import dev.lizard.base.LizardException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The resolved settings that every command shares.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype {@code auto}, {@code float32} or {@code bfloat16}
 * @param threads CPU threads of one operation, from 1 to the number of cores: more only slow it down, and far more than
 *     the system can start would end the process
 * @param cache folder for downloads; made when first written to
 */
record Settings(
        String device,
        String dtype,
        int threads,
        long seed,
        Path cache,
        boolean offline,
        boolean json,
        boolean quiet,
        boolean debug) {
    private static final List<String> DTYPES = List.of("auto", "float32", "bfloat16");

    /** What a shell offers after {@code --device}. */
    static final class Devices extends ArrayList<String> {
        Devices() {
            super(List.of("auto", "cpu", "cuda"));
        }
    }

    /** What a shell offers after {@code --dtype}. */
    static final class Types extends ArrayList<String> {
        Types() {
            super(DTYPES);
        }
    }

    Settings {
        if (!device.matches("auto|cpu|cuda(:\\d{1,3})?")) {
            throw bad("--device", "auto, cpu, cuda or cuda:N", device);
        }
        if (!DTYPES.contains(dtype)) {
            throw bad("--dtype", "auto, float32 or bfloat16", dtype);
        }
        if (threads < 1) {
            throw bad("--threads", "0 (all cores) or more", Integer.toString(threads));
        }
    }

    static Settings of(Root root, Map<String, String> environment) {
        int cores = cores();
        return new Settings(
                root.device.toLowerCase(Locale.ROOT),
                root.dtype.toLowerCase(Locale.ROOT),
                root.threads == 0 ? cores : Math.min(root.threads, cores),
                root.seed,
                root.cache == null ? defaultCache(environment) : root.cache.toAbsolutePath(),
                root.offline,
                root.json,
                root.quiet,
                root.debug);
    }

    static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }

    private static Path defaultCache(Map<String, String> environment) {
        String base = environment.get("XDG_CACHE_HOME");
        Path folder =
                base == null || base.isEmpty() ? Path.of(System.getProperty("user.home"), ".cache") : Path.of(base);
        return folder.resolve("lizard").toAbsolutePath();
    }

    private static LizardException bad(String flag, String expected, String found) {
        return LizardException.at(
                LizardException.Kind.USAGE, "bad value", flag, expected, "'" + found + "'", "choose one of these");
    }
}
