package dev.lizard.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ProcessMemoryTest {
    @Test
    void thePeakIsAtLeastWhatIsResident() {
        boolean known = Files.isReadable(Path.of("/proc/self/status"));
        assertThat(ProcessMemory.residentBytes().isPresent()).isEqualTo(known);
        assertThat(ProcessMemory.peakBytes().isPresent()).isEqualTo(known);
        if (known) {
            long resident = ProcessMemory.residentBytes().getAsLong();
            assertThat(resident).isGreaterThan(1 << 20);
            assertThat(ProcessMemory.peakBytes().getAsLong()).isGreaterThanOrEqualTo(resident);
        }
    }
}
