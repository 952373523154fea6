package dev.lizard.mixer;

import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Variant;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.cuda.AlignedRows;
import dev.lizard.tensor.cuda.LizardForward;
import dev.lizard.tensor.cuda.LizardInputs;
import dev.lizard.tensor.cuda.LizardInputs.Join;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link Lizard} over several tokens by one CUDA kernel: for prompts and scores, where no gradient is asked for. It
 * multiplies in bfloat16, so only models of that dtype are given to it.
 *
 * @param queryMap W of queries [H, d, F], float32, contiguous as all here
 * @param keyMap W of keys [H, d, F]
 * @param sink folded logits [H] or null
 * @param share e or b, by variant [H]
 */
record FusedLizard(
        LizardSpec spec,
        Tensor queryMap,
        Tensor keyMap,
        @Nullable Tensor sink,
        Tensor share) {

    /** Whether the kernel takes this over. */
    static boolean serves(LizardSpec spec, MixerInput in) {
        return in.tokens() > 1
                && !Gradients.enabled()
                && spec.branches() != Branches.LINEAR
                && spec.variant() != Variant.LITERAL
                && LizardForward.serves(
                        in.q().device(), in.q().dtype(), (int) in.q().size(3), spec.features(), spec.window());
    }

    private Join join() {
        if (spec.branches() == Branches.WINDOW) {
            return Join.WINDOW;
        }
        return spec.variant() == Variant.SUM ? Join.SUM : Join.JOINT;
    }

    /** A sequence of its own; {@code gate} is log γ [B, H, T]. */
    Tensor parallel(MixerInput in, Tensor gate) {
        LizardInputs inputs = inputs(in, AlignedRows.of(in.k()), AlignedRows.of(in.v()), in.start(), gate, null);
        return LizardForward.run(inputs, false, false).y();
    }

    /** Continues {@code state}, which is updated. */
    Tensor advance(MixerInput in, Tensor gate, MixerState state) {
        WindowRing.Held past = WindowRing.held(state);
        Tensor k = in.k();
        Tensor v = in.v();
        long first = state.position();
        if (past != null) {
            first = past.position();
            k = Tensors.cat(2, in.rotary().undo(past.keys(), first).to(DType.BFLOAT16), k);
            v = Tensors.cat(2, past.values().to(DType.BFLOAT16), v);
        }
        Tensor memory = past == null || join() == Join.WINDOW ? null : state.get(LinearBranch.MEMORY);
        LizardForward.Result result = LizardForward.run(
                inputs(in, AlignedRows.of(k), AlignedRows.of(v), first, gate, memory), false, join() != Join.WINDOW);
        if (result.state() != null) {
            state.get(LinearBranch.MEMORY).copy_(result.state()); // where it is: recorded steps know the address
        }
        long tokens = in.tokens();
        long kept = Math.min(tokens, spec.window());
        Tensor last = in.k().narrow(2, tokens - kept, kept).to(DType.FLOAT32);
        Tensor turned = in.rotary().apply(last, state.position() + tokens - kept);
        WindowRing.push(state, turned, in.v().narrow(2, tokens - kept, kept).to(DType.FLOAT32), tokens);
        state.saw(tokens);
        return result.y();
    }

    private LizardInputs inputs(MixerInput in, Tensor k, Tensor v, long first, Tensor gate, @Nullable Tensor memory) {
        List<Tensor> angles = in.rotary().angles(first, k.size(2), k.device());
        return new LizardInputs(
                AlignedRows.of(in.q()),
                k,
                v,
                angles.get(0),
                angles.get(1),
                gate,
                sink,
                share,
                queryMap,
                keyMap,
                spec.window(),
                join(),
                memory,
                null);
    }
}
