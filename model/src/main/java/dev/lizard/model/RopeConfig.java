package dev.lizard.model;

import dev.lizard.mixer.Rotary;

/**
 * A model's rotary position embedding.
 *
 * @param base θ: pair i of d/2 turns by θ^(−2i/d) radians a token before scaling
 * @param scaling what was done to these frequencies afterwards
 */
public record RopeConfig(double base, RopeScaling scaling) {
    /** The embedding for heads of width d. The caller closes it. */
    Rotary rotary(int headWidth) {
        return new Rotary(frequencies(headWidth), attention());
    }

    /** Factor on cos and sin. */
    double attention() {
        return scaling instanceof RopeScaling.Yarn yarn ? yarn.attention() : 1;
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
        double ramp = high == low
                ? 1e-3
                : high - low; // negative where no pair turns often, or all do, as transformers has it
        double slowed = Math.clamp((pair - low) / ramp, 0.0, 1.0);
        return (1 - slowed) * plain + slowed * plain / s.factor();
    }

    /** The (real-valued) pair that turns {@code turns} times within the original context. */
    private double pairTurning(double turns, int headWidth, RopeScaling.Yarn s) {
        return headWidth * Math.log(s.original() / (turns * 2 * Math.PI)) / (2 * Math.log(base));
    }
}
