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

    /** Reads the object that carries {@code rope_type} (or {@code type}) and its numbers. */
    static RopeScaling read(ConfigKeys keys, int maxPositions) {
        String key = keys.has("rope_type") ? "rope_type" : "type";
        String type = keys.text(key).orElse("default");
        return switch (type) {
            case "default" -> new None();
            case "linear" -> new Linear(keys.positive("factor"));
            case "llama3" ->
                new Llama3(
                        keys.positive("factor"),
                        keys.positive("low_freq_factor"),
                        keys.positive("high_freq_factor"),
                        keys.positive("original_max_position_embeddings"));
            case "yarn" -> yarn(keys, maxPositions);
            case "factors" -> factors(keys);
            default ->
                throw keys.unsupported(
                        key,
                        "one of default, linear, llama3, yarn",
                        type.equals("dynamic")
                                ? "its frequencies change with the text's length, which no fixed state can follow"
                                : "use a model with one of these");
        };
    }

    private static RopeScaling yarn(ConfigKeys keys, int maxPositions) {
        double original =
                keys.optionalNumber("original_max_position_embeddings").orElse(maxPositions);
        double factor = keys.has("factor") ? keys.positive("factor") : maxPositions / original;
        OptionalDouble attention = keys.optionalNumber("attention_factor");
        double mscale = keys.optionalNumber("mscale").orElse(0);
        double mscaleAll = keys.optionalNumber("mscale_all_dim").orElse(0);
        double usual = mscale != 0 && mscaleAll != 0
                ? temperature(factor, mscale) / temperature(factor, mscaleAll)
                : temperature(factor, 1);
        return new Yarn(
                factor,
                original,
                keys.optionalNumber("beta_fast").orElse(32),
                keys.optionalNumber("beta_slow").orElse(1),
                attention.orElse(usual),
                keys.flag("truncate", true));
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
