package dev.lizard.mixer;

import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
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
final class HeadLogs implements Tape.Operation {
    /**
     * @param share e [H]
     * @param sink z [H] or null without sinks
     */
    record Weights(Tensor share, @Nullable Tensor sink) {}

    private final int heads;
    private @Nullable Tensor share;
    private @Nullable Tensor softmax;

    private HeadLogs(int heads) {
        this.heads = heads;
    }

    static Weights of(Tensor logits, @Nullable Tensor sinks, int heads, Tape tape) {
        List<Tensor> both = tape.apply(new HeadLogs(heads), sinks == null ? List.of(logits) : List.of(logits, sinks));
        return new Weights(both.get(0), sinks == null ? null : both.get(1));
    }

    @Override
    public List<Tensor> forward(List<Tensor> inputs, Scope kept) {
        Tensor e = inputs.get(0).exp();
        share = kept.adopt(e.detach());
        if (inputs.size() == 1) {
            return List.of(e);
        }
        softmax = kept.adopt(inputs.get(1).softmax(-1));
        return List.of(e, Sinks.folded(inputs.get(1), heads).contiguous());
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> inputs, List<@Nullable Tensor> gradients) {
        Tensor de = gradients.get(0);
        List<@Nullable Tensor> result = new ArrayList<>();
        result.add(de == null || share == null ? null : de.mul(share));
        if (softmax != null) {
            Tensor dz = gradients.get(1);
            result.add(dz == null ? null : softmax.mul(rows(dz, softmax.size(0)).unsqueeze(1)));
        }
        return result;
    }

    /** One gradient for each row of sinks: a row for all heads gets their sum. */
    private static Tensor rows(Tensor dz, long rows) {
        return rows == dz.size(0) ? dz : dz.sum(0, true);
    }
}
