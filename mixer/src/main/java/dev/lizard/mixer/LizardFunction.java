package dev.lizard.mixer;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.AlignedRows;
import dev.lizard.tensor.kernel.LizardBackward;
import dev.lizard.tensor.kernel.LizardForward;
import dev.lizard.tensor.kernel.LizardInputs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The joint form of {@link Lizard} over whole sequences while it learns: one kernel forwards, and kernels for the
 * gradients of all it reads. What leads to its operands (projections, gates, exp of logits) is composed and
 * differentiated as usual.
 */
final class LizardFunction implements Tape.Operation {
    /**
     * What the kernels read beside q, k and v, each with its graph; float32.
     *
     * @param gate log γ, clamped [B, H, T], contiguous
     * @param share e [H]
     * @param queryMap W of queries [H, d, F]
     * @param keyMap W of keys [H, d, F]
     * @param sink folded logits [H] or null
     */
    record Operands(
            Tensor gate,
            Tensor share,
            Tensor queryMap,
            Tensor keyMap,
            @Nullable Tensor sink) {}

    private final int window;
    private final Rotary rotary; // not the input: its tensors are gone when gradients come
    private final @Nullable Tensor documents; // the pass's, which lives until gradients have come
    private @Nullable Tensor heads;
    private LizardForward.@Nullable Saved saved;

    private LizardFunction(int window, Positions at) {
        this.window = window;
        this.rotary = at.rotary();
        this.documents = at.documents();
    }

    /** Whether there are kernels for sequences of such a model. */
    static boolean serves(int window, int half, int headWidth, DType model, Device device) {
        return LizardForward.serves(device, model, headWidth, half, window)
                && LizardBackward.serves(device, headWidth, half);
    }

    /** Per-head outputs [B, H, T, d]. */
    static Tensor mix(int window, MixerInput in, Operands operands, Tape tape) {
        List<Tensor> inputs = new ArrayList<>(List.of(
                AlignedRows.of(in.q()),
                AlignedRows.of(in.k()),
                AlignedRows.of(in.v()),
                operands.gate,
                operands.share,
                operands.queryMap,
                operands.keyMap));
        if (operands.sink != null) {
            inputs.add(operands.sink);
        }
        return tape.apply(new LizardFunction(window, in.at()), inputs).getFirst();
    }

    private LizardInputs inputs(List<Tensor> operands) {
        Tensor q = operands.getFirst();
        Rotary.Waves angles = rotary.waves(0, q.size(2), DType.FLOAT32, q.device());
        return new LizardInputs(
                q,
                operands.get(1),
                operands.get(2),
                angles.cos(),
                angles.sin(),
                operands.get(3),
                operands.size() > 7 ? operands.get(7) : null,
                operands.get(4),
                operands.get(5),
                operands.get(6),
                window,
                LizardInputs.Join.JOINT,
                null,
                documents);
    }

    @Override
    public List<Tensor> forward(List<Tensor> operands, Scope kept) {
        LizardForward.Result result = LizardForward.run(inputs(operands), true, false);
        LizardForward.Saved rows = result.saved();
        if (rows != null) {
            kept.adopt(rows.maximum());
            kept.adopt(rows.inverse());
            kept.adopt(rows.argmax());
        }
        saved = rows;
        heads = kept.adopt(result.y().detach());
        return List.of(result.y());
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> operands, List<@Nullable Tensor> gradients) {
        Tensor dy = gradients.getFirst();
        if (dy == null || heads == null || saved == null) {
            throw new IllegalStateException("the gradient of a mixer before its forward pass");
        }
        LizardBackward.Slopes slopes = LizardBackward.run(inputs(operands), heads, saved, dy);
        List<@Nullable Tensor> result = new ArrayList<>(List.of(
                slopes.q(),
                slopes.k(),
                slopes.v(),
                slopes.logGate(),
                slopes.share(),
                slopes.queryMap(),
                slopes.keyMap()));
        if (operands.size() > 7) {
            result.add(slopes.sink());
        }
        return result;
    }
}
