package dev.lizard.tensor.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA stream that libtorch's operations of this thread are queued on, read and set through libc10_cuda.
 *
 * <p>libtorch's {@code CUDAStream} is a device (two bytes: type, index) and a 64-bit id, handed by value. Its functions
 * go by their C++ names as GCC and Clang spell them. Where they are not found (another compiler's build), the legacy
 * default stream is assumed, which is libtorch's own default; then streams cannot be changed, nor graphs captured.
 */
final class TorchStream {
    private static final StructLayout STREAM =
            MemoryLayout.structLayout(JAVA_BYTE, JAVA_BYTE, MemoryLayout.paddingLayout(6), JAVA_LONG);
    private static final String CURRENT = "_ZN3c104cuda20getCurrentCUDAStreamEa";
    private static final String HANDLE = "_ZNK3c104cuda10CUDAStream6streamEv";
    private static final String SET = "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE";
    private static final String POOL = "_ZN3c104cuda17getStreamFromPoolEba";

    /** libc10_cuda's functions. */
    private record Functions(MethodHandle current, MethodHandle handle, MethodHandle set, MethodHandle pool) {}

    private static final @Nullable Functions FUNCTIONS = functions();

    private TorchStream() {}

    private static @Nullable Functions functions() {
        NativeLibrary library = NativeLibrary.load("libc10_cuda.so").orElse(null);
        if (library == null
                || !library.has(CURRENT)
                || !library.has(HANDLE)
                || !library.has(SET)
                || !library.has(POOL)) {
            return null;
        }
        return new Functions(
                library.function(CURRENT, STREAM, JAVA_BYTE),
                library.function(HANDLE, JAVA_LONG, ADDRESS),
                library.procedure(SET, STREAM),
                library.function(POOL, STREAM, JAVA_BOOLEAN, JAVA_BYTE));
    }

    /** Whether streams can be changed. */
    static boolean settable() {
        return FUNCTIONS != null;
    }

    /** The driver's handle of the current stream of {@code device}. */
    static long current(int device) {
        Functions functions = FUNCTIONS;
        if (functions == null) {
            return 0;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment stream =
                    (MemorySegment) functions.current.invokeExact((SegmentAllocator) arena, (byte) device);
            return (long) functions.handle.invokeExact(stream);
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }

    /** Runs {@code work} on a stream of libtorch's pool, then goes back to the one before. Does not wait for it. */
    static void aside(int device, Runnable work) {
        Functions functions = FUNCTIONS;
        if (functions == null) {
            throw new IllegalStateException("libtorch's streams cannot be set here");
        }
        try (Arena arena = Arena.ofConfined()) {
            SegmentAllocator allocator = arena;
            MemorySegment before = (MemorySegment) functions.current.invokeExact(allocator, (byte) device);
            MemorySegment other = (MemorySegment) functions.pool.invokeExact(allocator, false, (byte) device);
            functions.set.invokeExact(other);
            try {
                work.run();
            } finally {
                functions.set.invokeExact(before);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }
}
