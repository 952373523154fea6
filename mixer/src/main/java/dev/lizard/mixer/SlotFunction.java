package dev.lizard.mixer;

import dev.lizard.mixer.Hybrid.Far;
import dev.lizard.mixer.Hybrid.Plan;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.SlotAttention;
import dev.lizard.tensor.kernel.SlotInputs;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Softmax over window, first tokens and {@link ExactSlots} of whole sequences by CUDA kernels with gradients of their own,
 * where nothing else is read. They multiply in bfloat16, so only models of that dtype are given to them, and read all keys
 * where they are, so only sequences in which no distance passes a limit. Scores are computed as in all forms.
 */
final class SlotFunction implements Tape.Operation {
    private final Plan plan;
    private final Rotary rotary; // not the input: its tensors are gone when gradients come
    private final @Nullable Tensor scores; // of the forward pass
    private @Nullable Tensor heads;
    private SlotAttention.@Nullable Saved saved;

    private SlotFunction(Plan plan, Rotary rotary, @Nullable Tensor scores) {
        this.plan = plan;
        this.rotary = rotary;
        this.scores = scores;
    }

    /** Whether kernels take over such a sequence. */
    static boolean serves(Plan plan, MixerInput in) {
        ExactSlots exact = plan.exact();
        boolean reaches = exact != null && exact.limit() > 0 && in.tokens() > exact.limit();
        return plan.far() == Far.NONE
                && plan.turnsNear()
                && !reaches
                && in.tokens() > 1
                && in.at().documents() == null
                && in.at().known()
                && fits(in);
    }

    /** Whether the kernels are written for such inputs, and run on this card. */
    static boolean fits(MixerInput in) {
        Device device = in.q().device();
        int width = (int) in.q().size(3);
        return in.v().size(3) == width && SlotAttention.serves(device, in.q().dtype(), width);
    }

    /** Per-head outputs [B, H, T, d]; null where the kernels do not serve. */
    static @Nullable Tensor mix(Hybrid mixer, MixerInput in, Tape tape) {
        Plan plan = mixer.plan();
        if (!tape.carries() || !serves(plan, in)) {
            return null;
        }
        try (Scope scope = Scope.open()) {
            HybridWeights weights = mixer.weights(DType.FLOAT32);
            List<Tensor> inputs = new ArrayList<>(List.of(in.q(), in.k(), in.v()));
            Tensor sink = weights.sink();
            if (sink != null) {
                inputs.add(sink);
            }
            SlotFunction function = new SlotFunction(plan, in.at().rotary(), scores(plan.exact(), in, weights));
            return scope.promote(tape.apply(function, inputs).getFirst());
        }
    }

    /** As they compete [B, G, T]; null without slots. */
    private static @Nullable Tensor scores(@Nullable ExactSlots exact, MixerInput in, HybridWeights weights) {
        if (exact == null || exact.slots() == 0) {
            return null;
        }
        try (Gradients off = Gradients.off()) {
            Tensor aged = exact.aged(in, weights.scores(in.widened()));
            return aged == null ? null : aged.contiguous();
        }
    }

    private SlotInputs inputs(List<Tensor> operands) {
        Tensor q = operands.getFirst();
        ExactSlots exact = plan.exact();
        Rotary.Waves angles = rotary.waves(0, q.size(2), DType.FLOAT32, q.device());
        return new SlotInputs(
                q,
                operands.get(1),
                operands.get(2),
                angles.cos(),
                angles.sin(),
                operands.size() > 3 ? operands.get(3).contiguous() : null,
                plan.near().window(),
                plan.near().first(),
                exact == null ? 0 : exact.slots(),
                exact == null ? SlotInputs.NEVER : exact.roundedFrom(plan.near().first()));
    }

    @Override
    public List<Tensor> forward(List<Tensor> operands, Scope kept) {
        SlotAttention.Result result = SlotAttention.forward(inputs(operands), scores);
        saved = result.saved();
        kept.adopt(saved.until());
        kept.adopt(saved.lse());
        heads = kept.adopt(result.y().detach());
        return List.of(result.y());
    }

    @Override
    public List<@Nullable Tensor> backward(List<Tensor> operands, List<@Nullable Tensor> gradients) {
        Tensor dy = gradients.getFirst();
        if (dy == null || heads == null || saved == null) {
            throw new IllegalStateException("the gradient of a mixer before its forward pass");
        }
        SlotAttention.Slopes slopes = SlotAttention.backward(inputs(operands), heads, saved, dy);
        List<@Nullable Tensor> result = new ArrayList<>(List.of(slopes.q(), slopes.k(), slopes.v()));
        if (operands.size() > 3) {
            result.add(slopes.sink());
        }
        return result;
    }

    /** What later tokens pay to each at most [B, G, T] ({@link Importance}); null where the kernels do not serve. */
    static @Nullable Tensor most(MixerInput in, KeyRing ring) {
        if (!fits(in) || in.at().documents() != null || in.tokens() < 2) {
            return null;
        }
        Rotary.Waves angles =
                in.at().rotary().waves(0, in.tokens(), DType.FLOAT32, in.q().device());
        return SlotAttention.most(new SlotInputs(
                in.q(),
                in.k(),
                in.v(),
                angles.cos(),
                angles.sin(),
                null,
                ring.window(),
                ring.first(),
                0,
                SlotInputs.NEVER));
    }
}
