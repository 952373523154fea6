package dev.lizard.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** Memory that this process may still take: what the machine has left, or its control group, whichever is less. */
public final class FreeMemory {
    private static final long KIB = 1024;

    private FreeMemory() {}

    /** Bytes; empty where the system does not tell. */
    public static OptionalLong bytes() {
        return bytes(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
    }

    static OptionalLong bytes(Path proc, Path groups) {
        OptionalLong free = machine(proc.resolve("meminfo"));
        for (String line : lines(proc.resolve("self/cgroup"))) { // 0::/user/x or 4:memory:/user/x
            String[] parts = line.split(":", 3);
            if (parts.length == 3 && parts[1].isEmpty()) {
                free = least(free, groups, parts[2], "memory.max", "memory.current", "inactive_file ");
            } else if (parts.length == 3 && List.of(parts[1].split(",")).contains("memory")) {
                Path memory = groups.resolve("memory");
                free = least(
                        free,
                        memory,
                        parts[2],
                        "memory.limit_in_bytes",
                        "memory.usage_in_bytes",
                        "total_inactive_file ");
            }
        }
        return free;
    }

    private static OptionalLong machine(Path meminfo) {
        return lines(meminfo).stream()
                .filter(line -> line.startsWith("MemAvailable:"))
                .mapToLong(line -> KIB * number(line.replaceAll("[^0-9]", "")))
                .findFirst();
    }

    /** The least over a group and all above it; a container sees its own group as the root. */
    private static OptionalLong least(
            OptionalLong free, Path root, String group, String limit, String use, String cached) {
        OptionalLong least = free;
        Path own = root.resolve(group.replaceFirst("^/+", "")).normalize();
        for (Path at = own; at != null && at.startsWith(root); at = at.getParent()) {
            List<String> most = lines(at.resolve(limit));
            List<String> used = lines(at.resolve(use));
            if (!most.isEmpty() && !used.isEmpty() && !most.getFirst().equals("max")) {
                long reclaimable = lines(at.resolve("memory.stat")).stream()
                        .filter(line -> line.startsWith(cached))
                        .mapToLong(line -> number(line.substring(cached.length())))
                        .sum();
                long left = Math.max(0, number(most.getFirst()) - number(used.getFirst()) + reclaimable);
                least = OptionalLong.of(Math.min(left, least.orElse(Long.MAX_VALUE)));
            }
        }
        return least;
    }

    private static long number(String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE >> 1; // no number is no limit
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            return List.of(); // an estimate: not worth failing for
        }
    }
}
