package dev.lizard.mixer;

import dev.lizard.base.Setting;
import dev.lizard.tensor.DType;
import dev.lizard.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A key/value cache of bounded size that goes by the attention which tokens get, without training: the rivals of learned
 * slots whose choice hangs on later queries. Of m + w + K tokens that a key/value head holds, the first m and the last w
 * stay. Where one too many is held, the one of the others with the smallest a_j goes, of equals the earliest, before the
 * query of the token that came attends; p_tj being what the head's queries R at t pay in all:
 *
 * <pre>
 *   h2o    a_j = Σ over i from j to t of p_ij       Zhang et al. 2023, arXiv 2306.14048
 *   tova   a_j = p_tj of the last query             Oren et al. 2024, arXiv 2401.06104
 * </pre>
 *
 * <p>Unlike a score that is fixed when a token is read this knows no form over all pairs: each choice hangs on the softmax
 * before it, so all three forms make them token by token, and long texts are slow. What a query reads is known then, and
 * outputs and gradients are those of one masked softmax.
 *
 * <p>Deviations: choices are a key/value head's own, where TOVA makes one for a layer; TOVA is w = 1 and m = 0; H2O halves its
 * budget between w and the others. Tokens are rounded when they are read ({@link SlotType}), all of them, so that bytes can be
 * those of slots.
 *
 * @param policy what a_j is
 * @param window w, the query's own included
 * @param first m
 * @param slots K
 * @param type how all tokens are held
 * @param limit the farthest that tokens are read at, 0 for where they are
 */
public record KvCacheSpec(Policy policy, int window, int first, int slots, SlotType type, int limit)
        implements MixerSpec {
    static final MixerKind<Keys> KIND = new MixerKind<>(
            "kv-cache",
            Keys.class,
            Keys::spec,
            new MixerKind.About(
                    "softmax over what attention kept: H2O, TOVA",
                    "2*G*d*(w + m + s)",
                    "arXiv 2306.14048, 2401.06104"));

    /** Whose attention counts. */
    public enum Policy {
        /** That of all queries so far. */
        H2O,
        /** That of the last query. */
        TOVA
    }

    record Keys(
            @Setting(byDefault = "h2o") Policy policy,

            @Setting(byDefault = "128", min = 1, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "4", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "128", min = 1, max = SlotSpec.MOST_SLOTS)
            int slots,

            @Setting(byDefault = "int8") SlotType slotType,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int distanceLimit) {
        Keys {
            LizardKeys.requireFarEnough(distanceLimit, window, first, slots);
        }

        MixerSpec spec(HeadDims dims) {
            return new KvCacheSpec(policy, window, first, slots, slotType, distanceLimit);
        }
    }

    public KvCacheSpec {
        if (window < 1 || first < 0 || slots < 1 || limit < 0) {
            throw new IllegalArgumentException(
                    "window and slots must be at least 1, first and limit at least 0, found %d, %d, %d and %d"
                            .formatted(window, slots, first, limit));
        }
    }

    @Override
    public String mixer() {
        return KIND.name();
    }

    @Override
    public Map<String, Object> keys() {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("policy", policy.name().toLowerCase(Locale.ROOT));
        keys.put("window", window);
        keys.put("first", first);
        keys.put(SlotSpec.SLOTS, slots);
        keys.put(SlotSpec.SLOT_TYPE, type.key());
        if (limit > 0) {
            keys.put(SlotSpec.DISTANCE_LIMIT, limit);
        }
        return keys;
    }

    @Override
    public Mixer create(HeadDims dims, Map<String, Tensor> parameters) {
        return new KvCache(this, dims);
    }

    @Override
    public long stateNumbers(HeadDims dims, long tokens) {
        return MixerSizes.pairs(dims, fills());
    }

    @Override
    public long stateBytes(HeadDims dims, DType model, long tokens) {
        return dims.keyHeads() * fills() * type.bytes(dims.headWidth(), model);
    }

    @Override
    public long fills() {
        return (long) window + first + slots;
    }

    @Override
    public boolean separates() {
        return false;
    }

    @Override
    public double flops(HeadDims dims, long length) {
        return MixerSizes.windowFlops(dims, (double) fills());
    }

    /** All pairs are formed. */
    @Override
    public long graphNumbers(HeadDims dims, long length) {
        return 4L * dims.heads() * length + MixerSizes.rows(dims);
    }
}
