package dev.lizard.mixer;

import dev.lizard.base.BadSetting;
import dev.lizard.base.Setting;
import dev.lizard.mixer.LizardSpec.Branches;
import dev.lizard.mixer.LizardSpec.Far;
import dev.lizard.mixer.LizardSpec.Variant;
import org.jspecify.annotations.Nullable;

/**
 * The keys of {@code lizard} in a file: those of its variants, and what is kept exactly. What may be null and is left out
 * has its usual value; what would have no effect is refused.
 */
record LizardKeys(
        @Setting(byDefault = "128", min = 1, max = WindowSpec.MOST_WINDOW)
        int window,

        @Setting(min = 1, max = LizardSpec.MOST_FEATURES) @Nullable
        Integer features,

        @Setting(byDefault = "4", min = 0, max = WindowSpec.MOST_META)
        int meta,

        @Setting(min = 1e-3, max = 1e9) @Nullable Double shortestHalfLife,

        @Setting(min = 1e-3, max = 1e9) @Nullable Double longestHalfLife,

        @Setting(above = 0, max = 1e3) @Nullable Double windowFactor,

        @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
        int first,

        @Setting(byDefault = "both") Branches branches,
        @Setting(byDefault = "gated") Far far,

        @Setting(byDefault = "0", min = 0, max = SlotSpec.MOST_SLOTS)
        int slots,

        @Setting(min = 1, max = SlotSpec.MOST_HIDDEN) @Nullable
        Integer scoreHidden,

        @Nullable SlotRule slotScore,
        @Nullable SlotType slotType,

        @Setting(min = 1, max = 1e9) @Nullable Double slotHalfLife,

        @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
        int distanceLimit) {
    static final MixerKind.About JOINT = about("window and gated maps under one normaliser, slots");
    static final MixerKind.About SUM = about("window and gated maps, a convex sum");
    static final MixerKind.About LITERAL = about("the printed form, a scaled sum");

    private static MixerKind.About about(String what) {
        return new MixerKind.About(what, "2*G*d*(w + m) + 2*H*f*(d + 1)", "Lizard, arXiv 2507.09025");
    }

    private static final double SHORTEST = 32;
    private static final double LONGEST = 2048;

    LizardKeys {
        if (far == Far.NONE) {
            requireAbsent("features", features);
            requireAbsent("shortest_half_life", shortestHalfLife);
            requireAbsent("longest_half_life", longestHalfLife);
            requireAbsent(LizardSpec.WINDOW_FACTOR, windowFactor);
            requireAbsent("branches", branches == Branches.BOTH ? null : branches);
        }
        requireInOrder(or(shortestHalfLife, SHORTEST), or(longestHalfLife, LONGEST));
        if (slots == 0) {
            requireWithoutSlots(SlotSpec.SCORE_HIDDEN, scoreHidden);
            requireWithoutSlots(SlotSpec.SLOT_SCORE, slotScore);
            requireWithoutSlots(SlotSpec.SLOT_TYPE, slotType);
            requireWithoutSlots(SlotSpec.SLOT_HALF_LIFE, slotHalfLife);
        }
        if (slotScore != null && slotScore != SlotRule.LEARNED && scoreHidden != null) {
            throw new BadSetting(
                    SlotSpec.SCORE_HIDDEN,
                    "expected slot_score learned beside it but found %s; take one out".formatted(slotScore.key()));
        }
        requireFarEnough(distanceLimit, window, first, slots);
    }

    /** The keys of the variant with RoPE that has no slots. */
    record Summed(
            @Setting(byDefault = "128", min = 1, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(min = 1, max = LizardSpec.MOST_FEATURES) @Nullable
            Integer features,

            @Setting(byDefault = "4", min = 0, max = WindowSpec.MOST_META)
            int meta,

            @Setting(byDefault = "32", min = 1e-3, max = 1e9)
            double shortestHalfLife,

            @Setting(byDefault = "2048", min = 1e-3, max = 1e9)
            double longestHalfLife,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") Branches branches,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_WINDOW)
            int distanceLimit) {
        Summed {
            requireInOrder(shortestHalfLife, longestHalfLife);
            requireFarEnough(distanceLimit, window, first, 0);
        }

        MixerSpec spec(HeadDims dims) {
            return new Plain(window, features, meta, shortestHalfLife, longestHalfLife, first, branches)
                    .spec(Variant.SUM, dims, SlotSpec.limited(distanceLimit));
        }
    }

    /** The keys that all variants have. */
    record Plain(
            @Setting(byDefault = "128", min = 1, max = WindowSpec.MOST_WINDOW)
            int window,

            @Setting(min = 1, max = LizardSpec.MOST_FEATURES) @Nullable
            Integer features,

            @Setting(byDefault = "4", min = 0, max = WindowSpec.MOST_META)
            int meta,

            @Setting(byDefault = "32", min = 1e-3, max = 1e9)
            double shortestHalfLife,

            @Setting(byDefault = "2048", min = 1e-3, max = 1e9)
            double longestHalfLife,

            @Setting(byDefault = "0", min = 0, max = WindowSpec.MOST_FIRST)
            int first,

            @Setting(byDefault = "both") Branches branches) {
        Plain {
            requireInOrder(shortestHalfLife, longestHalfLife);
        }

        MixerSpec spec(Variant variant, HeadDims dims, SlotSpec exact) {
            int half = features == null ? dims.headWidth() : features;
            return new LizardSpec(
                    variant, window, first, half, meta, shortestHalfLife, longestHalfLife, branches, Far.GATED, exact);
        }
    }

    MixerSpec spec(HeadDims dims) {
        SlotType type = slotType == null ? SlotSpec.NONE.type() : slotType;
        SlotRule rule = slotScore == null ? SlotSpec.NONE.rule() : slotScore;
        int hidden = scoreHidden == null ? SlotSpec.HIDDEN : scoreHidden;
        return new LizardSpec(
                Variant.JOINT,
                window,
                first,
                features == null ? dims.headWidth() : features,
                meta,
                or(shortestHalfLife, SHORTEST),
                or(longestHalfLife, LONGEST),
                branches,
                far,
                new SlotSpec(slots, hidden, type, distanceLimit, or(slotHalfLife, 0), rule),
                or(windowFactor, 1));
    }

    private static double or(@Nullable Double given, double otherwise) {
        return given == null ? otherwise : given;
    }

    static void requireInOrder(double shortest, double longest) {
        if (longest < shortest) {
            throw new IllegalArgumentException(
                    "longest_half_life %s is below shortest_half_life %s; swap them".formatted(longest, shortest));
        }
    }

    private static void requireAbsent(String key, @Nullable Object value) {
        if (value != null) {
            throw new BadSetting(
                    key, "expected no such key beside far none but found %s; take it out".formatted(value));
        }
    }

    private static void requireWithoutSlots(String key, @Nullable Object value) {
        if (value != null) {
            throw new BadSetting(key, "expected slots above 0 beside it but found none; add slots or take it out");
        }
    }

    /** What the window sees is read where it is, so the limit must lie beyond. */
    static void requireFarEnough(int limit, int window, int first, int slots) {
        if (limit > 0 && first + slots == 0) {
            throw new BadSetting(
                    SlotSpec.DISTANCE_LIMIT,
                    "expected first or slots above 0 beside it but found neither; add one or take it out");
        }
        if (limit > 0 && limit < window + first) {
            throw new BadSetting(
                    SlotSpec.DISTANCE_LIMIT,
                    "expected 0 or at least window + first = %d but found %d".formatted(window + first, limit));
        }
    }
}
