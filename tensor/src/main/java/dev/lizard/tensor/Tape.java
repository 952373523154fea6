package dev.lizard.tensor;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets operations with a gradient of their own, such as CUDA kernels, stand between stretches of automatic
 * differentiation.
 *
 * <p>The graph is cut at each such operation: it reads its inputs without recording, and its outputs are new leaves.
 * {@link #unwind} walks the operations from the last to the first. By then all that follows an operation has put its
 * gradients into the leaves; the operation turns them into gradients of its inputs, and these go on, all at once,
 * through the stretch before.
 *
 * <p>A stretch can be walked only once. So a tensor that is read before an operation and after it (a residual stream)
 * is itself {@linkplain #cut cut}: its leaf collects from both sides, then passes the sum on.
 *
 * <p>A tape serves one forward and one backward pass on one thread and is closed after it.
 */
public final class Tape implements AutoCloseable {
    /** Records nothing: operations only compute. For passes without gradients. */
    public static final Tape OFF = new Tape(false);

    private final boolean recording;
    private final List<Entry> entries = new ArrayList<>();
    private final GradientSums sums = new GradientSums();
    private final LeafGradients leaves = new LeafGradients();

    /** An operation and its gradient. An instance serves one call, so that it may keep what its gradient needs. */
    public interface Operation {
        /**
         * Computes the outputs, with recording switched off. They belong to the innermost scope.
         *
         * @param inputs without their graph
         * @param kept what is adopted here lives until {@link #backward} is done
         */
        List<Tensor> forward(List<Tensor> inputs, Scope kept);

        /**
         * Gradients of the inputs, in the innermost scope.
         *
         * @param inputs those of {@link #forward}
         * @param gradients of each output, null where none arrived; not all are null
         * @return one for each input, of its shape and type, where a parameter's may have fewer bits; null where none
         *     flows. The same tensor may be that of several inputs
         */
        List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients);
    }

    /** A stretch of a network with its own operations, for {@link #recompute}. */
    @FunctionalInterface
    public interface Part {
        Tensor apply(Tensor input, Tape tape);
    }

    /**
     * What {@link #unwind} needs of one operation.
     *
     * @param places where a source that is a parameter collects its gradients, null for other sources
     */
    private record Entry(
            Operation operation,
            List<Tensor> sources,
            List<@Nullable Tensor> places,
            List<Tensor> inputs,
            List<Tensor> outputs,
            Scope scope) {}

    public Tape() {
        this(true);
    }

    private Tape(boolean recording) {
        this.recording = recording;
    }

    /** Whether an operation on this tape may stand for composed ones: it is recorded, or no gradient is wanted. */
    public boolean carries() {
        return recording || !Gradients.enabled();
    }

    /** The single output of {@code operation}. */
    public Tensor apply(Operation operation, Tensor... inputs) {
        return apply(operation, List.of(inputs)).getFirst();
    }

    /** The outputs of {@code operation}: leaves where a gradient is wanted of any input. */
    public List<Tensor> apply(Operation operation, List<Tensor> inputs) {
        return record(operation, inputs, inputs.stream().anyMatch(Tensor::requiresGrad));
    }

    private List<Tensor> record(Operation operation, List<Tensor> inputs, boolean wanted) {
        Scope kept = Scope.owner();
        try (Gradients off = Gradients.off()) {
            List<Tensor> plain =
                    inputs.stream().map(Tensor::detach).map(kept::adopt).toList();
            List<Tensor> outputs = operation.forward(plain, kept);
            if (recording && wanted) {
                List<Tensor> sources =
                        inputs.stream().map(Tensor::alias).map(kept::adopt).toList();
                List<@Nullable Tensor> places = new ArrayList<>();
                for (Tensor source : sources) {
                    Tensor place = source.requiresGrad() && Gradients.endIn(source) ? source.grad() : null;
                    places.add(place == null ? null : kept.adopt(place));
                }
                outputs.forEach(output -> output.requiresGrad(true));
                List<Tensor> leaves =
                        outputs.stream().map(Tensor::alias).map(kept::adopt).toList();
                entries.add(new Entry(operation, sources, places, plain, leaves, kept));
                kept = Scope.owner();
            }
            return outputs;
        } finally {
            kept.close();
        }
    }

    /** {@code x} itself, cut from its graph until the tape is unwound. */
    public Tensor cut(Tensor x) {
        return recording && x.requiresGrad() ? apply(new Cut(), x) : x;
    }

    /**
     * {@code part} of {@code x}, computed once more on the way back instead of kept: of the whole stretch only {@code
     * x} is held in between.
     */
    public Tensor recompute(Part part, Tensor x) {
        return recording ? record(new Recomputed(part), List.of(x), true).getFirst() : part.apply(x, OFF);
    }

    /** Back-propagates {@code gradient} from {@code root} through everything on this tape. */
    public void backward(Tensor root, Tensor gradient) {
        root.backward(gradient);
        unwind();
    }

    /** Carries on a back-propagation that has reached the last operations' outputs, down to the first's inputs. */
    public void unwind() {
        while (!entries.isEmpty()) {
            Entry entry = entries.removeLast();
            try (Scope work = Scope.open();
                    Scope owned = entry.scope;
                    Gradients off = Gradients.off()) {
                List<@Nullable Tensor> arrived = new ArrayList<>();
                entry.outputs.forEach(output -> arrived.add(leaves.take(output)));
                if (arrived.stream().anyMatch(gradient -> gradient != null)) {
                    pass(entry, entry.operation.backward(entry.inputs, arrived));
                }
            }
        }
        sums.flush();
        leaves.settle();
    }

    private void pass(Entry entry, List<@Nullable Tensor> gradients) {
        List<Tensor> roots = new ArrayList<>();
        List<Tensor> injected = new ArrayList<>();
        for (int i = 0; i < gradients.size(); i++) {
            Tensor gradient = gradients.get(i);
            Tensor source = entry.sources.get(i);
            if (gradient == null || !source.requiresGrad()) {
                continue;
            }
            Tensor place = entry.places.get(i);
            if (place != null) {
                sums.add(place, gradient);
            } else if (Gradients.endIn(source)) {
                leaves.add(source, gradient);
            } else {
                roots.add(source);
                injected.add(gradient);
            }
        }
        if (!roots.isEmpty() && leaves.inject(roots, injected)) {
            sums.flush();
        }
    }

    /** Drops what was not unwound. */
    @Override
    public void close() {
        entries.forEach(entry -> entry.scope.close());
        entries.clear();
        sums.close();
        leaves.close();
    }

    /** The identity. */
    private record Cut() implements Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            return List.of(inputs.getFirst().detach());
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            return gradients;
        }
    }

    private record Recomputed(Part part) implements Operation {
        @Override
        public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
            return List.of(part.apply(inputs.getFirst(), OFF).detach());
        }

        @Override
        public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
            Tensor gradient = gradients.getFirst();
            try (Tape again = new Tape();
                    Gradients on = Gradients.on()) {
                Tensor x = inputs.getFirst().detach().requiresGrad(true);
                Tensor y = part.apply(x, again);
                if (gradient != null) {
                    again.backward(y, gradient);
                }
                List<@Nullable Tensor> result = new ArrayList<>();
                result.add(x.grad());
                return result;
            }
        }
    }
}
