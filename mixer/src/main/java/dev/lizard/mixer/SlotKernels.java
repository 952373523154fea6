package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.SlotDecodeKernel;
import org.jspecify.annotations.Nullable;

/** Where kernels take over a token of exact memory: slots and no memory of what they lose. */
final class SlotKernels {
    private SlotKernels() {}

    /** Null where none serves. */
    static @Nullable Tensor step(Hybrid mixer, HybridWeights weights, MixerInput in, MixerState state) {
        ExactSlots exact = mixer.plan().exact();
        SlotScore score = weights.score();
        HeadDims dims = mixer.dims();
        if (exact == null
                || score == null
                || mixer.plan().far() != Hybrid.Far.NONE
                || !SlotDecodeKernel.serves(
                        dims.headWidth(), dims.group(), in.q().dtype(), in.q().device())) {
            return null;
        }
        SlotDecodeKernel.Score network =
                new SlotDecodeKernel.Score(score.inWeight(), score.inBias(), score.outWeight(), score.outBias());
        if (!network.fits()) {
            return null;
        }
        SlotDecodeKernel.Clock clock = in.at().slotClock(in.q());
        boolean whole = exact.type() == SlotType.INT8;
        double rate = exact.halfLife() == 0 ? 0 : Math.log(2) / exact.halfLife();
        SlotPairs held = SlotPairs.in(state);
        return SlotDecodeKernel.step(
                in.q(),
                in.k(),
                in.v(),
                SlotDecodeKernel.score(in.x(), in.k(), in.v(), dims.group(), whole, network, clock, rate),
                weights.sink(),
                new SlotDecodeKernel.Memory(
                        state.get(KeyRing.KEYS),
                        state.get(KeyRing.VALUES),
                        state.get(ExactSlots.SCORES),
                        held.pairs(),
                        held.marks(),
                        held.positions()),
                clock,
                new SlotDecodeKernel.Sizes(exact.ring().window(), exact.ring().first(), exact.limit()));
    }
}
