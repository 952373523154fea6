package dev.lizard.base.fuzz;

import dev.lizard.base.ProcessMemory;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;

/**
 * Memory of this process after a collection.
 *
 * @param heap bytes of live objects
 * @param outside resident bytes that are not the Java machine's own; only differences tell something
 */
record MemoryUse(long heap, long outside) {
    static MemoryUse now() {
        System.gc();
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        long javas = touched() + memory.getNonHeapMemoryUsage().getCommitted();
        long resident = ProcessMemory.residentBytes().orElse(javas);
        return new MemoryUse(memory.getHeapMemoryUsage().getUsed(), resident - javas);
    }

    /** Of the heap, what was ever used is resident; what is only set aside is not yet. */
    private static long touched() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(MemoryUse::peak)
                .sum();
    }

    private static long peak(MemoryPoolMXBean pool) {
        return pool.getPeakUsage().getUsed();
    }
}
