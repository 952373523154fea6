package dev.lizard.model;

import dev.lizard.mixer.Positions;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.RecordedWork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The decoding step of one {@link DecoderState}, recorded on the device and replayed: ids in, scores out. The first
 * step runs as usual and is recorded in passing; every later one costs the host one call. Positions and ids are read
 * from the device's memory, so the rows may stand anywhere and change between steps.
 *
 * <p>A recording knows addresses. It {@linkplain #fits fits} as long as the state's tensors and the decoder's
 * {@link Execution} are those of the recording; it is closed before either.
 */
public final class GraphedDecode implements AutoCloseable {
    private final Decoder decoder;
    private final DecoderState state;
    private final Execution execution;
    private final Scope scope = Scope.owner();
    private final Tensor ids;
    private final Tensor logits;
    private final Tensor read;
    private final long[] believed; // what `read` holds
    private List<Tensor> memory = List.of();
    private @Nullable RecordedWork graph;
    private @Nullable Tail tail;

    /** What stands behind a step in the recording. */
    @FunctionalInterface
    public interface Tail {
        /** From the step's scores [B, V], in the model's type, to the ids [B] that the next step reads. */
        Tensor next(Tensor scores);
    }

    /** Nothing is recorded before the first {@link #step}. {@code decoder} must be {@link #served}. */
    public GraphedDecode(Decoder decoder, DecoderState state) {
        this.decoder = decoder;
        this.state = state;
        execution = decoder.execution();
        int batch = state.batch();
        believed = new long[batch];
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            ids = scope.adopt(Tensors.zeros(DType.INT64, decoder.device(), batch, 1));
            read = scope.adopt(Tensors.zeros(DType.INT64, decoder.device(), batch));
            logits = scope.adopt(Tensors.zeros(
                    DType.FLOAT32, decoder.device(), batch, decoder.config().vocabSize()));
        }
    }

    /** Whether steps of {@code decoder} can be recorded: CUDA, and no mixer whose state grows. */
    public static boolean served(Decoder decoder) {
        return decoder.execution().graphsSteps();
    }

    /** Whether the recording, or the lack of one, is still that of the decoder and the state. */
    public boolean fits() {
        return decoder.execution() == execution && (graph == null || memory.equals(held()));
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
        if (next.length != believed.length) {
            throw new IllegalStateException("a recorded step for another batch");
        }
        try (Scope work = Scope.open()) {
            ids.copy_(Tensors.of(next, next.length, 1));
        }
        return step();
    }

    /** Says what each step does with its scores; before the first. */
    public void then(Tail does) {
        tail = does;
    }

    /** As {@link #step(int[])}, of the ids that the {@linkplain #then tail} of the step before has given. */
    public Tensor step() {
        if (!fits()) {
            throw new IllegalStateException("a recorded step for another state or execution");
        }
        try (Scope work = Scope.open();
                Gradients off = Gradients.off()) {
            if (!Arrays.equals(believed, state.read())) {
                read.copy_(Tensors.of(state.read(), believed.length));
            }
            if (graph == null) {
                graph = RecordedWork.record(decoder.device(), this::advance, this::advance);
                memory = held();
            } else {
                graph.replay();
            }
            state.count(1);
            System.arraycopy(state.read(), 0, believed, 0, believed.length);
        }
        return logits;
    }

    private void advance() {
        try (Scope work = Scope.open();
                Positions at = Positions.on(decoder.rotary(), read, 0)) {
            Tensor hidden = execution.advance(ids, state, at); // [B, 1, D]
            Tensor scores = decoder.logits(hidden).view(believed.length, -1);
            logits.copy_(scores);
            if (tail != null) {
                ids.copy_(tail.next(scores).view(believed.length, 1));
            }
            read.add_(1);
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
