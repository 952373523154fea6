package dev.lizard.generate;

import dev.lizard.base.LizardException;

/**
 * How the next token is chosen. Filters act in this order, each on what the one before left:
 *
 * <ol>
 *   <li>repetition penalty: the logit of every token seen so far is divided by it if positive, else multiplied
 *       (Keskar et al. 2019, arXiv 1909.05858); then the presence penalty is subtracted from the logit of every token that
 *       this sampler has drawn, and the frequency penalty as often as it has;
 *   <li>temperature: logits are divided by it; 0 takes the largest logit and ends here, the lowest id among equals;
 *   <li>top-k: the k largest stay;
 *   <li>top-p: the fewest largest whose probabilities sum to p or more stay (Holtzman et al. 2019, arXiv 1904.09751);
 *   <li>min-p: those with p times the largest probability or more stay (Nguyen et al. 2024, arXiv 2407.01082).
 * </ol>
 *
 * <p>What is left is ordered by logits, lower ids first among equals, and the first token is taken at which the sum of
 * probabilities exceeds a uniform number. Tokens less likely than e⁻⁴⁰ times the likeliest are never drawn (2⁻⁴⁴ on a
 * card).
 *
 * @param temperature 0 for greedy
 * @param topK 0 for no limit
 * @param topP in (0, 1]; 1 for no limit
 * @param minP in [0, 1]; 0 for no limit
 * @param repetitionPenalty above 0; 1 for none
 * @param presencePenalty 0 for none; below 0 favours tokens that were drawn
 * @param frequencyPenalty likewise
 * @param seed of the draws
 */
public record SamplerSettings(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        long seed) {
    /** Always the likeliest token. */
    public static final SamplerSettings GREEDY = ofTemperature(0, 0);

    /** Checks the ranges; the error of a value outside names the flag (USAGE). */
    public SamplerSettings {
        require(temperature >= 0 && temperature < Double.POSITIVE_INFINITY, "temperature", "0 or more", temperature);
        require(topK >= 0, "top-k", "0 or more", topK);
        require(topP > 0 && topP <= 1, "top-p", "above 0, at most 1", topP);
        require(minP >= 0 && minP <= 1, "min-p", "0 to 1", minP);
        require(
                repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY,
                "repetition-penalty",
                "above 0",
                repetitionPenalty);
        require(Double.isFinite(presencePenalty), "presence-penalty", "a finite number", presencePenalty);
        require(Double.isFinite(frequencyPenalty), "frequency-penalty", "a finite number", frequencyPenalty);
    }

    private static void require(boolean right, String flag, String expected, Number found) {
        if (!right) {
            throw LizardException.usage("--%s out of range: expected %s but found %s".formatted(flag, expected, found));
        }
    }

    /** Draws at {@code temperature} from all tokens. */
    public static SamplerSettings ofTemperature(double temperature, long seed) {
        return new SamplerSettings(temperature, 0, 1, 0, 1, 0, 0, seed);
    }

    public SamplerSettings withTopK(int value) {
        return new SamplerSettings(
                temperature, value, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed);
    }

    public SamplerSettings withTopP(double value) {
        return new SamplerSettings(
                temperature, topK, value, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed);
    }

    public SamplerSettings withMinP(double value) {
        return new SamplerSettings(
                temperature, topK, topP, value, repetitionPenalty, presencePenalty, frequencyPenalty, seed);
    }

    public SamplerSettings withRepetitionPenalty(double value) {
        return new SamplerSettings(temperature, topK, topP, minP, value, presencePenalty, frequencyPenalty, seed);
    }

    public SamplerSettings withPresencePenalty(double value) {
        return new SamplerSettings(temperature, topK, topP, minP, repetitionPenalty, value, frequencyPenalty, seed);
    }

    public SamplerSettings withFrequencyPenalty(double value) {
        return new SamplerSettings(temperature, topK, topP, minP, repetitionPenalty, presencePenalty, value, seed);
    }

    public SamplerSettings withSeed(long value) {
        return new SamplerSettings(
                temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, value);
    }

    public boolean isGreedy() {
        return temperature == 0;
    }

    /** Whether logits depend on what came before. */
    public boolean penalises() {
        return repetitionPenalty != 1 || countsDraws();
    }

    /** Whether they depend on what was drawn. */
    boolean countsDraws() {
        return presencePenalty != 0 || frequencyPenalty != 0;
    }
}
