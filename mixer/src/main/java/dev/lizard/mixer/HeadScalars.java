package dev.lizard.mixer;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.HeadNumbers;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the joint form makes of the few numbers that a head learns, with the gradient written out, which takes far fewer
 * kernels than composing it: e = exp(l) of l [H], and one sink logit a head, z = log Σ exp s, of s [H, m] or [1, m].
 *
 * <pre>
 *   dl = e de        ds = softmax(s) dz
 * </pre>
 */
final class HeadScalars implements Tape.Operation {
    /**
     * @param share e [H]
     * @param sink z [H] or null without sinks
     */
    record Weights(Tensor share, @Nullable Tensor sink) {}

    private final int heads;
    private @Nullable Tensor share;

    private HeadScalars(int heads) {
        this.heads = heads;
    }

    static Weights of(Tensor logits, @Nullable Tensor sinks, int heads, Tape tape) {
        List<Tensor> both =
                tape.apply(new HeadScalars(heads), sinks == null ? List.of(logits) : List.of(logits, sinks));
        return new Weights(both.get(0), sinks == null ? null : both.get(1));
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        Tensor logits = inputs.get(0);
        Tensor sinks = inputs.size() > 1 ? inputs.get(1) : null;
        HeadNumbers.Pair made = HeadNumbers.serve(logits, sinks)
                ? HeadNumbers.logs(logits, sinks)
                : new HeadNumbers.Pair(
                        logits.exp(),
                        sinks == null ? null : Sinks.folded(sinks, heads).contiguous());
        share = kept.adopt(made.first().detach());
        Tensor sink = made.second();
        return sink == null ? List.of(made.first()) : List.of(made.first(), sink);
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor sinks = inputs.size() > 1 ? inputs.get(1) : null;
        Tensor de = gradients.get(0);
        Tensor dz = sinks == null ? null : gradients.get(1);
        if (share == null) {
            throw new IllegalStateException("the gradient of a head's numbers before their forward pass");
        }
        List<@Nullable Tensor> result = new ArrayList<>();
        if (de != null && (dz != null || sinks == null) && HeadNumbers.serve(share, sinks)) {
            HeadNumbers.Pair slopes = HeadNumbers.slopes(share, sinks, de, dz);
            result.add(slopes.first());
            result.add(slopes.second());
        } else {
            result.add(de == null ? null : de.mul(share));
            result.add(
                    dz == null || sinks == null
                            ? null
                            : sinks.softmax(-1).mul(rows(dz, sinks.size(0)).unsqueeze(1)));
        }
        return result.subList(0, inputs.size());
    }

    /** One gradient for each row of sinks: a row for all heads gets their sum. */
    private static Tensor rows(Tensor dz, long rows) {
        return rows == dz.size(0) ? dz : dz.sum(0, true);
    }
}
