package dev.lizard.base.fuzz;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import javax.management.JMException;
import javax.management.ObjectName;

/**
 * Memory of this process after a collection.
 *
 * @param heap bytes of live objects
 * @param outside resident bytes that are not the Java machine's own; only differences tell something
 */
record MemoryUse(long heap, long outside) {
    private static final Path MAPPINGS = Path.of("/proc/self/smaps");
    private static final Pattern ADDRESS = Pattern.compile("0x([0-9a-f]+)");
    private static final Pattern MAPPING = Pattern.compile("([0-9a-f]+)-[0-9a-f]+ .*");
    private static final Pattern RESIDENT = Pattern.compile("Rss: +([0-9]+) kB");

    static MemoryUse now() {
        System.gc();
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        long outside = residentOutsideHeap() - memory.getNonHeapMemoryUsage().getCommitted();
        return new MemoryUse(memory.getHeapMemoryUsage().getUsed(), outside);
    }

    /**
     * Resident bytes of all mappings but the heap's, as the system lists them: how much of the heap was ever touched, and
     * what is just being given back, no counter of the Java machine tells.
     */
    private static long residentOutsideHeap() {
        List<Long> heap = addresses();
        long bytes = 0;
        boolean outside = true;
        try {
            for (String line : Files.readAllLines(MAPPINGS)) {
                var mapping = MAPPING.matcher(line);
                var resident = RESIDENT.matcher(line);
                if (mapping.matches()) {
                    long start = Long.parseUnsignedLong(mapping.group(1), 16);
                    outside = heap.isEmpty() || start < heap.getFirst() || start >= heap.getLast();
                } else if (outside && resident.matches()) {
                    bytes += Long.parseLong(resident.group(1)) << 10;
                }
            }
        } catch (IOException e) {
            return 0; // other systems have no such list: nothing is compared then
        }
        return bytes;
    }

    /** Where the heap lies, as its own description tells: the least and the greatest of these are its ends. */
    private static List<Long> addresses() {
        try {
            Object told = ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "gcHeapInfo",
                            new Object[0],
                            new String[0]);
            return ADDRESS.matcher(told.toString())
                    .results()
                    .map(found -> Long.parseUnsignedLong(found.group(1), 16))
                    .sorted()
                    .toList();
        } catch (JMException e) {
            throw new IllegalStateException("the heap is not described", e);
        }
    }
}
