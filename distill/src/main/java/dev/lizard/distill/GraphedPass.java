package dev.lizard.distill;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.RecordedWork;
import org.jspecify.annotations.Nullable;

/**
 * The passes of an objective, recorded on the device at the first and replayed from then on: thousands of operations
 * that took the host longer to name than the device to do then cost it one call. Where nothing can be recorded, and for
 * batches of another shape, passes run as they are.
 *
 * <p>A recording knows addresses: parameters, gradients and frozen weights stay where they are while it lives, what
 * else it reads is kept, and ids come by copies into tensors of its own.
 */
final class GraphedPass implements AutoCloseable {
    /** Tokens of the pass before a recording. */
    private static final int BEGINNING = 256;

    private final Objective objective;
    private final Device device;
    private final Scope scope = Scope.owner();
    private @Nullable Recording recording;

    /** What a pass reads, the scalar loss, and what it computes of both. */
    private record Recording(RecordedWork graph, Ids ids, Tensor loss, double share) {
        boolean fits(Ids others, double ofBatch) {
            return ids.hasShapeOf(others) && ofBatch == share;
        }
    }

    GraphedPass(Objective objective) {
        this.objective = objective;
        device = objective.parameters().values().device();
    }

    /** Whether passes of the shape met first are replayed: they cost the host nothing and wait for nothing. */
    boolean recorded() {
        return recording != null;
    }

    /** As {@link Objective#begin}. */
    void begin(long done) {
        objective.begin(done);
    }

    /** As {@link Objective#accumulate(Ids, double)}; all gradients are zero when it is called first. */
    Tensor accumulate(Ids ids, double share) {
        if (recording == null && RecordedWork.supported(device) && objective.recordable()) {
            try (Scope work = Scope.open()) {
                recording = record(ids, share);
            }
        }
        Recording made = recording;
        if (made == null || !made.fits(ids, share)) {
            return objective.accumulate(ids, share);
        }
        made.ids.set(ids);
        made.graph.replay();
        return made.loss.copy();
    }

    /**
     * Compiles and loads with a pass over the beginning of one sequence, whose gradients are dropped: a whole batch
     * would leave as much memory behind as the recording takes.
     */
    private Recording record(Ids first, double share) {
        Ids ids = first.copy().adopted(scope);
        Tensor loss = scope.adopt(Tensors.zeros(DType.FLOAT32, device));
        objective.keep(ids.inputs().size(1), scope);
        RecordedWork graph = RecordedWork.record(
                device, () -> pass(ids.beginning(BEGINNING), share, loss), () -> pass(ids, share, loss));
        objective.parameters().zeroGradients();
        return new Recording(graph, ids, loss, share);
    }

    private void pass(Ids ids, double share, Tensor loss) {
        try (Scope work = Scope.open()) {
            loss.copy_(objective.accumulate(ids, share));
        }
    }

    @Override
    public void close() {
        if (recording != null) {
            Engine.synchronize(device);
            recording.graph.close();
            recording = null;
        }
        scope.close();
    }
}
