package dev.lizard.tensor.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lizard.tensor.CurrentDevice;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * A recorded sequence of operations and kernels, replayed with one call: what takes libtorch a few microseconds of the
 * host for each operation then costs the host nothing.
 *
 * <p>It is libtorch's own {@code at::cuda::CUDAGraph}, so that tensors made while recording lie in memory set aside for
 * the graph. Replays read and write the same addresses as the recording did: what is to change between them must be
 * copied into tensors that were there before. One replay at a time.
 */
public final class CudaGraph implements AutoCloseable {
    private static final StructLayout POOL = MemoryLayout.structLayout(JAVA_LONG, JAVA_LONG);
    private static final int RELAXED = 2;
    /** More than the C++ object takes in any version so far (some 200 bytes). */
    private static final int OBJECT_BYTES = 8192;

    private static final String CLASS = "N2at4cuda9CUDAGraph";

    /** libtorch_cuda's functions; those that throw where the device fails are C++ procedures. */
    private record Functions(
            MethodHandle create,
            CppProcedure destroy,
            MethodHandle begin,
            CppProcedure end,
            CppProcedure replay,
            boolean keeps) {
        static @Nullable Functions find() {
            if (!TorchStream.settable() || Boolean.getBoolean("lizard.nographs")) {
                return null;
            }
            NativeLibrary library = NativeLibrary.load("libtorch_cuda.so").orElse(null);
            String begin = "_Z" + CLASS + "13capture_beginESt4pairIyyE21cudaStreamCaptureMode";
            String withFlag = "_Z" + CLASS + "C1Eb";
            String plain = "_Z" + CLASS + "C1Ev";
            if (library == null || !library.has(begin) || !(library.has(withFlag) || library.has(plain))) {
                return null;
            }
            boolean keeps = library.has(withFlag);
            return new Functions(
                    keeps ? library.procedure(withFlag, ADDRESS, JAVA_BOOLEAN) : library.procedure(plain, ADDRESS),
                    CppProcedure.of(library, "_Z" + CLASS + "D1Ev", "freeing a recording"),
                    library.procedure(begin, ADDRESS, POOL, JAVA_INT),
                    CppProcedure.of(library, "_Z" + CLASS + "11capture_endEv", "recording on the device"),
                    CppProcedure.of(library, "_Z" + CLASS + "6replayEv", "replaying a recording"),
                    keeps);
        }
    }

    private static @Nullable Functions functions;
    private static boolean searched;

    private final Functions calls;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment graph;
    private boolean open = true;

    private CudaGraph(Functions calls) {
        this.calls = calls;
        graph = arena.allocate(OBJECT_BYTES, 64);
        try {
            if (calls.keeps) {
                calls.create.invokeExact(graph, false);
            } else {
                calls.create.invokeExact(graph);
            }
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }

    /** Whether work on {@code device} can be recorded here; {@code -Dlizard.nographs=true} says no. */
    public static boolean supported(Device device) {
        return device.isCuda() && functions() != null;
    }

    private static synchronized @Nullable Functions functions() {
        if (!searched) {
            functions = Functions.find();
            searched = true;
        }
        return functions;
    }

    /**
     * Runs {@code first}, then records {@code work}, which is not run.
     *
     * @param device a device that is {@link #supported}
     * @param first the same operations as {@code work}: all that happens once only, such as compilation, happens here
     * @param work queues operations and must not wait for the device
     */
    public static CudaGraph record(Device device, Runnable first, Runnable work) {
        Functions found = functions();
        if (found == null) {
            throw new IllegalStateException("work cannot be recorded on " + device);
        }
        Engine.synchronize(device);
        try (CurrentDevice _ = new CurrentDevice(device)) {
            return record(device, new CudaGraph(found), first, work);
        }
    }

    private static CudaGraph record(Device device, CudaGraph graph, Runnable first, Runnable work) {
        try {
            TorchStream.aside(device.index(), () -> {
                first.run();
                Engine.synchronize(device);
                graph.begin(device);
                graph.capture(device, work);
            });
            Engine.synchronize(device);
            return graph;
        } catch (RuntimeException | Error e) {
            graph.close(e);
            throw e;
        }
    }

    /** What libtorch would throw is asked for before: its exceptions cannot leave this call. */
    private void begin(Device device) {
        Driver driver = Driver.get();
        driver.use(device.index());
        driver.checkRecordable(TorchStream.current(device.index()));
        try (Arena work = Arena.ofConfined()) {
            calls.begin.invokeExact(graph, work.allocate(POOL), RELAXED);
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }

    /** The stream is left as it was found even where {@code work} fails, which makes ending the recording fail too. */
    private void capture(Device device, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException | Error e) {
            suppressing(e, () -> end(device));
            throw e;
        }
        end(device);
    }

    /** On the stream it was begun on: that of the current device, which {@code work} may have left. */
    private void end(Device device) {
        Driver.get().use(device.index());
        calls.end.call(graph);
    }

    /** Queues the recorded work once more. */
    public void replay() {
        calls.replay.call(graph);
    }

    private void close(Throwable reason) {
        suppressing(reason, this::close);
    }

    private static void suppressing(Throwable reason, Runnable work) {
        try {
            work.run();
        } catch (RuntimeException e) {
            reason.addSuppressed(e);
        }
    }

    /** Frees the recording and its memory; the device must have finished its last replay. */
    @Override
    public void close() {
        if (open) {
            open = false;
            try {
                calls.destroy.call(graph);
            } finally {
                arena.close();
            }
        }
    }
}
