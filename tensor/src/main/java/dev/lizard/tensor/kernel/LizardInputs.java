package dev.lizard.tensor.kernel;

import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import dev.lizard.tensor.cuda.KernelSource;
import org.jspecify.annotations.Nullable;

/**
 * What the fused Lizard kernels read: B sequences of T tokens, H heads over G key heads of width d, and P tokens before
 * the first query whose keys and values are still in the window. All on one CUDA device; views are welcome as long as
 * their last axis is contiguous and rows start at multiples of 16 bytes.
 *
 * @param q queries before RoPE [B, H, T, d], bfloat16 or float32 (which is rounded to bfloat16 on the way)
 * @param k keys before RoPE [B, G, P + T, d], P ≤ w, same dtype
 * @param v values [B, G, P + T, d], same dtype
 * @param cos of the angles of the P + T positions, float32 [P + T, d/2] or wider
 * @param sin likewise
 * @param logGate log γ [B, H, T], float32, contiguous
 * @param sink one folded sink logit a head [H], float32, or null for none
 * @param share a head [H], float32: e = exp(window logit) of {@link Join#JOINT}, b of {@link Join#SUM}
 * @param queryMap W of the queries' features [H, d, f/2], bfloat16 or float32, contiguous, at a multiple of 16 bytes
 * @param keyMap W of the keys' features, likewise
 * @param window w
 * @param join how the branches are joined
 * @param state memory [B, H, 2F, d + 1] before the first query, float32, contiguous, or null for none
 * @param documents of each token, int32 [B, T], contiguous, tokens of one side by side: a token sees those of its own. Null
 *     where all of a sequence are one; only without earlier tokens and without a state
 */
public record LizardInputs(
        Tensor q,
        Tensor k,
        Tensor v,
        Tensor cos,
        Tensor sin,
        Tensor logGate,
        @Nullable Tensor sink,
        Tensor share,
        Tensor queryMap,
        Tensor keyMap,
        int window,
        Join join,
        @Nullable Tensor state,
        @Nullable Tensor documents) {
    /** How far and near are joined. */
    public enum Join {
        /** One normaliser; what is far is what has left the window. */
        JOINT,
        /** b far + (1 − b) near, each normalised, the far branch over all tokens. */
        SUM,
        /** The window alone. */
        WINDOW
    }

    public LizardInputs {
        if (q.dtype() != k.dtype() || q.dtype() != v.dtype() || queryMap.dtype() != keyMap.dtype()) {
            throw new IllegalArgumentException("q, k, v are %s, %s, %s and the maps %s, %s: expected one dtype each"
                    .formatted(q.dtype(), k.dtype(), v.dtype(), queryMap.dtype(), keyMap.dtype()));
        }
        if (q.stride(-1) != 1 || k.stride(-1) != 1 || v.stride(-1) != 1) {
            throw new IllegalArgumentException("the last axis of q, k and v must be contiguous");
        }
        if (queryMap.address() % 16 != 0 || keyMap.address() % 16 != 0) {
            throw new IllegalArgumentException("the maps must begin at multiples of 16 bytes");
        }
        if (documents != null && (documents.dtype() != DType.INT32 || state != null || past(q, k) != 0)) {
            throw new IllegalArgumentException(
                    "documents of %s with %d earlier tokens%s: expected int32, no earlier tokens and no state"
                            .formatted(documents.dtype(), past(q, k), state == null ? "" : " and a state"));
        }
        if (past(q, k) < 0 || past(q, k) > window) {
            throw new IllegalArgumentException(
                    "%d keys for %d queries and a window of %d: expected 0 to %d more keys than queries"
                            .formatted(k.size(2), q.size(2), window, window));
        }
    }

    private static long past(Tensor q, Tensor k) {
        return k.size(2) - q.size(2);
    }

    int batch() {
        return (int) q.size(0);
    }

    int heads() {
        return (int) q.size(1);
    }

    int tokens() {
        return (int) q.size(2);
    }

    int group() {
        return (int) (q.size(1) / k.size(1));
    }

    int past() {
        return (int) past(q, k);
    }

    LizardSizes sizes() {
        return new LizardSizes((int) q.size(3), (int) queryMap.size(2), window);
    }

    private int mode() {
        return switch (join) {
            case JOINT -> 0;
            case SUM -> 1;
            case WINDOW -> 2;
        };
    }

    /** The common defines of the sources. */
    KernelSource defined(KernelSource source) {
        KernelSource known = source.define("D", q.size(3))
                .define("HALF_F", queryMap.size(2))
                .define("WINDOW", window)
                .define("MODE", mode());
        KernelSource io = q.dtype() == DType.FLOAT32 ? known.define("IO_FLOAT", 1) : known;
        KernelSource maps = queryMap.dtype() == DType.FLOAT32 ? io.define("MAP_FLOAT", 1) : io;
        return documents == null ? maps : maps.define("DOCUMENTS", 1);
    }
}
