package dev.lizard.tensor;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), moments in float32.
 *
 * <pre>
 *   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← (1 − η λ) θ − η (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 * </pre>
 *
 * A step is a handful of calls for each group of a {@link ParameterBuffer}, however many parameters it holds.
 */
public final class AdamW implements AutoCloseable {
    /** {@code beta1}, {@code beta2} and {@code epsilon} of the formulas above. */
    public record Settings(double beta1, double beta2, double epsilon) {}

    private final ParameterBuffer buffer;
    private final Settings settings;
    private final Scope scope = Scope.owner();
    private final Tensor first;
    private final Tensor second;
    private long steps;

    public AdamW(ParameterBuffer buffer, Settings settings) {
        this.buffer = buffer;
        this.settings = settings;
        Device device = buffer.values().device();
        try (Scope work = Scope.open()) {
            first = scope.adopt(
                    Tensors.zeros(DType.FLOAT32, device, buffer.values().count()));
            second = scope.adopt(
                    Tensors.zeros(DType.FLOAT32, device, buffer.values().count()));
        }
    }

    /** One update with the gradients now in the buffer; {@code learningRate} is η before each group's factor. */
    public void step(double learningRate) {
        steps++;
        double correction1 = 1 - Math.pow(settings.beta1(), (double) steps);
        double correction2 = Math.sqrt(1 - Math.pow(settings.beta2(), (double) steps));
        try (Gradients off = Gradients.off();
                Scope work = Scope.open()) {
            Tensor g = buffer.gradients();
            first.lerp_(g, 1 - settings.beta1());
            second.mul_(settings.beta2()).addcmul_(g, g, 1 - settings.beta2());
            Tensor denominator = second.sqrt().mul_(1 / correction2).add_(settings.epsilon());
            for (ParameterBuffer.Range range : buffer.ranges()) {
                double rate = learningRate * range.group().rate();
                Tensor values = buffer.values().narrow(0, range.start(), range.length());
                if (range.group().weightDecay() != 0) {
                    values.mul_(1 - rate * range.group().weightDecay());
                }
                values.addcdiv_(
                        first.narrow(0, range.start(), range.length()),
                        denominator.narrow(0, range.start(), range.length()),
                        -rate / correction1);
            }
        }
    }

    /** First moments, [total] float32, for checkpoints. */
    public Tensor firstMoments() {
        return first;
    }

    /** Second moments, [total] float32, for checkpoints. */
    public Tensor secondMoments() {
        return second;
    }

    public long steps() {
        return steps;
    }

    /** Continues after {@code steps} updates; the moments are copied into place by the caller. */
    public void resumeAt(long steps) {
        this.steps = steps;
    }

    @Override
    public void close() {
        scope.close();
    }
}
