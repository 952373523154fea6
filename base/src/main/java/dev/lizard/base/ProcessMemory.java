package dev.lizard.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Memory of a process as the system counts it, native memory included. Known where there is a {@code /proc}. */
public final class ProcessMemory {
    private static final String SELF = "self";

    private ProcessMemory() {}

    /** The most bytes of this one ever resident at once. */
    public static OptionalLong peakBytes() {
        return read(SELF, "VmHWM:");
    }

    /** Bytes of this one resident now. */
    public static OptionalLong residentBytes() {
        return read(SELF, "VmRSS:");
    }

    /** The most bytes that another process ever had resident at once. */
    public static OptionalLong peakBytes(long pid) {
        return read(Long.toString(pid), "VmHWM:");
    }

    private static OptionalLong read(String process, String key) {
        Path status = Path.of("/proc", process, "status");
        if (!Files.isReadable(status)) {
            return OptionalLong.empty();
        }
        try {
            for (String line : Files.readAllLines(status)) {
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
