package dev.lizard.distill;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.ParameterBuffer;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.text.Batch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A step of training up to its update. When it is made, its sequences are read and on their way to the device; once
 * begun, its passes and the clip of their gradients are queued there; only {@link #numbers} waits for them. So it can be
 * made while the device is busy with the step before, and begun before anybody has told of that one.
 */
final class PrefetchedStep implements AutoCloseable {
    /** What a pass reads, and the same on the device. */
    private record Pass(Batch batch, Ids ids) {}

    private final TrainSettings settings;
    private final long done;
    private final Scope scope = Scope.owner();
    private final List<Pass> passes = new ArrayList<>();
    /** float64 [passes + 1]. */
    private @Nullable Tensor numbers;

    /** Reads and uploads what the step after {@code done} others learns from. */
    PrefetchedStep(SequenceSource data, TrainSettings settings, long done, Device device) {
        this.settings = settings;
        this.done = done;
        long first = done * settings.sequencesPerStep();
        try (Scope work = Scope.open()) {
            for (int i = 0; i < settings.accumulate(); i++) {
                Batch batch = data.batch(first + (long) i * settings.batch(), settings.batch());
                passes.add(new Pass(batch, Ids.of(batch, device)));
            }
            passes.forEach(pass -> pass.ids.adopted(scope));
        }
    }

    /** Queues zeroing of the gradients, the passes and the clip, once; parameters are read from now on. */
    void begin(GraphedPass recorded, ParameterBuffer parameters) {
        parameters.zeroGradients();
        recorded.begin(done);
        double share = 1.0 / settings.accumulate();
        try (Scope work = Scope.open()) {
            List<Tensor> results = new ArrayList<>();
            for (Pass pass : passes) {
                results.add(recorded.accumulate(pass.ids, share).to(DType.FLOAT64));
            }
            results.add(parameters.clipGradients(settings.clip()).to(DType.FLOAT64));
            numbers = scope.adopt(Tensors.stack(results, 0));
        }
    }

    boolean begun() {
        return numbers != null;
    }

    /** Waits for what was begun: the mean loss of each pass, then the gradients' norm before clipping. */
    double[] numbers() {
        Tensor queued = numbers;
        if (queued == null) {
            throw new IllegalStateException("the step was not begun");
        }
        return queued.doubles();
    }

    /** What pass {@code index} (from 0) reads. */
    Batch batch(int index) {
        return passes.get(index).batch;
    }

    /** Drops what is queued: the device may still do it, but nobody will know. */
    @Override
    public void close() {
        scope.close();
    }
}
