package dev.lizard.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.jspecify.annotations.Nullable;

/**
 * An n-dimensional array in native memory, with gradients.
 *
 * <p>Here: identity, sizes, copies, data out, gradients. The operations stand by topic in the classes above: {@link
 * ElementwiseOps}, {@link ComparisonOps}, {@link ReductionOps}, {@link ProductOps}, {@link AttentionOps}, {@link
 * ShapeOps} and {@link InPlaceOps}. Names are libtorch's; methods whose name ends in {@code _} change the tensor in place
 * and return it. Negative axes count from the end. A tensor belongs to a {@link Scope} and cannot be used after that scope, or the tensor itself, was closed.
 */
public final class Tensor extends InPlaceOps implements AutoCloseable {
    private static final MemoryFormatOptional SAME_FORMAT = new MemoryFormatOptional();
    private static final BoolOptional DEFAULT = new BoolOptional();
    private static final TensorArrayRefOptional ALL_LEAVES = new TensorArrayRefOptional();

    /** Result of {@link #topK}. */
    public record TopK(Tensor values, Tensor indices) {}

    private org.bytedeco.pytorch.@Nullable Tensor handle;
    private @Nullable DType dtype; // once it was asked for
    private Scope owner;
    private int slot;

    private Tensor(org.bytedeco.pytorch.Tensor handle, Scope owner) {
        this.handle = handle;
        this.owner = owner;
    }

    /** Takes a result of the engine into the innermost open scope. */
    static Tensor wrap(org.bytedeco.pytorch.Tensor handle) {
        Scope scope = Scope.current();
        Tensor tensor = new Tensor(handle, scope);
        scope.register(tensor);
        return tensor;
    }

    @Override
    org.bytedeco.pytorch.Tensor handle() {
        if (handle == null) {
            throw new IllegalStateException("tensor used after it was closed");
        }
        return handle;
    }

    Scope owner() {
        return owner;
    }

    int slot() {
        return slot;
    }

    void place(Scope scope, int index) {
        owner = scope;
        slot = index;
    }

    void free() {
        if (handle != null) {
            handle.close();
            handle = null;
        }
    }

    /** Frees the tensor before its scope does. Closing twice is harmless. */
    @Override
    public void close() {
        if (handle != null) {
            owner.release(this);
            free();
        }
    }

    // ---- sizes -------------------------------------------------------------------------------------------------

    public long[] shape() {
        long[] shape = new long[rank()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = handle().size(i);
        }
        return shape;
    }

    public long size(int axis) {
        return handle().size(axis);
    }

    public int rank() {
        return (int) handle().dim();
    }

    /** Elements between neighbours along {@code axis}, counted from the end if negative. */
    public long stride(int axis) {
        return handle().stride(axis);
    }

    /** Number of elements. */
    public long count() {
        return handle().numel();
    }

    /** Bytes of the elements (a view's own, not its base's). */
    public long bytes() {
        return handle().nbytes();
    }

    public DType dtype() {
        if (dtype == null) {
            dtype = DType.of(handle().scalar_type());
        }
        return dtype;
    }

    public Device device() {
        if (!isCuda()) {
            return Device.CPU;
        }
        org.bytedeco.pytorch.Device device = handle().device();
        try (device) {
            return Device.cuda(device.index());
        }
    }

    /** Whether the elements lie in the memory of a CUDA device. */
    public boolean isCuda() {
        return handle().is_cuda();
    }

    // ---- copies ------------------------------------------------------------------------------------------------

    public Tensor copy() {
        return wrap(handle().clone());
    }

    public Tensor to(DType dtype) {
        return wrap(handle().to(dtype.scalarType()));
    }

    public Tensor to(Device device) {
        return wrap(handle().to(device.handle(), dtype().scalarType()));
    }

    /** As {@link #to(Device)}, but from the CPU to a CUDA device without waiting for what is queued there. */
    public Tensor upload(Device device) {
        if (!device.isCuda() || handle().is_cuda()) {
            return to(device);
        }
        try (org.bytedeco.pytorch.Tensor pinned = handle().pin_memory()) {
            return wrap(pinned.to(device.handle(), dtype().scalarType(), true, false, SAME_FORMAT));
        }
    }

    // ---- data out ----------------------------------------------------------------------------------------------

    /** The single element as a double. Waits for the device. */
    public double item() {
        try (Scalar scalar = handle().item()) {
            return scalar.toDouble();
        }
    }

    /** Whether the elements follow one another in memory, row-major; strides of axes of size 1 do not count. */
    public boolean isContiguous() {
        return handle().is_contiguous();
    }

    /**
     * The elements themselves, without a copy, valid until the tensor is closed.
     *
     * @throws IllegalStateException unless the tensor is contiguous on the CPU
     */
    public MemorySegment segment() {
        if (isCuda() || !isContiguous()) {
            throw new IllegalStateException("only a contiguous tensor on the CPU can be seen as a memory segment");
        }
        return bytes() == 0
                ? MemorySegment.NULL
                : MemorySegment.ofAddress(address()).reinterpret(bytes());
    }

    /** Address of the first element in the memory of its device. */
    public long address() {
        return handle().data_ptr().address();
    }

    /** All elements, row-major, as floats (converted if need be). */
    public float[] floats() {
        try (Scope scope = Scope.open()) {
            return onHost(DType.FLOAT32).segment().toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    public double[] doubles() {
        try (Scope scope = Scope.open()) {
            return onHost(DType.FLOAT64).segment().toArray(ValueLayout.JAVA_DOUBLE);
        }
    }

    public long[] longs() {
        try (Scope scope = Scope.open()) {
            return onHost(DType.INT64).segment().toArray(ValueLayout.JAVA_LONG);
        }
    }

    private Tensor onHost(DType dtype) {
        return detach().to(dtype).to(Device.CPU).contiguous();
    }

    // ---- gradients ---------------------------------------------------------------------------------------------

    /** Makes this leaf collect gradients (or not). */
    public Tensor requiresGrad(boolean on) {
        handle().set_requires_grad(on);
        return this;
    }

    /** Grows with each change in place, of this tensor or of another over the same memory. */
    public long version() {
        return handle()._version();
    }

    public boolean requiresGrad() {
        return handle().requires_grad();
    }

    /** The same data cut from the graph: where gradients of a segment end. */
    public Tensor detach() {
        return wrap(handle().detach());
    }

    /** The same tensor, graph and gradient included, under an owner of its own. */
    Tensor alias() {
        return wrap(new org.bytedeco.pytorch.Tensor(handle()));
    }

    /** The gradient collected so far, or null. */
    public @Nullable Tensor grad() {
        org.bytedeco.pytorch.Tensor grad = handle().grad(); // a reference into the engine, not ours to close
        return grad.defined() ? wrap(new org.bytedeco.pytorch.Tensor(grad)) : null;
    }

    /** Lets gradients be collected in {@code memory}, which is added to from now on. */
    public void gradientMemory(Tensor memory) {
        org.bytedeco.pytorch.Tensor grad = handle().mutable_grad();
        grad.put(memory.handle());
    }

    /** Back-propagates from this scalar. */
    public void backward() {
        handle().backward();
    }

    /** Back-propagates with {@code gradient} injected here: how a segment receives what a later one computed. */
    public void backward(Tensor gradient) {
        handle().backward(gradient.handle(), DEFAULT, false, ALL_LEAVES);
    }

    @Override
    public String toString() {
        return handle == null ? "Tensor(closed)" : "Tensor" + Arrays.toString(shape()) + " " + dtype() + " " + device();
    }
}
