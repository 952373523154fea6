package dev.lizard.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Memory of this process as the system counts it, native memory included. Known where there is a {@code /proc}. */
public final class ProcessMemory {
    private static final Path STATUS = Path.of("/proc/self/status");

    private ProcessMemory() {}

    /** The most bytes ever resident at once. */
    public static OptionalLong peakBytes() {
        return read("VmHWM:");
    }

    /** Bytes resident now. */
    public static OptionalLong residentBytes() {
        return read("VmRSS:");
    }

    private static OptionalLong read(String key) {
        if (!Files.isReadable(STATUS)) {
            return OptionalLong.empty();
        }
        try {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith(key)) { // "VmHWM:     1234 kB"
                    String number =
                            line.substring(key.length()).replace("kB", "").strip();
                    return OptionalLong.of(1024 * Long.parseLong(number));
                }
            }
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty(); // a statistic: not worth failing for
        }
        return OptionalLong.empty();
    }
}
