package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.kernel.SlotDecodeKernel;
import org.jspecify.annotations.Nullable;

/** Where a kernel takes over a token of exact memory: slots and no memory of what they lose. */
final class SlotKernels {
    private SlotKernels() {}

    /** Null where none serves. */
    static @Nullable Tensor step(Hybrid mixer, HybridWeights weights, MixerInput in, MixerState state) {
        ExactSlots exact = mixer.plan().exact();
        HeadDims dims = mixer.dims();
        if (exact == null
                || exact.slots() == 0
                || mixer.plan().far() != Hybrid.Far.NONE
                || !SlotDecodeKernel.serves(
                        dims.headWidth(), dims.group(), in.q().dtype(), in.q().device())) {
            return null;
        }
        MixerInput wide = in.widened();
        Tensor score = exact.aged(wide, weights.scores(wide));
        if (score == null) {
            throw new IllegalStateException("slots without a score");
        }
        SlotPairs held = SlotPairs.in(state);
        return SlotDecodeKernel.step(
                in.q(),
                in.k(),
                in.v(),
                score,
                weights.sink(),
                new SlotDecodeKernel.Memory(
                        state.get(KeyRing.KEYS),
                        state.get(KeyRing.VALUES),
                        state.get(ExactSlots.SCORES),
                        held.pairs(),
                        held.marks(),
                        held.positions()),
                in.at().slotClock(in.q()),
                new SlotDecodeKernel.Sizes(exact.ring().window(), exact.ring().first(), exact.limit()));
    }
}
