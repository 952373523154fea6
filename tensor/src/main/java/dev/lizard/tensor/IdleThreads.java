package dev.lizard.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * How long libtorch's idle threads spin before they sleep.
 *
 * <p>Two pools take turns in one forward pass: OpenMP's for most operations, OpenBLAS's for products of matrices.
 * OpenMP's threads, left to themselves, go on spinning for milliseconds after an operation and so hold the very cores
 * on which the other pool should run: decoding on two cores was five times slower than on one. A thousand turns bridge
 * the gap between two operations of the same pool, no more.
 */
final class IdleThreads {
    private static final String SPINS = "GOMP_SPINCOUNT";
    private static final String POLICY = "OMP_WAIT_POLICY";

    private IdleThreads() {}

    /** To be called before libtorch is loaded, which reads the environment once; what the user has set stays. */
    static void spinBriefly() {
        if (System.getenv(POLICY) == null && System.getenv(SPINS) == null) {
            setenv(SPINS, "1000");
        }
    }

    /** POSIX setenv: Java's own view of the environment cannot be changed, and native libraries do not see it. */
    private static void setenv(String name, String value) {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("setenv");
        if (function.isEmpty()) {
            return; // not a POSIX system, so not GNU's OpenMP either
        }
        FunctionDescriptor type = FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT);
        try (Arena arena = Arena.ofConfined()) {
            int failed = (int) linker.downcallHandle(function.get(), type)
                    .invokeExact(arena.allocateFrom(name), arena.allocateFrom(value), 0);
            if (failed != 0) {
                System.getLogger(IdleThreads.class.getName())
                        .log(System.Logger.Level.WARNING, "cannot set " + name + ": idle threads may slow decoding");
            }
        } catch (Throwable e) {
            throw new IllegalStateException("setenv", e);
        }
    }
}
