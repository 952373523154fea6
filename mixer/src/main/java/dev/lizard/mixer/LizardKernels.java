package dev.lizard.mixer;

import dev.lizard.mixer.Hybrid.Far;
import dev.lizard.mixer.Hybrid.Plan;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Gradients;
import dev.lizard.tensor.Scope;
import dev.lizard.tensor.Tape;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.Tensors;
import dev.lizard.tensor.kernel.AlignedRows;
import dev.lizard.tensor.kernel.DecodeKernel;
import dev.lizard.tensor.kernel.LizardForward;
import dev.lizard.tensor.kernel.LizardInputs;
import dev.lizard.tensor.kernel.LizardInputs.Join;
import dev.lizard.tensor.kernel.SlotAttention;
import org.jspecify.annotations.Nullable;

/**
 * Where kernels take over a {@link Hybrid}: those of Lizard and its sum, that is softmax of turned keys beside a gated
 * memory of features without RoPE, no first tokens; and over several tokens those of exact keys alone
 * ({@link SlotFunction}, {@link ExactPiece}). Each method gives null where none serves. What runs over several
 * tokens multiplies in bfloat16, so only models of that dtype are given to it.
 */
final class LizardKernels {
    private LizardKernels() {}

    private static boolean isLizard(Plan plan) {
        boolean joint = plan.far() == Far.EVICTED && plan.join() == Hybrid.Join.ONE_NORMALISER;
        boolean sum = plan.far() == Far.ALL && plan.join() == Hybrid.Join.CONVEX_SUM;
        return plan.exact() == null
                && plan.near().first() == 0
                && plan.turnsNear()
                && !plan.turnsFar()
                && (joint || sum);
    }

    /** The joint form with both branches, which single tokens and gradients have kernels for. */
    private static boolean isWholeJoint(Plan plan) {
        return isLizard(plan) && plan.far() == Far.EVICTED && plan.branches() == Branches.BOTH;
    }

    private static Tensor parameter(Hybrid mixer, String name) {
        return MixerSpec.need(mixer.parameters(), name).to(DType.FLOAT32);
    }

    private static @Nullable Tensor optional(Hybrid mixer, String name) {
        Tensor parameter = mixer.parameters().get(name);
        return parameter == null ? null : parameter.to(DType.FLOAT32);
    }

    // ---- several tokens, no gradients -----------------------------------------------------------------------------

    /** Whether one kernel takes over a prompt or a text to be scored. */
    static boolean serves(Plan plan, MixerInput in) {
        return in.tokens() > 1
                && !Gradients.enabled()
                && isLizard(plan)
                && plan.branches() != Branches.LINEAR
                && (in.at().documents() == null || join(plan) == Join.JOINT)
                && LizardForward.serves(
                        in.q().device(),
                        in.q().dtype(),
                        (int) in.q().size(3),
                        plan.half(),
                        plan.near().window());
    }

    static @Nullable Tensor parallel(Hybrid mixer, MixerInput in) {
        if (!serves(mixer.plan(), in)) {
            return SlotFunction.mix(mixer, in, Tape.OFF);
        }
        try (Scope scope = Scope.open()) {
            return scope.promote(LizardForward.run(inputs(mixer, in, in.k(), in.v(), 0, null), false, false)
                    .y());
        }
    }

    static @Nullable Tensor chunk(Hybrid mixer, MixerInput in, MixerState state) {
        Plan plan = mixer.plan();
        if (plan.exact() != null) {
            boolean served = ExactPiece.within(plan, in) > 1 && SlotFunction.fits(in);
            return served ? ExactPiece.chunk(mixer, in, state, SlotAttention::forward) : null;
        }
        if (!serves(plan, in)) {
            return null;
        }
        try (Scope scope = Scope.open()) {
            KeyRing ring = plan.near();
            Tensor k = in.k();
            Tensor v = in.v();
            boolean whole = in.at().documents() != null; // nothing goes on from there
            boolean remembers = join(plan) != Join.WINDOW && !whole;
            Tensor memory = null;
            long held = ring.held(in.at());
            if (held > 0) {
                KeyRing.Pairs past = ring.past(state, in.at());
                Tensor back = in.at().turnBack(past.keys(), held).to(DType.BFLOAT16);
                k = Tensors.cat(2, back, k);
                v = Tensors.cat(2, past.values().to(DType.BFLOAT16), v);
                memory = remembers ? state.get(LinearBranch.MEMORY) : null;
            }
            LizardForward.Result result = LizardForward.run(inputs(mixer, in, k, v, held, memory), false, remembers);
            if (result.state() != null) {
                state.get(LinearBranch.MEMORY).copy_(result.state()); // where it is: recorded steps know the address
            }
            if (!whole) {
                keep(ring, in, state);
            }
            return scope.promote(result.y());
        }
    }

    /** Stores the last tokens, which alone are turned. */
    private static void keep(KeyRing ring, MixerInput in, MixerState state) {
        long tokens = in.tokens();
        long kept = Math.min(tokens, ring.window());
        Tensor last = in.k().narrow(2, tokens - kept, kept).to(DType.FLOAT32);
        Tensor values = in.v().narrow(2, tokens - kept, kept).to(DType.FLOAT32);
        ring.pushLast(state, in.at(), in.at().turn(last, tokens - kept), values, tokens);
    }

    private static Join join(Plan plan) {
        if (plan.branches() == Branches.WINDOW) {
            return Join.WINDOW;
        }
        return plan.far() == Far.ALL ? Join.SUM : Join.JOINT;
    }

    /** Keys and values begin {@code held} tokens before the queries. */
    private static LizardInputs inputs(
            Hybrid mixer, MixerInput in, Tensor k, Tensor v, long held, @Nullable Tensor memory) {
        HybridWeights weights = mixer.weights(DType.FLOAT32);
        Tensor gate = weights.logGate(in.x().to(DType.FLOAT32));
        if (gate == null) {
            throw new IllegalStateException("kernels of a mixer without gates");
        }
        Tensor sink = weights.sink();
        Rotary.Waves angles = in.at().angles(-held, k.size(2), k.device());
        return new LizardInputs(
                AlignedRows.of(in.q()),
                AlignedRows.of(k),
                AlignedRows.of(v),
                angles.cos(),
                angles.sin(),
                gate.contiguous(),
                sink == null ? null : sink.contiguous(),
                weights.joined().reshape(mixer.dims().heads()).contiguous(),
                parameter(mixer, LizardSpec.QUERY_MAP).contiguous(),
                parameter(mixer, LizardSpec.KEY_MAP).contiguous(),
                mixer.plan().near().window(),
                join(mixer.plan()),
                memory,
                in.at().documents());
    }

    // ---- one token ------------------------------------------------------------------------------------------------

    static @Nullable Tensor step(Hybrid mixer, HybridWeights weights, MixerInput in, MixerState state) {
        Plan plan = mixer.plan();
        if (plan.exact() != null) {
            return SlotKernels.step(mixer, weights, in, state);
        }
        Tensor gateWeight = weights.gateWeight();
        Device device = in.q().device();
        int window = plan.near().window();
        if (gateWeight == null
                || !isWholeJoint(plan)
                || !DecodeKernel.serves(
                        mixer.dims().headWidth(), plan.half(), window, in.q().dtype(), device)) {
            return null;
        }
        DecodeKernel.Maps maps = new DecodeKernel.Maps(
                gateWeight,
                weights.gateBias(),
                weights.sink(),
                weights.joined(),
                weights.linear().queryMap(),
                weights.linear().keyMap());
        DecodeKernel.Memory memory = new DecodeKernel.Memory(
                state.get(KeyRing.KEYS), state.get(KeyRing.VALUES), state.get(LinearBranch.MEMORY));
        return DecodeKernel.step(
                in.x(), in.q(), in.k(), in.v(), maps, memory, in.at().clock(window, in.q()));
    }

    // ---- training -------------------------------------------------------------------------------------------------

    /** Outputs with their gradients on {@code tape}. */
    static @Nullable Tensor forward(Hybrid mixer, MixerInput in, Tape tape) {
        Plan plan = mixer.plan();
        if (learnsApart(plan, in, tape)) {
            return mixer.apart(in, tape);
        }
        boolean served = in.tokens() > 1
                && tape.carries()
                && trains(mixer, in.q().dtype(), in.q().device());
        if (!served) {
            return SlotFunction.mix(mixer, in, tape);
        }
        try (Scope scope = Scope.open()) {
            HeadScalars.Weights weights = HeadScalars.of(
                    parameter(mixer, LizardSpec.WINDOW_LOGIT),
                    optional(mixer, Sinks.NAME),
                    mixer.dims().heads(),
                    tape);
            LizardFunction.Operands operands = new LizardFunction.Operands(
                    LogGates.of(
                            in.x(),
                            parameter(mixer, LizardSpec.GATE_WEIGHT).contiguous(),
                            optional(mixer, LizardSpec.GATE_BIAS),
                            tape),
                    weights.share(),
                    parameter(mixer, LizardSpec.QUERY_MAP).contiguous(),
                    parameter(mixer, LizardSpec.KEY_MAP).contiguous(),
                    weights.sink());
            return scope.promote(LizardFunction.mix(plan.near().window(), in, operands, tape));
        }
    }

    /** Whether the memory has kernels to learn by, but not the whole. */
    private static boolean learnsApart(Plan plan, MixerInput in, Tape tape) {
        boolean evicts = plan.far() == Far.EVICTED && in.tokens() > plan.near().slots();
        boolean writes = plan.far() == Far.ALL || evicts;
        return writes
                && plan.exact() == null
                && !isWholeJoint(plan)
                && plan.branches() != Branches.WINDOW
                && !serves(plan, in)
                && MatrixMemoryFunction.serves(in, 2 * plan.half(), tape);
    }

    /** Whether kernels have the gradients of all that whole sequences of such a model read. */
    static boolean trains(Hybrid mixer, DType model, Device device) {
        Plan plan = mixer.plan();
        return isWholeJoint(plan)
                && LizardFunction.serves(
                        plan.near().window(), plan.half(), mixer.dims().headWidth(), model, device);
    }
}
