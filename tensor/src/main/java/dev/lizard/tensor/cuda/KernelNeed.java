package dev.lizard.tensor.cuda;

import org.jspecify.annotations.Nullable;

/**
 * What the kernels of one part need, for the sizes asked for.
 *
 * @param sharedBytes of the block that takes the most, static and dynamic shared memory together
 * @param written what they are written for, where that is not what was asked for; null where they serve it
 */
public record KernelNeed(
        KernelPart part, int sharedBytes, @Nullable String written) {
    /** Of every kernel: products in bfloat16 and its conversions. */
    static final int CAPABILITY = 80;

    /** Of kernels written for what was asked for. */
    public static KernelNeed of(KernelPart part, int sharedBytes) {
        return new KernelNeed(part, sharedBytes, null);
    }

    /** The same, refused on every card unless {@code served}; {@code sizes} says what would be. */
    public KernelNeed onlyIf(boolean served, String sizes) {
        return served ? this : new KernelNeed(part, sharedBytes, sizes);
    }
}
