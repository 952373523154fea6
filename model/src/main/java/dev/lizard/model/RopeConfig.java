package dev.lizard.model;

import dev.lizard.base.LizardException;
import dev.lizard.mixer.Rotary;

/**
 * A model's rotary position embedding.
 *
 * @param base θ: pair i of d/2 turns by θ^(−2i/d) radians a token before scaling
 * @param scaling what was done to these frequencies afterwards
 */
public record RopeConfig(double base, RopeScaling scaling) {
    private static final double USUAL_BASE = 10_000;

    /**
     * Reads {@code rope_parameters} (transformers 5) or {@code rope_theta} and {@code rope_scaling} (before).
     *
     * @throws LizardException INPUT for a scaling that is not supported
     */
    static RopeConfig read(ConfigKeys config, int maxPositions, int headWidth) {
        ConfigKeys parameters = config.object("rope_parameters").orElse(config);
        double base = parameters.has("rope_theta")
                ? parameters.positive("rope_theta")
                : config.optionalNumber("rope_theta").orElse(USUAL_BASE);
        RopeScaling scaling = config.object("rope_parameters")
                .or(() -> config.object("rope_scaling"))
                .map(keys -> RopeScaling.read(keys, maxPositions))
                .orElse(new RopeScaling.None());
        double part = parameters.has("partial_rotary_factor")
                ? parameters.positive("partial_rotary_factor")
                : config.optionalNumber("partial_rotary_factor").orElse(1);
        if (part != 1) {
            throw config.unsupported("partial_rotary_factor", "1 (whole heads turn)", "use another model");
        }
        if (scaling instanceof RopeScaling.Factors factors && factors.divisors().size() != headWidth / 2) {
            throw config.wrong("rope_scaling", "one factor for each of the " + headWidth / 2 + " pairs of a head");
        }
        return new RopeConfig(base, scaling);
    }

    /** The embedding for heads of width d. The caller closes it. */
    Rotary rotary(int headWidth) {
        double[] frequencies = frequencies(headWidth);
        double scale = scaling instanceof RopeScaling.Yarn yarn ? yarn.attention() : 1;
        return new Rotary(frequencies, scale);
    }

    /** Radians a token of each pair [d/2]. */
    double[] frequencies(int headWidth) {
        double[] frequencies = new double[headWidth / 2];
        for (int i = 0; i < frequencies.length; i++) {
            double plain = Math.pow(base, -2.0 * i / headWidth);
            frequencies[i] = switch (scaling) {
                case RopeScaling.None() -> plain;
                case RopeScaling.Linear(double factor) -> plain / factor;
                case RopeScaling.Llama3 llama3 -> llama3(plain, llama3);
                case RopeScaling.Yarn yarn -> yarn(plain, i, headWidth, yarn);
                case RopeScaling.Factors factors -> plain / factors.divisors().get(i);
            };
        }
        return frequencies;
    }

    private static double llama3(double plain, RopeScaling.Llama3 s) {
        double wave = 2 * Math.PI / plain; // tokens a turn
        double kept = (s.original() / wave - s.lowFrequency()) / (s.highFrequency() - s.lowFrequency());
        double share = Math.clamp(kept, 0.0, 1.0);
        return share * plain + (1 - share) * plain / s.factor();
    }

    private double yarn(double plain, int pair, int headWidth, RopeScaling.Yarn s) {
        double low = pairTurning(s.betaFast(), headWidth, s);
        double high = pairTurning(s.betaSlow(), headWidth, s);
        if (s.truncate()) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, headWidth - 1.0);
        double slowed = Math.clamp((pair - low) / Math.max(high - low, 1e-3), 0.0, 1.0);
        return (1 - slowed) * plain + slowed * plain / s.factor();
    }

    /** The (real-valued) pair that turns {@code turns} times within the original context. */
    private double pairTurning(double turns, int headWidth, RopeScaling.Yarn s) {
        return headWidth * Math.log(s.original() / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }
}
