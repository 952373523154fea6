package dev.lizard.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Trainable parameters that lie side by side in one float32 buffer, with their gradients in a second one.
 *
 * <p>Each parameter is a leaf that looks into the buffer, and its gradient is added straight into its place in the
 * gradient buffer. So the optimiser, the gradient norm and a checkpoint each see one tensor, however many parameters
 * there are. Each begins at a multiple of 16 bytes, as kernels that read whole words want it; the numbers between two of
 * them stay zero. Parameters are grouped: a group is a contiguous range with its own learning-rate factor and weight decay.
 */
public final class ParameterBuffer implements AutoCloseable {
    /** A named initial value; {@code group} must be one of the buffer's groups. */
    public record Entry(String name, Tensor initial, String group) {}

    /** Hyper-parameters of a group: its learning rate is {@code rate} times the schedule's. */
    public record Group(String name, double rate, double weightDecay) {}

    record Range(Group group, long start, long length) {}

    /** Numbers of 16 bytes. */
    private static final int WORD = 4;

    private final Scope scope = Scope.owner();
    private final Tensor values;
    private final Tensor gradients;
    private final Map<String, Tensor> parameters = new LinkedHashMap<>();
    private final List<Range> ranges = new ArrayList<>();

    /**
     * Copies the initial values, in order of groups, then of entries.
     *
     * @throws IllegalArgumentException for an entry of an unknown group or a name used twice
     */
    public ParameterBuffer(List<Entry> entries, List<Group> groups, Device device) {
        long total = entries.stream().mapToLong(ParameterBuffer::places).sum();
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            values = scope.adopt(Tensors.zeros(DType.FLOAT32, device, total));
            gradients = scope.adopt(Tensors.zeros(DType.FLOAT32, device, total));
            long offset = 0;
            for (Group group : groups) {
                long start = offset;
                for (Entry entry : entries) {
                    if (entry.group().equals(group.name())) {
                        place(entry, offset);
                        offset += places(entry);
                    }
                }
                if (offset > start) {
                    ranges.add(new Range(group, start, offset - start));
                }
            }
            if (offset != total) {
                throw new IllegalArgumentException("some parameters belong to none of the groups " + groups);
            }
        }
    }

    private static long places(Entry entry) {
        return Math.ceilDiv(entry.initial().count(), WORD) * WORD;
    }

    private void place(Entry entry, long offset) {
        long[] shape = entry.initial().shape();
        long count = entry.initial().count();
        Tensor leaf = values.narrow(0, offset, count)
                .view(shape)
                .copy_(entry.initial())
                .detach();
        leaf.requiresGrad(true)
                .gradientMemory(gradients.narrow(0, offset, count).view(shape));
        if (parameters.put(entry.name(), scope.adopt(leaf)) != null) {
            throw new IllegalArgumentException("two parameters named " + entry.name());
        }
    }

    /** The leaves by name, in buffer order. They live as long as this buffer. */
    public Map<String, Tensor> parameters() {
        return Collections.unmodifiableMap(parameters);
    }

    /** All values, [total] float32. */
    public Tensor values() {
        return values;
    }

    /** All gradients, [total] float32. */
    public Tensor gradients() {
        return gradients;
    }

    /** Numbers of all parameters. */
    public long count() {
        return parameters.values().stream().mapToLong(Tensor::count).sum();
    }

    List<Range> ranges() {
        return ranges;
    }

    public void zeroGradients() {
        gradients.zero_();
    }

    /**
     * Scales all gradients so that their Euclidean norm is at most {@code limit}, and returns the norm before.
     * Nothing waits for the device until the returned scalar is read.
     */
    public Tensor clipGradients(double limit) {
        try (Gradients off = Gradients.off();
                Scope work = Scope.open()) {
            Tensor norm = gradients.norm();
            Tensor factor = norm.add(1e-6).pow(-1).mul(limit).clampMax(1.0);
            gradients.mul_(factor);
            return work.promote(norm);
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
