package dev.lizard.tensor.kernel;

import dev.lizard.tensor.Device;
import dev.lizard.tensor.cuda.CudaGraph;

/**
 * A recorded sequence of operations and kernels, replayed with one call that costs the host next to nothing.
 *
 * <p>Replays read and write the same addresses as the recording did: what is to change between them must be copied into
 * tensors that were there before. One replay at a time.
 */
public final class RecordedWork implements AutoCloseable {
    private final CudaGraph graph;

    private RecordedWork(CudaGraph graph) {
        this.graph = graph;
    }

    /** Whether work on {@code device} can be recorded here; {@code -Dlizard.nographs=true} says no. */
    public static boolean supported(Device device) {
        return CudaGraph.supported(device);
    }

    /**
     * Runs {@code first}, then records {@code work}, which is not run.
     *
     * @param device a device that is {@link #supported}
     * @param first the same operations as {@code work}: all that happens once only, such as compilation, happens here
     * @param work queues operations and must not wait for the device
     */
    public static RecordedWork record(Device device, Runnable first, Runnable work) {
        return new RecordedWork(CudaGraph.record(device, first, work));
    }

    /** Queues the recorded work once more. */
    public void replay() {
        graph.replay();
    }

    /** Frees the recording and its memory; the device must have finished its last replay. */
    @Override
    public void close() {
        graph.close();
    }
}
