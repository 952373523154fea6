package dev.lizard.model;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** How a model's rotary frequencies were stretched to reach beyond the context it was first trained for. */
public sealed interface RopeScaling {
    /** Frequencies as they are. */
    record None() implements RopeScaling {}

    /** Every frequency divided by {@code factor} (Chen et al. 2023). */
    record Linear(double factor) implements RopeScaling {}

    /**
     * Llama 3.1's: waves shorter than {@code original / highFrequency} tokens keep their frequency, those longer than
     * {@code original / lowFrequency} are slowed by {@code factor}, those between are blended.
     */
    record Llama3(double factor, double lowFrequency, double highFrequency, double original) implements RopeScaling {}

    /**
     * YaRN (Peng et al. 2023): a linear ramp over the pairs, from those that turn {@code betaFast} times within
     * {@code original} tokens (kept) to those that turn {@code betaSlow} times (slowed by {@code factor}).
     *
     * @param attention factor on cos and sin
     * @param truncate whether the ramp's ends are rounded outwards to whole pairs
     */
    record Yarn(double factor, double original, double betaFast, double betaSlow, double attention, boolean truncate)
            implements RopeScaling {}

    /** One divisor for each of the d/2 frequencies, as GGUF files store them. */
    record Factors(List<Double> divisors) implements RopeScaling {}

    /**
     * Reads the numbers of a type.
     *
     * @param keys the object that has them
     * @param original context of the first training, which may stand elsewhere
     */
    static RopeScaling read(String type, ConfigKeys keys, OptionalDouble original, int maxPositions) {
        return switch (type) {
            case "default" -> new None();
            case "linear" -> new Linear(keys.positive("factor"));
            case "llama3" -> llama3(keys, original);
            case "yarn" -> yarn(keys, positive(keys, original.orElse(maxPositions)), maxPositions);
            case "factors" -> factors(keys);
            default -> throw new IllegalArgumentException("rope_type " + type);
        };
    }

    private static double positive(ConfigKeys keys, double original) {
        if (!(original > 0)) {
            throw keys.wrong(RopeKeys.ORIGINAL, "a positive number");
        }
        return original;
    }

    private static RopeScaling llama3(ConfigKeys keys, OptionalDouble original) {
        double there = original.orElseThrow(() -> keys.missing(RopeKeys.ORIGINAL, "a positive number"));
        double low = keys.positive("low_freq_factor");
        double high = keys.positive("high_freq_factor");
        if (!(high > low)) {
            throw keys.wrong("high_freq_factor", "a number above low_freq_factor " + low);
        }
        return new Llama3(keys.positive("factor"), low, high, positive(keys, there));
    }

    private static RopeScaling yarn(ConfigKeys keys, double original, int maxPositions) {
        if (!keys.names("factor")) {
            throw keys.missing("factor", "a positive number, or null for the ratio of both contexts");
        }
        double factor = keys.has("factor") ? keys.positive("factor") : maxPositions / original;
        double mscale = keys.optionalNumber("mscale").orElse(0);
        double mscaleAll = keys.optionalNumber("mscale_all_dim").orElse(0);
        double usual = mscale != 0 && mscaleAll != 0
                ? temperature(factor, mscale) / temperature(factor, mscaleAll)
                : temperature(factor, 1);
        keys.refuseNull("truncate", "true or false");
        Yarn yarn = new Yarn(
                factor,
                original,
                turns(keys, "beta_fast", 32),
                turns(keys, "beta_slow", 1),
                keys.has("attention_factor") ? keys.positive("attention_factor") : usual,
                keys.flag("truncate", true));
        if (yarn.betaFast < yarn.betaSlow) {
            throw keys.wrong("beta_fast", "at least beta_slow, which is " + yarn.betaSlow);
        }
        return yarn;
    }

    /** Null and 0 mean the usual number, as in transformers. */
    private static double turns(ConfigKeys keys, String key, double usual) {
        return keys.optionalNumber(key).orElse(0) == 0 ? usual : keys.positive(key);
    }

    /** Softer scores for longer contexts, equation 22 of the YaRN paper: {@code 0.1 m ln(s) + 1}. */
    private static double temperature(double factor, double m) {
        return factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1;
    }

    private static RopeScaling factors(ConfigKeys keys) {
        List<Double> divisors = new ArrayList<>();
        for (JsonNode item : keys.node().path("factors")) {
            if (!item.isNumber() || !(item.doubleValue() > 0)) {
                throw keys.wrong("factors", "a list of positive numbers");
            }
            divisors.add(item.doubleValue());
        }
        return new Factors(List.copyOf(divisors));
    }
}
