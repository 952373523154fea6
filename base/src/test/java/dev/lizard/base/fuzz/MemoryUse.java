package dev.lizard.base.fuzz;

import dev.lizard.base.ProcessMemory;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;

/**
 * Memory of this process after a collection.
 *
 * @param heap bytes of live objects
 * @param outside resident bytes that are not the Java machine's own; 0 where the system does not tell
 */
record MemoryUse(long heap, long outside) {
    static MemoryUse now() {
        System.gc();
        MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
        long javas = memory.getHeapMemoryUsage().getCommitted()
                + memory.getNonHeapMemoryUsage().getCommitted();
        long resident = ProcessMemory.residentBytes().orElse(javas);
        return new MemoryUse(memory.getHeapMemoryUsage().getUsed(), Math.max(0, resident - javas));
    }
}
