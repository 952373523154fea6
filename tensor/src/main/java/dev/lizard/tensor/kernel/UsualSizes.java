package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.KernelNeed;
import dev.lizard.tensor.cuda.KernelPart;
import dev.lizard.tensor.cuda.KernelPath;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Sizes that models have, to show what a card makes of them before there is one.
 *
 * @param text as people write them
 */
public record UsualSizes(String text, KernelNeed need) {
    private static final DType BF16 = DType.BFLOAT16;

    static final List<UsualSizes> ALL = List.of(
            new UsualSizes("d 64, f 128, w 128", LizardForward.need(BF16, 64, 64, 128)),
            new UsualSizes("d 128, f 128, w 128", LizardForward.need(BF16, 128, 64, 128)),
            new UsualSizes("d 64, f 128", LizardBackward.need(64, 64)),
            new UsualSizes("d 128, f 128", LizardBackward.need(128, 64)),
            new UsualSizes("d 64, f 128", MemoryInputs.need(BF16, 64, 128, false)),
            new UsualSizes("d 128, f 128", MemoryInputs.need(BF16, 128, 128, false)),
            new UsualSizes("d 64", SlotAttention.need(BF16, 64)),
            new UsualSizes("d 128", SlotAttention.need(BF16, 128)),
            new UsualSizes("d 64, f 128, w 128", DecodeKernel.need(64, 64, 128, BF16)),
            new UsualSizes("d 128, f 128, w 128", DecodeKernel.need(128, 64, 128, BF16)),
            new UsualSizes("d 64, 3 heads a group", SlotDecodeKernel.need(64, 3, BF16)),
            new UsualSizes("d 128, 8 heads a group", SlotDecodeKernel.need(128, 8, BF16)),
            new UsualSizes("1 row of 8192", SkinnyGemm.need(1, 8192, 2048)),
            new UsualSizes("16 rows of 2048", SkinnyGemm.need(16, 2048, 2048)),
            new UsualSizes("4 rows of 14336", SkinnyGemm.need(4, 14336, 4096)),
            new UsualSizes("9 heads, D 576", GateLogits.need(BF16, 9, 576)),
            new UsualSizes("32 heads, D 2048", GateLogits.need(BF16, 32, 2048)),
            new UsualSizes("any", TrainingKernels.need(BF16, 2048)),
            new UsualSizes("any", SmallKernels.need(BF16)),
            new UsualSizes("49152 tokens", TokenDraw.need(BF16, 49_152)));

    /** For each part of the work what kernels such a card takes in these sizes, and why not others. */
    public static Map<KernelPart, String> paths(Card card) {
        return ALL.stream()
                .collect(Collectors.groupingBy(
                        usual -> usual.need.part(),
                        TreeMap::new,
                        Collectors.mapping(usual -> usual.on(card), Collectors.joining("; "))));
    }

    /** Such as {@code d 64, f 128: kernels}. */
    private String on(Card card) {
        KernelPath path = KernelPath.of(card, need);
        return path.kernel() ? text + ": kernels" : "%s: composed operations, as %s".formatted(text, path.why());
    }
}
