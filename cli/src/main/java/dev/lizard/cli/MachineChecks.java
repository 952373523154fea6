package dev.lizard.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.lizard.base.FreeMemory;
import dev.lizard.base.Nearest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code doctor} asks of the JVM, the memory and the disk. */
final class MachineChecks {
    private static final long GIB = 1L << 30;
    private static final long LEAST_MEMORY = 2 * GIB;
    private static final long LEAST_DISK = 5 * GIB;

    /** Variables that the launcher and the tests read; all others belong to options. */
    private static final List<String> OTHER_VARIABLES = List.of(
            "LIZARD_CONFIG",
            "LIZARD_JAVA_HOME",
            "LIZARD_HEAP",
            "LIZARD_LIBTORCH",
            "LIZARD_NVRTC",
            "LIZARD_GOLDEN",
            "LIZARD_MODELS",
            "LIZARD_DATA");

    private MachineChecks() {}

    static Finding java(Context context) {
        String collectors = ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(GarbageCollectorMXBean::getName)
                .collect(Collectors.joining(" + "));
        String detail = "%s (%s), heap at most %s, %s, %d cores, %d threads"
                .formatted(
                        Version.platform(),
                        System.getProperty("java.vendor"),
                        gib(Runtime.getRuntime().maxMemory()),
                        collectors,
                        Settings.cores(),
                        context.settings().threads());
        return Finding.ok("java", detail);
    }

    static Finding nativeAccess(Context context) {
        return MachineChecks.class.getModule().isNativeAccessEnabled()
                ? Finding.ok("native-access", "allowed for this class path")
                : Finding.warn(
                        "native-access",
                        "not granted: the JVM will warn, and later ones will refuse",
                        "start through ./lizard, or add --enable-native-access=ALL-UNNAMED to JAVA_OPTS");
    }

    static Finding memory(Context context) {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long available = FreeMemory.bytes().orElse(system.getFreeMemorySize());
        String detail = "%s, %s available".formatted(gib(system.getTotalMemorySize()), gib(available));
        return available < LEAST_MEMORY
                ? Finding.warn("memory", detail, "close other programs, take a smaller model, or pass --dtype bfloat16")
                : Finding.ok("memory", detail);
    }

    static Finding disk(Context context) {
        Path here = Path.of("").toAbsolutePath();
        long free = usable(here);
        String detail = "%s free at %s".formatted(gib(free), here);
        return free < LEAST_DISK
                ? Finding.warn("disk", detail, "free some space, or point --out and --cache at another disk")
                : Finding.ok("disk", detail);
    }

    static Finding cache(Context context) {
        Path folder = context.settings().cache();
        try {
            Files.createDirectories(folder);
            Files.delete(Files.createTempFile(folder, "doctor", ".tmp"));
        } catch (IOException e) {
            return Finding.fail(
                    "cache",
                    folder + " cannot be written to: " + e,
                    "correct its permissions, or choose another with --cache DIR or LIZARD_CACHE");
        }
        long free = usable(folder);
        String detail = "%s holds %s, %s free".formatted(folder, gib(size(folder)), gib(free));
        return free < LEAST_DISK
                ? Finding.warn("cache", detail, "free some space, or choose another disk with --cache DIR")
                : Finding.ok("cache", detail);
    }

    static Finding variables(Context context) {
        Set<String> known = new TreeSet<>(OTHER_VARIABLES);
        context.layers().options().values().forEach(option -> known.add(ConfigLayers.variable(option)));
        List<String> unread = ConfigLayers.unread(context.environment(), known);
        if (unread.isEmpty()) {
            return Finding.ok("variables", "every LIZARD_* variable that is set has a meaning");
        }
        String hint = Nearest.hint(unread.getFirst(), known);
        return Finding.warn("variables", "nothing reads " + String.join(", ", unread), hint + " unset it otherwise");
    }

    private static long usable(Path folder) {
        try {
            FileStore store = Files.getFileStore(folder);
            return store.getUsableSpace();
        } catch (IOException e) {
            return 0;
        }
    }

    private static long size(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(f -> f.toFile().length())
                    .sum();
        } catch (IOException | UncheckedIOException e) { // the latter when a file goes while the folder is walked
            return 0;
        }
    }

    private static String gib(long bytes) {
        return String.format(Locale.ROOT, "%.1f GiB", (double) bytes / GIB);
    }
}
