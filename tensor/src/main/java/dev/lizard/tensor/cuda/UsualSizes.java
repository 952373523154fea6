package dev.lizard.tensor.cuda;

import dev.lizard.tensor.DType;
import java.util.List;

/**
 * Sizes that models have, to show what a card makes of them before there is one.
 *
 * @param text as people write them
 */
record UsualSizes(String text, KernelNeed need) {
    private static final DType HALF = DType.BFLOAT16;

    static final List<UsualSizes> ALL = List.of(
            new UsualSizes("d 64, F 64, w 128", LizardForward.need(HALF, 64, 64, 128)),
            new UsualSizes("d 128, F 64, w 128", LizardForward.need(HALF, 128, 64, 128)),
            new UsualSizes("d 64, F 64", LizardBackward.need(64, 64)),
            new UsualSizes("d 128, F 64", LizardBackward.need(128, 64)),
            new UsualSizes("d 64, f 128", MemoryInputs.need(HALF, 64, 128, false)),
            new UsualSizes("d 128, f 128", MemoryInputs.need(HALF, 128, 128, false)),
            new UsualSizes("d 64, F 64, w 128", DecodeKernel.need(64, 64, 128, HALF)),
            new UsualSizes("d 128, F 64, w 128", DecodeKernel.need(128, 64, 128, HALF)),
            new UsualSizes("1 row of 8192", SkinnyGemm.need(1, 8192, 2048)),
            new UsualSizes("16 rows of 2048", SkinnyGemm.need(16, 2048, 2048)),
            new UsualSizes("4 rows of 14336", SkinnyGemm.need(4, 14336, 4096)),
            new UsualSizes("9 heads, D 576", GateLogits.need(HALF, 9, 576)),
            new UsualSizes("32 heads, D 2048", GateLogits.need(HALF, 32, 2048)),
            new UsualSizes("any", TrainingKernels.need(HALF, 2048)),
            new UsualSizes("any", SmallKernels.need(HALF)),
            new UsualSizes("49152 tokens", TokenDraw.need(HALF, 49_152)));

    /** Such as {@code d 64, F 64: kernels}. */
    String on(Card card) {
        KernelPath path = KernelPath.of(card, need);
        return path.kernel() ? text + ": kernels" : "%s: composed operations, as %s".formatted(text, path.why());
    }
}
