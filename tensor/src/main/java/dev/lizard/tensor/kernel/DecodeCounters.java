package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;

/** Numbers by which blocks of a decoding kernel tell which of them comes last; zero between kernels, which see to it. */
public final class DecodeCounters implements AutoCloseable {
    private static final long FEW = 4096;

    private final Scope scope = Scope.owner();
    private final Device device;
    private Tensor zeros;

    public DecodeCounters(Device device) {
        this.device = device;
        zeros = made(FEW);
    }

    private Tensor made(long count) {
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            return scope.adopt(Tensors.zeros(DType.INT64, device, (count + 1) / 2)); // two ints each
        }
    }

    /** {@code count} ints. What was given before stays: a recording may know its address. */
    Tensor zeros(long count) {
        if (2 * zeros.count() < count) {
            zeros = made(count);
        }
        return zeros;
    }

    @Override
    public void close() {
        scope.close();
    }
}
