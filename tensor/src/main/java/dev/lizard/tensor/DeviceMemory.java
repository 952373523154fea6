package dev.lizard.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.OptionalLong;

/** Asks the CUDA driver how much of a card's memory is in use, by whom ever. */
final class DeviceMemory {
    private static final String LIBRARY = "libcuda.so.1";
    private static final String FUNCTION = "cuMemGetInfo_v2";

    private DeviceMemory() {}

    /** Bytes in use on the card of this thread's context; empty where the driver does not answer. */
    static OptionalLong used() {
        try (Arena arena = Arena.ofConfined()) {
            MethodHandle info = Linker.nativeLinker()
                    .downcallHandle(
                            SymbolLookup.libraryLookup(LIBRARY, arena).findOrThrow(FUNCTION),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG);
            MemorySegment total = arena.allocate(ValueLayout.JAVA_LONG);
            int error = (int) info.invokeExact(free, total);
            return error == 0
                    ? OptionalLong.of(total.get(ValueLayout.JAVA_LONG, 0) - free.get(ValueLayout.JAVA_LONG, 0))
                    : OptionalLong.empty();
        } catch (IllegalArgumentException | java.util.NoSuchElementException e) {
            return OptionalLong.empty(); // no driver, or one without the function
        } catch (Throwable e) {
            throw new IllegalStateException("the driver's memory query failed", e);
        }
    }
}
