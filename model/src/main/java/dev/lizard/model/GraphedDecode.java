package dev.lizard.model;

import dev.lizard.mixer.MixerState;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.CudaGraph;
import dev.lizard.tensor.cuda.GraphClocks;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The decoding step of one {@link DecoderState}, recorded on the device and replayed: ids in, scores out. The first
 * step runs as usual and is recorded in passing; every later one costs the host one call. Position and ids are read
 * from the device's memory.
 *
 * <p>A recording knows addresses. It {@linkplain #fits fits} as long as the state's tensors and what the decoder
 * {@linkplain Decoder#prepare prepared} are those of the recording; it is closed before either.
 */
public final class GraphedDecode implements AutoCloseable {
    private final Decoder decoder;
    private final DecoderState state;
    private final int batch;
    private final Scope scope = Scope.owner();
    private final Scope preparation;
    private final Tensor ids;
    private final Tensor logits;
    private final GraphClocks clocks = new GraphClocks();
    private List<Tensor> memory = List.of();
    private @Nullable CudaGraph graph;

    /** Nothing is recorded before the first {@link #step}. {@code decoder} must be {@link #served}. */
    public GraphedDecode(Decoder decoder, DecoderState state, int batch) {
        this.decoder = decoder;
        this.state = state;
        this.batch = batch;
        preparation = decoder.preparation();
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            ids = scope.adopt(Tensors.zeros(DType.INT64, decoder.device(), batch, 1));
            logits = scope.adopt(Tensors.zeros(
                    DType.FLOAT32, decoder.device(), batch, decoder.config().vocabSize()));
        }
    }

    /** Whether steps of {@code decoder}, which must be prepared, can be recorded: CUDA, and mixers that allow it. */
    public static boolean served(Decoder decoder) {
        return CudaGraph.supported(decoder.device()) && decoder.recordable();
    }

    /** Whether the recording, or the lack of one, is still that of the decoder and the state. */
    public boolean fits() {
        return decoder.preparation() == preparation && (graph == null || memory.equals(held()));
    }

    private List<Tensor> held() {
        List<Tensor> held = new ArrayList<>();
        for (int i = 0; i < decoder.layers(); i++) {
            held.addAll(state.layer(i).tensors().values());
        }
        return held;
    }

    /**
     * Reads one more token of each sequence.
     *
     * @param next ids [B]
     * @return scores of the tokens after them [B, V], float32 on the device; the next step overwrites them
     * @throws IllegalStateException if the recording does not {@linkplain #fits fit} any more
     */
    public Tensor step(int[] next) {
        if (next.length != batch || !fits()) {
            throw new IllegalStateException("a recorded step for another batch, state or preparation");
        }
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            ids.copy_(Tensors.of(next, batch, 1));
            if (graph == null) {
                graph = CudaGraph.record(decoder.device(), this::advance, this::advanceRecorded);
                memory = held();
            } else {
                clocks.set(state.layer(0).position(), state.tokens());
                graph.replay();
                clocks.replayed();
                count(1);
            }
        }
        return logits;
    }

    private void advance() {
        try (Scope work = Scope.open()) {
            Tensor hidden = decoder.advance(ids, state); // [B, 1, D]
            logits.copy_(decoder.logits(hidden).view(batch, -1));
        }
    }

    private void advanceRecorded() {
        clocks.record(decoder.clocks(), this::advance);
        count(-1);
    }

    private void count(int tokens) {
        for (int i = 0; i < decoder.layers(); i++) {
            MixerState layer = state.layer(i);
            layer.saw(tokens);
        }
    }

    @Override
    public void close() {
        if (graph != null) {
            Engine.synchronize(decoder.device());
            graph.close();
            graph = null;
        }
        scope.close();
    }
}
