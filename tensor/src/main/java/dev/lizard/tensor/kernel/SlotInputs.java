package dev.lizard.tensor.kernel;

import dev.lizard.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What the kernels of exact slots read: whole sequences of T tokens, H heads over G key heads of width d, all on one CUDA
 * device. Keys of the last w tokens are read as they are, the first m as well wherever they are, and of the others that have
 * left the window the K with the best scores.
 *
 * @param q queries before RoPE [B, H, T, d], bfloat16
 * @param k keys before RoPE [B, G, T, d]
 * @param v values [B, G, T, d]
 * @param cos of the angles, float32 [T, d/2] or wider
 * @param sin likewise
 * @param sink one logit a head [H], float32, contiguous, or null
 * @param window w
 * @param first m
 * @param slots K; 0 for none
 * @param rounded the first token that slots hold as whole numbers of a byte, with a scale a vector; those before it are read
 *     as they are given, wherever they stand; {@link #NEVER} where slots hold what they are given
 */
public record SlotInputs(
        Tensor q,
        Tensor k,
        Tensor v,
        Tensor cos,
        Tensor sin,
        @Nullable Tensor sink,
        int window,
        int first,
        int slots,
        int rounded) {
    /** Beyond all tokens. */
    public static final int NEVER = Integer.MAX_VALUE;

    public SlotInputs {
        boolean fit = k.size(2) == q.size(2)
                && v.size(2) == q.size(2)
                && v.size(3) == q.size(3)
                && q.size(1) % k.size(1) == 0
                && cos.stride(0) == sin.stride(0);
        if (!fit || window < 1 || first < 0 || slots < 0 || rounded < first) {
            throw new IllegalArgumentException(
                    "%d queries, %d keys and %d values of %d heads over %d, w %d, m %d, K %d do not belong together"
                            .formatted(q.size(2), k.size(2), v.size(2), q.size(1), k.size(1), window, first, slots));
        }
        q = AlignedRows.of(q);
        k = AlignedRows.of(k);
        v = AlignedRows.of(v);
    }

    int batch() {
        return (int) q.size(0);
    }

    int heads() {
        return (int) q.size(1);
    }

    int keyHeads() {
        return (int) k.size(1);
    }

    int tokens() {
        return (int) q.size(2);
    }

    int width() {
        return (int) q.size(3);
    }

    SlotSizes sizes() {
        return new SlotSizes(width());
    }

    /** Blocks of 128 queries. */
    int blocks() {
        return Math.ceilDiv(tokens(), SlotSizes.ROWS);
    }

    /** Tiles of 64 keys. */
    int tiles() {
        return Math.ceilDiv(tokens(), SlotSizes.TILE);
    }

    int places() {
        return SlotSizes.places(first, slots, tokens());
    }
}
