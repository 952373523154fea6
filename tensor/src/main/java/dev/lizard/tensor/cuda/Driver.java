package dev.lizard.tensor.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.lizard.base.LizardException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA driver's interface (libcuda), as much of it as kernels need. Contexts are the primary ones of their devices,
 * which libtorch uses too, so its pointers and streams are valid here.
 */
final class Driver {
    /** Attributes of devices, by the driver's numbers. */
    static final int CLOCK = 13; // kHz

    static final int MULTIPROCESSORS = 16;
    static final int MEMORY_CLOCK = 36; // kHz
    static final int MEMORY_BUS = 37; // bits
    static final int CAPABILITY_MAJOR = 75;
    static final int CAPABILITY_MINOR = 76;
    static final int SHARED_BYTES_OPT_IN = 97;

    private static final int NOT_READY = 600; // CUDA_ERROR_NOT_READY: work is under way
    private static final int FUNCTION_DYNAMIC_SHARED = 8;
    private static final int PROGRAMMATIC_SERIALIZATION = 6; // CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION
    private static final int ATTRIBUTE_BYTES = 72;
    private static final int CONFIG_BYTES = 56;
    private static final List<String> NAMES = List.of("libcuda.so.1", "libcuda.so", "nvcuda.dll");

    private record Attribute(int number, int device) {}

    private static @Nullable Driver instance;

    private final NativeLibrary library;
    private final Map<Integer, Long> contexts = new ConcurrentHashMap<>();
    private final Map<Attribute, Integer> attributes = new ConcurrentHashMap<>();
    private final MethodHandle errorName;
    private final MethodHandle currentContext;
    private final MethodHandle launch;
    private final MethodHandle launchEx;
    private final MethodHandle record;

    private Driver(NativeLibrary library) {
        this.library = library;
        errorName = library.function("cuGetErrorName", JAVA_INT, JAVA_INT, JAVA_LONG);
        currentContext = library.function("cuCtxGetCurrent", JAVA_INT, JAVA_LONG);
        launch = library.function(
                "cuLaunchKernel",
                JAVA_INT,
                JAVA_LONG,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_INT,
                JAVA_LONG,
                JAVA_LONG,
                JAVA_LONG);
        record = library.function("cuEventRecord", JAVA_INT, JAVA_LONG, JAVA_LONG);
        launchEx = library.function("cuLaunchKernelEx", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
        call("cuInit", 0);
    }

    /**
     * The driver, loaded and initialised at the first call.
     *
     * @throws LizardException ENVIRONMENT where there is none, or none that works
     */
    static synchronized Driver get() {
        if (instance == null) {
            instance = new Driver(NAMES.stream()
                    .map(NativeLibrary::load)
                    .flatMap(Optional::stream)
                    .findFirst()
                    .orElseThrow(() -> LizardException.environment(
                            "no CUDA driver on this machine (libcuda.so.1 not found): install NVIDIA's,"
                                    + " or pass --device cpu")));
        }
        return instance;
    }

    // ---- devices ---------------------------------------------------------------------------------------------------

    /** The newest CUDA version the driver serves: 1000 major + 10 minor. */
    int version() {
        return intOut("cuDriverGetVersion");
    }

    int devices() {
        return intOut("cuDeviceGetCount");
    }

    String name(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(256);
            call("cuDeviceGetName", name, 256, device);
            return name.getString(0);
        }
    }

    long memory(int device) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(JAVA_LONG);
            call("cuDeviceTotalMem_v2", bytes, device);
            return bytes.get(JAVA_LONG, 0);
        }
    }

    /** Bytes of the device's memory that are in use, by whom ever. */
    long memoryHeld(int device) {
        MemoryInfo info = memoryInfo(device);
        return info.total - info.free;
    }

    /** Bytes of the device's memory that nobody uses. */
    long memoryFree(int device) {
        return memoryInfo(device).free;
    }

    private record MemoryInfo(long free, long total) {}

    private MemoryInfo memoryInfo(int device) {
        use(device);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(JAVA_LONG);
            MemorySegment total = arena.allocate(JAVA_LONG);
            call("cuMemGetInfo_v2", free, total);
            return new MemoryInfo(free.get(JAVA_LONG, 0), total.get(JAVA_LONG, 0));
        }
    }

    /** Asked once of each device: kernels look at some of them before every call. */
    int attribute(int attribute, int device) {
        return attributes.computeIfAbsent(new Attribute(attribute, device), this::ask);
    }

    private int ask(Attribute asked) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            call("cuDeviceGetAttribute", value, asked.number, asked.device);
            return value.get(JAVA_INT, 0);
        }
    }

    /** Compute capability: 10 major + minor. */
    int capability(int device) {
        return 10 * attribute(CAPABILITY_MAJOR, device) + attribute(CAPABILITY_MINOR, device);
    }

    /** Makes the device's primary context current on this thread, where another or none is. */
    void use(int device) {
        long context = contexts.computeIfAbsent(device, d -> longOut("cuDevicePrimaryCtxRetain", d));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment current = arena.allocate(JAVA_LONG);
            check((int) currentContext.invokeExact(current.address()), "cuCtxGetCurrent");
            if (current.get(JAVA_LONG, 0) != context) {
                call("cuCtxSetCurrent", context);
            }
        } catch (LizardException e) {
            throw e;
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }

    // ---- kernels ---------------------------------------------------------------------------------------------------

    /** Loads a cubin or PTX text into the current context: a module. */
    long module(byte[] image) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment code = arena.allocate(image.length + 1L, 16); // PTX must end with a zero
            MemorySegment.copy(image, 0, code, JAVA_BYTE, 0, image.length);
            return longOut("cuModuleLoadData", code);
        }
    }

    long function(long module, String name) {
        try (Arena arena = Arena.ofConfined()) {
            return longOut("cuModuleGetFunction", module, arena.allocateFrom(name));
        }
    }

    /** Lets a kernel be launched with up to {@code bytes} of dynamic shared memory. */
    void allowShared(long function, int bytes) {
        call("cuFuncSetAttribute", function, FUNCTION_DYNAMIC_SHARED, bytes);
    }

    int functionAttribute(int attribute, long function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            call("cuFuncGetAttribute", value, attribute, function);
            return value.get(JAVA_INT, 0);
        }
    }

    /** Queues a kernel; {@code parameters} is an array of pointers to the arguments. */
    void launch(long function, Dim grid, Dim block, int sharedBytes, long stream, MemorySegment parameters) {
        int code;
        try {
            code = (int) launch.invokeExact(
                    function,
                    grid.x(),
                    grid.y(),
                    grid.z(),
                    block.x(),
                    block.y(),
                    block.z(),
                    sharedBytes,
                    stream,
                    parameters.address(),
                    0L);
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
        if (code != 0) {
            check(code, "cuLaunchKernel of grid %s, block %s, %d bytes shared".formatted(grid, block, sharedBytes));
        }
    }

    /** The same, but the kernel may start while the one before it on the stream is ending. */
    void launchEarly(
            long function, Dim grid, Dim block, int sharedBytes, long stream, MemorySegment parameters, Arena arena) {
        MemorySegment attribute = arena.allocate(ATTRIBUTE_BYTES, 8); // CUlaunchAttribute: id, padding, a union
        attribute.set(JAVA_INT, 0, PROGRAMMATIC_SERIALIZATION);
        attribute.set(JAVA_INT, 8, 1);
        MemorySegment config = arena.allocate(CONFIG_BYTES, 8); // CUlaunchConfig
        int[] words = {grid.x(), grid.y(), grid.z(), block.x(), block.y(), block.z(), sharedBytes};
        for (int i = 0; i < words.length; i++) {
            config.setAtIndex(JAVA_INT, i, words[i]);
        }
        config.set(JAVA_LONG, 32, stream);
        config.set(JAVA_LONG, 40, attribute.address());
        config.set(JAVA_INT, 48, 1);
        int code;
        try {
            code = (int) launchEx.invokeExact(config.address(), function, parameters.address(), 0L);
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
        if (code != 0) {
            check(code, "cuLaunchKernelEx of grid %s, block %s, %d bytes shared".formatted(grid, block, sharedBytes));
        }
    }

    // ---- streams, events -------------------------------------------------------------------------------------------

    void synchronize(long stream) {
        call("cuStreamSynchronize", stream);
    }

    /**
     * Demands that {@code stream} can be recorded: nothing went wrong on it, and no other recording is under way.
     *
     * @throws LizardException ENVIRONMENT otherwise
     */
    void checkRecordable(long stream) {
        int state = library.call("cuStreamQuery", stream);
        if (state != NOT_READY) {
            check(state, "work before a recording");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment capturing = arena.allocate(JAVA_INT);
            call("cuStreamIsCapturing", stream, capturing);
            if (stream == 0 || capturing.get(JAVA_INT, 0) != 0) {
                throw LizardException.environment(
                        "CUDA stream %d cannot be recorded: it is the default one, or recorded".formatted(stream)
                                + " already; set JAVA_OPTS=-Dlizard.nographs=true");
            }
        }
    }

    long event() {
        return longOut("cuEventCreate", 0);
    }

    void record(long event, long stream) {
        try {
            check((int) record.invokeExact(event, stream), "cuEventRecord");
        } catch (LizardException e) {
            throw e;
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }

    /** Milliseconds between two recorded events; waits for the later. */
    float elapsed(long start, long end) {
        call("cuEventSynchronize", end);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment millis = arena.allocate(JAVA_FLOAT);
            call(
                    library.has("cuEventElapsedTime_v2") ? "cuEventElapsedTime_v2" : "cuEventElapsedTime",
                    millis,
                    start,
                    end);
            return millis.get(JAVA_FLOAT, 0);
        }
    }

    void destroyEvent(long event) {
        call("cuEventDestroy_v2", event);
    }

    // ---- calls -----------------------------------------------------------------------------------------------------

    private int intOut(String function) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            call(function, value);
            return value.get(JAVA_INT, 0);
        }
    }

    /** A function whose first argument receives a handle. */
    private long longOut(String function, Object... arguments) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_LONG);
            Object[] all = new Object[arguments.length + 1];
            all[0] = value;
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            call(function, all);
            return value.get(JAVA_LONG, 0);
        }
    }

    private void call(String function, Object... arguments) {
        check(library.call(function, arguments), function);
    }

    private void check(int code, String what) {
        if (code != 0) {
            throw LizardException.environment(
                    "CUDA driver: %s failed with %s (%d); run `lizard doctor`".formatted(what, nameOf(code), code));
        }
    }

    private String nameOf(int code) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(JAVA_LONG);
            int known = (int) errorName.invokeExact(code, text.address());
            return known != 0
                    ? "an unknown error"
                    : MemorySegment.ofAddress(text.get(JAVA_LONG, 0))
                            .reinterpret(256)
                            .getString(0);
        } catch (Throwable e) {
            throw NativeLibrary.broken(e);
        }
    }
}
