package dev.lizard.mixer;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.mixer.LizardSpec.Branches;
import java.util.Map;

/**
 * What a rival keeps exactly beside its memory, as data: {@link Beside}. None is the system as published, but for Liger's
 * window; first tokens are there because without the sink that pretrained heads lean on no memory is judged by itself.
 *
 * @param window w, tokens the window sees, the query's own included; 0 for none, 1 where there are first tokens
 * @param first m, tokens from the beginning that are always seen, and that the memory does not hold
 * @param branches both, or one of them alone, for ablations
 */
record Near(int window, int first, Branches branches) {
    /** As keys of mixers that have no others. */
    record Keys(
            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") Branches branches) {
        Keys {
            requireEffect(window, first, branches);
        }

        Near near() {
            return new Near(window, first, branches);
        }
    }

    static final Near NONE = new Near(0, 0, Branches.BOTH);

    Near {
        if (window < 0 || first < 0) {
            throw new IllegalArgumentException(
                    "window and first must be at least 0, found %d and %d".formatted(window, first));
        }
    }

    /** Without window and first tokens there is one branch. */
    static void requireEffect(int window, int first, Branches branches) {
        if (window + first == 0 && branches != Branches.BOTH) {
            throw new BadSetting(
                    "branches", "expected window or first above 0 beside it but found neither; take it out");
        }
    }

    boolean present() {
        return window + first > 0;
    }

    KeyRing ring() {
        return new KeyRing(Math.max(1, window), first);
    }

    /** Adds the keys that are not usual. */
    void write(Map<String, Object> keys) {
        if (window > 0) {
            keys.put("window", window);
        }
        if (first > 0) {
            keys.put("first", first);
        }
        branches.write(keys);
    }

    long stateNumbers(HeadDims dims) {
        return present() ? MixerSizes.pairs(dims, ring().slots()) : 0;
    }

    double flops(HeadDims dims) {
        return present() ? MixerSizes.windowFlops(dims, ring().slots()) : 0;
    }

    long graphNumbers(HeadDims dims, long length) {
        return present() ? MixerSizes.windowGraph(dims, ring().window(), length) + 2 * MixerSizes.rows(dims) : 0;
    }
}
