package dev.lizard.eval.kernels;

import dev.lizard.base.LizardException;
import java.util.Arrays;
import java.util.List;

/**
 * What a kernel works on.
 *
 * @param batch B, sequences
 * @param heads H
 * @param keyHeads G, heads of keys and values; divides H
 * @param tokens T
 * @param width d of a head
 * @param half F, half of the features
 * @param window w
 */
public record KernelShape(int batch, int heads, int keyHeads, int tokens, int width, int half, int window) {
    /** Many wide heads, and the heads of SmolLM2-135M, at two lengths each. */
    public static final List<KernelShape> USUAL = List.of(
            new KernelShape(16, 32, 32, 2048, 128, 64, 128),
            new KernelShape(16, 32, 32, 8192, 128, 64, 128),
            new KernelShape(16, 9, 3, 2048, 64, 64, 128),
            new KernelShape(4, 9, 3, 8192, 64, 64, 128));

    private static final int SIZES = 7;

    /** One token of {@code batch} sequences with SmolLM2-135M's heads. */
    public static KernelShape token(int batch) {
        return new KernelShape(batch, 9, 3, 1, 64, 64, 128);
    }

    /**
     * Reads {@code B,H,G,T,d,F,w}.
     *
     * @throws LizardException USAGE for anything but seven numbers from 1 on with H a multiple of G
     */
    public static KernelShape parse(String text) {
        String[] parts = text.split(",", -1);
        boolean numbers = parts.length == SIZES && Arrays.stream(parts).allMatch(part -> part.matches("[1-9]\\d{0,7}"));
        int[] n = numbers ? Arrays.stream(parts).mapToInt(Integer::parseInt).toArray() : new int[0];
        if (!numbers || n[1] % n[2] != 0) {
            throw LizardException.usage(
                    "bad --shape: expected B,H,G,T,d,F,w from 1 on with H a multiple of G but found '%s'; such as %s"
                            .formatted(text, USUAL.getLast()));
        }
        return new KernelShape(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
    }

    /** As {@link #parse} reads it. */
    @Override
    public String toString() {
        return "%d,%d,%d,%d,%d,%d,%d".formatted(batch, heads, keyHeads, tokens, width, half, window);
    }
}
