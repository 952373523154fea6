package dev.lizard.tensor.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.lizard.base.LizardException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** With the C++ library's own functions, which need no card. */
class CppProcedureTest {
    /** {@code std::__throw_length_error(char const*)}. */
    private static final String THROWS = "_ZSt20__throw_length_errorPKc";

    /** {@code std::mutex}'s lock in C: sets the memory it is given. */
    private static final String WORKS = "pthread_mutex_lock";

    private static NativeLibrary library(String name) {
        Optional<NativeLibrary> found = NativeLibrary.load(name);
        assumeThat(found).as(name + " is on this machine").isPresent();
        return found.orElseThrow();
    }

    @Test
    void aCppExceptionBecomesOneLine() {
        CppProcedure procedure = CppProcedure.of(library("libstdc++.so.6"), THROWS, "replaying a recording");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment what = arena.allocateFrom("CUDA error: out of memory\nCompile with TORCH_USE_CUDA_DSA");
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> procedure.call(what))
                        .isInstanceOfSatisfying(
                                LizardException.class,
                                e -> assertThat(e.kind()).isEqualTo(LizardException.Kind.ENVIRONMENT))
                        .hasMessage("replaying a recording failed: CUDA error: out of memory;"
                                + " free memory on the device, or set JAVA_OPTS=-Dlizard.nographs=true");
            }
        }
    }

    @Test
    void theArgumentIsHandedOn() {
        CppProcedure procedure = CppProcedure.of(library("libc.so.6"), WORKS, "locking");
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mutex = arena.allocate(40, 8); // zero is an unlocked one
            procedure.call(mutex);
            assertThat(mutex.get(ValueLayout.JAVA_INT, 0)).isOne();
        }
    }

    @Test
    void whatIsNotThereIsNamed() {
        NativeLibrary library = library("libstdc++.so.6");
        assertThatThrownBy(() -> CppProcedure.of(library, "_Z7nothingv", "nothing"))
                .isInstanceOf(LizardException.class)
                .hasMessageContaining("has no function _Z7nothingv");
    }
}
