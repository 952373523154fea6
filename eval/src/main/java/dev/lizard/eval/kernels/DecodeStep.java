package dev.lizard.eval.kernels;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.CudaGraph;
import dev.lizard.tensor.cuda.DecodeClock;
import dev.lizard.tensor.cuda.DecodeKernel;
import dev.lizard.tensor.cuda.GraphClocks;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A token through the mixers of all layers of SmolLM2-135M, each with weights and a state of its own, so that no cache
 * of the card holds what a real step would have to fetch. Recorded once and replayed, where that is possible.
 */
final class DecodeStep implements AutoCloseable {
    static final int LAYERS = 30;
    static final int MODEL_WIDTH = 576;
    private static final long SEEN = 4096;

    private record Layer(DecodeKernel.Maps maps, DecodeKernel.Memory memory) {}

    private final Scope scope = Scope.owner();
    private final Device device;
    private final DecodeClock clock;
    private final GraphClocks clocks = new GraphClocks();
    private final Tensor x; // [B, 1, D]
    private final Tensor q; // [B, H, 1, d]
    private final Tensor k; // [B, G, 1, d]
    private final Tensor v;
    private final List<Layer> layers = new ArrayList<>();
    private final @Nullable CudaGraph graph;
    private long seen = SEEN;

    DecodeStep(RandomInputs random, KernelShape s) {
        device = random.device();
        clock = new DecodeClock(RandomInputs.frequencies(s.width()), 1, s.window(), device);
        try (Scope work = Scope.open()) {
            x = scope.adopt(random.normal(DType.BFLOAT16, s.batch(), 1, MODEL_WIDTH));
            q = scope.adopt(random.normal(DType.BFLOAT16, s.batch(), s.heads(), 1, s.width()));
            k = scope.adopt(random.normal(DType.BFLOAT16, s.batch(), s.keyHeads(), 1, s.width()));
            v = scope.adopt(random.normal(DType.BFLOAT16, s.batch(), s.keyHeads(), 1, s.width()));
        }
        for (int i = 0; i < LAYERS; i++) {
            try (Scope work = Scope.open()) {
                layers.add(layer(random, s));
            }
        }
        graph = CudaGraph.supported(device) ? CudaGraph.record(device, this::queue, this::queueRecorded) : null;
    }

    private Layer layer(RandomInputs random, KernelShape s) {
        int group = s.heads() / s.keyHeads();
        long features = 2L * s.half();
        return new Layer(
                new DecodeKernel.Maps(
                        scope.adopt(random.normal(DType.FLOAT32, s.heads(), MODEL_WIDTH)
                                .mul(1 / Math.sqrt(MODEL_WIDTH))),
                        scope.adopt(random.normal(DType.FLOAT32, s.heads()).add(4)),
                        scope.adopt(random.normal(DType.FLOAT32, s.heads())),
                        scope.adopt(random.share(s)),
                        scope.adopt(random.map(DType.FLOAT32, s.heads(), s.width(), s.half())),
                        scope.adopt(random.map(DType.FLOAT32, s.keyHeads(), s.width(), group * s.half()))),
                new DecodeKernel.Memory(
                        scope.adopt(random.normal(DType.FLOAT32, s.batch(), s.keyHeads(), s.window(), s.width())),
                        scope.adopt(random.normal(DType.FLOAT32, s.batch(), s.keyHeads(), s.window(), s.width())),
                        scope.adopt(random.normal(DType.FLOAT32, s.batch(), s.heads(), features, s.width() + 1L)
                                .abs())));
    }

    /** Queues one step. */
    void run() {
        if (graph == null) {
            queue();
            return;
        }
        clocks.set(seen, seen);
        graph.replay();
        clocks.replayed();
        seen++;
    }

    private void queue() {
        queueLayers();
        seen++;
    }

    private void queueRecorded() {
        clocks.record(List.of(clock), this::queueLayers);
    }

    private void queueLayers() {
        for (Layer layer : layers) {
            try (Scope work = Scope.open()) {
                DecodeKernel.step(x, q, k, v, layer.maps, layer.memory, clock, seen, seen);
            }
        }
    }

    @Override
    public void close() {
        Engine.synchronize(device);
        if (graph != null) {
            graph.close();
        }
        clock.close();
        scope.close();
    }
}
