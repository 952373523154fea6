package dev.lizard.tensor.cuda;

import dev.lizard.base.LizardException;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One {@code __global__} function, ready on one device. Made once for each (source, function, device) and never
 * unloaded.
 *
 * <p>Launches are queued on the stream that libtorch's operations of this thread use, so they need no synchronisation
 * with them, and a {@link CudaGraph} being captured records them.
 */
public final class Kernel {
    private record Made(KernelSource source, int device) {}

    private static final Map<Made, Long> MODULES = new ConcurrentHashMap<>();
    private static final int WORD = 8;
    private static final int OVERLAP_CAPABILITY = 90;
    private static final int ORDINARY_SHARED = 48 * 1024;

    /** Attributes of functions, by the driver's numbers. */
    static final int STATIC_SHARED = 1;

    static final int LOCAL_BYTES = 3;

    static final int REGISTERS = 4;

    private final Driver driver;
    private final int device;
    private final long function;
    private final String name;
    private final boolean overlaps;
    private int allowedShared;

    private Kernel(Driver driver, int device, long function, String name, boolean overlaps, int allowedShared) {
        this.driver = driver;
        this.device = device;
        this.function = function;
        this.name = name;
        this.overlaps = overlaps;
        this.allowedShared = allowedShared;
    }

    /**
     * Whether kernels that need this run on {@code device}: its capability, its compiler, its shared memory. Every kernel
     * asks here before it is chosen. False on the CPU.
     */
    public static boolean fits(Device device, KernelNeed need) {
        return KernelPaths.here().kernel(device, need);
    }

    /** Why kernels that need this do not run on {@code device}; empty where they do. */
    public static Optional<String> refusal(Device device, KernelNeed need) {
        if (need.written() != null) {
            return Optional.of("expected " + need.written());
        }
        KernelPath path = KernelPath.of(Card.of(device), need);
        return path.kernel() ? Optional.empty() : Optional.of(path.why());
    }

    /**
     * Compiles, or takes from the cache on disk, and loads.
     *
     * @param function its name in the source, declared {@code extern "C"}
     * @throws LizardException ENVIRONMENT without CUDA or NVRTC
     */
    public static Kernel of(KernelSource source, String function, Device device) {
        Driver driver = Driver.get();
        int index = device.index();
        driver.use(index);
        long module = MODULES.computeIfAbsent(new Made(source, index), made -> {
            int capability = Card.of(device).capability();
            Nvrtc nvrtc = Nvrtc.get();
            return driver.module(KernelCache.standard()
                    .get(source, capability, nvrtc.version(), () -> nvrtc.compile(source, capability)));
        });
        long handle = driver.function(module, function);
        int own = driver.functionAttribute(STATIC_SHARED, handle); // counts among the bytes that need no leave
        return new Kernel(driver, index, handle, function, false, ORDINARY_SHARED - own);
    }

    /**
     * The same, started while kernels before it on the stream still run, where the card can. Before {@code await()} of
     * overlap.cuh it must not write anything, nor read what they write.
     */
    public Kernel overlapping() {
        boolean able = Card.of(Device.cuda(device)).capability() >= OVERLAP_CAPABILITY;
        return new Kernel(driver, device, function, name, able, allowedShared);
    }

    /** One of {@link #REGISTERS}, {@link #LOCAL_BYTES}. */
    int attribute(int attribute) {
        return driver.functionAttribute(attribute, function);
    }

    /**
     * Queues the kernel on libtorch's current stream.
     *
     * @param sharedBytes dynamic shared memory of a block
     * @param arguments in the order of the function's parameters: tensors on this device and null (pointers), ints,
     *     longs, floats, doubles, and memory segments that hold a struct passed by value
     */
    public void launch(Dim grid, Dim block, int sharedBytes, @Nullable Object... arguments) {
        launch(grid, block, sharedBytes, TorchStream.current(device), arguments);
    }

    /** The same on a stream of the driver's; 0 is the legacy default stream. */
    void launch(Dim grid, Dim block, int sharedBytes, long stream, @Nullable Object[] arguments) {
        driver.use(device);
        if (sharedBytes > allowedShared) {
            driver.allowShared(function, sharedBytes);
            allowedShared = sharedBytes;
        }
        try (Arena arena = Arena.ofConfined()) {
            long values = (long) arguments.length * WORD;
            MemorySegment words = arena.allocate(2 * values + WORD, WORD);
            for (int i = 0; i < arguments.length; i++) {
                long at = values + (long) i * WORD;
                put(words, at, arguments[i], i);
                long value = arguments[i] instanceof MemorySegment struct ? struct.address() : words.address() + at;
                words.set(ValueLayout.JAVA_LONG, (long) i * WORD, value);
            }
            if (overlaps) {
                driver.launchEarly(function, grid, block, sharedBytes, stream, words, arena);
            } else {
                driver.launch(function, grid, block, sharedBytes, stream, words);
            }
        }
    }

    private void put(MemorySegment words, long at, @Nullable Object argument, int index) {
        switch (argument) {
            case null -> words.set(ValueLayout.JAVA_LONG, at, 0L);
            case Tensor tensor -> words.set(ValueLayout.JAVA_LONG, at, address(tensor, index));
            case Integer value -> words.set(ValueLayout.JAVA_INT, at, value);
            case Long value -> words.set(ValueLayout.JAVA_LONG, at, value);
            case Float value -> words.set(ValueLayout.JAVA_FLOAT, at, value);
            case Double value -> words.set(ValueLayout.JAVA_DOUBLE, at, value);
            case MemorySegment struct -> {} // read where it lies
            default ->
                throw new IllegalArgumentException("argument %d of kernel %s is a %s"
                        .formatted(index, name, argument.getClass().getSimpleName()));
        }
    }

    private long address(Tensor tensor, int index) {
        if (!tensor.isCuda()) {
            throw new IllegalArgumentException(
                    "argument %d of kernel %s lies in the host's memory".formatted(index, name));
        }
        return tensor.address();
    }

    @Override
    public String toString() {
        return name;
    }
}
