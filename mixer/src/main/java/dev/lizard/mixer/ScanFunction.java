package dev.lizard.mixer;

import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link SelectiveScan} over whole sequences with a gradient of its own, which keeps the state at the ends of spans alone.
 * On the way back each span, from the last to the first, is walked through once more with its graph, which is then that of
 * one span: kept whole it would be several tables of T × E × N numbers.
 *
 * <p>Inputs u, Δ, A, B and C, and perhaps where documents begin; the output is y [B, T, E].
 */
final class ScanFunction implements Tape.Operation {
    /** Tokens whose graph exists at a time. */
    static final int SPAN = 64;

    /** Inputs that have gradients. */
    private static final int DIFFERENTIABLE = 5;

    private final List<Tensor> entering = new ArrayList<>();

    private ScanFunction() {}

    /** y [B, T, E], from an empty state. */
    static Tensor scan(SelectiveScan.Inputs in, Tape tape) {
        List<Tensor> inputs = new ArrayList<>(List.of(in.u(), in.step(), in.a(), in.b(), in.c()));
        if (in.starts() != null) {
            inputs.add(in.starts());
        }
        return tape.apply(new ScanFunction(), inputs).getFirst();
    }

    private static SelectiveScan.Inputs of(List<Tensor> inputs) {
        return new SelectiveScan.Inputs(
                inputs.get(0),
                inputs.get(1),
                inputs.get(2),
                inputs.get(3),
                inputs.get(4),
                inputs.size() > DIFFERENTIABLE ? inputs.get(DIFFERENTIABLE) : null);
    }

    private static SelectiveScan.Inputs span(SelectiveScan.Inputs whole, long from) {
        return whole.narrow(from, Math.min(SPAN, whole.tokens() - from));
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        SelectiveScan.Inputs whole = of(inputs);
        List<Tensor> outputs = new ArrayList<>();
        Tensor state = kept.adopt(whole.empty());
        for (long from = 0; from < whole.tokens(); from += SPAN) {
            entering.add(state);
            SelectiveScan.Result result = SelectiveScan.chunk(span(whole, from), state);
            outputs.add(result.y());
            state = kept.adopt(result.state().copy());
        }
        return List.of(Tensors.cat(outputs, 1));
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor dy = gradients.getFirst();
        if (dy == null) {
            throw new IllegalStateException("no gradient arrived at the scan");
        }
        SelectiveScan.Inputs whole = of(inputs);
        List<Tensor> slopes = new ArrayList<>();
        try (Gradients off = Gradients.off()) {
            inputs.subList(0, DIFFERENTIABLE).forEach(input -> slopes.add(input.mul(0)));
        }
        Tensor last = null; // the gradient of the state after the span
        for (int i = entering.size() - 1; i >= 0; i--) {
            long from = (long) i * SPAN;
            try (Scope work = Scope.open()) {
                last = work.promote(back(span(whole, from), entering.get(i), dy, from, last, slopes));
            }
        }
        List<@Nullable Tensor> result = new ArrayList<>(slopes);
        if (inputs.size() > DIFFERENTIABLE) {
            result.add(null);
        }
        return result;
    }

    /** Adds a span's gradients to {@code slopes}; returns that of the state which enters it. */
    private static Tensor back(
            SelectiveScan.Inputs span, Tensor state, Tensor dy, long from, @Nullable Tensor last, List<Tensor> slopes) {
        try (Scope work = Scope.open()) {
            List<Tensor> leaves = new ArrayList<>();
            for (Tensor input : List.of(span.u(), span.step(), span.a(), span.b(), span.c(), state)) {
                leaves.add(input.detach().requiresGrad(true));
            }
            long length = span.tokens();
            try (Gradients on = Gradients.on()) {
                SelectiveScan.Result result = SelectiveScan.chunk(
                        new SelectiveScan.Inputs(
                                leaves.get(0),
                                leaves.get(1),
                                leaves.get(2),
                                leaves.get(3),
                                leaves.get(4),
                                span.starts()),
                        leaves.get(5));
                Tensor total = result.y().mul(dy.narrow(1, from, length)).sum();
                if (last != null) {
                    total = total.add(result.state().mul(last).sum());
                }
                total.backward();
            }
            for (int i = 0; i < slopes.size(); i++) {
                Tensor slope = leaves.get(i).grad();
                boolean shared = i == 2; // A, of all tokens
                Tensor place = shared ? slopes.get(i) : slopes.get(i).narrow(1, from, length);
                if (slope != null) {
                    place.add_(slope);
                }
            }
            Tensor before = leaves.get(5).grad();
            return work.promote(before == null ? state.mul(0) : before.copy());
        }
    }
}
