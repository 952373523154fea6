package dev.lizard.eval.kernels;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.DecodeClock;
import dev.lizard.tensor.kernel.DecodeCounters;
import dev.lizard.tensor.kernel.DecodeKernel;
import dev.lizard.tensor.kernel.RecordedWork;
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
    private final Tensor read; // [B]
    private final Tensor frequencies; // [d/2]
    private final int window;
    private final DecodeCounters counters;
    private final Tensor x; // [B, 1, D]
    private final Tensor q; // [B, H, 1, d]
    private final Tensor k; // [B, G, 1, d]
    private final Tensor v;
    private final List<Layer> layers = new ArrayList<>();
    private final @Nullable RecordedWork graph;

    DecodeStep(RandomInputs random, KernelShape s) {
        device = random.device();
        window = s.window();
        counters = new DecodeCounters(device);
        try (Scope work = Scope.open()) {
            read = scope.adopt(Tensors.full(SEEN, DType.INT64, device, s.batch()));
            frequencies = scope.adopt(Tensors.of(RandomInputs.frequencies(s.width()), s.width() / 2)
                    .to(device));
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
        graph = RecordedWork.supported(device) ? RecordedWork.record(device, this::queue, this::queue) : null;
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
        graph.replay();
    }

    private void queue() {
        try (Scope step = Scope.open()) {
            DecodeClock clock = new DecodeClock(read, frequencies, 1, window, counters, step);
            for (Layer layer : layers) {
                DecodeKernel.step(x, q, k, v, layer.maps, layer.memory, clock);
            }
            read.add_(1);
        }
    }

    @Override
    public void close() {
        Engine.synchronize(device);
        if (graph != null) {
            graph.close();
        }
        counters.close();
        scope.close();
    }
}
