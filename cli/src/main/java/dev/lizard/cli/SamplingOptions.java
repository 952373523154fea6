package dev.lizard.cli;

import dev.lizard.generate.GenerationSettings;
import dev.lizard.generate.SamplerSettings;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How tokens are chosen and where a text ends: options of the commands that generate. */
final class SamplingOptions {
    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "256",
            description = "At most so many tokens (default: ${DEFAULT-VALUE}).")
    int maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            defaultValue = "0",
            description = "0 takes the likeliest token (default: ${DEFAULT-VALUE}).")
    double temperature;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            defaultValue = "0",
            description = "Only the N likeliest tokens; 0: all (default: ${DEFAULT-VALUE}).")
    int topK;

    @Option(
            names = "--top-p",
            paramLabel = "X",
            defaultValue = "1",
            description = "Only the likeliest tokens that make up this probability (default: ${DEFAULT-VALUE}).")
    double topP;

    @Option(
            names = "--min-p",
            paramLabel = "X",
            defaultValue = "0",
            description = "Only tokens of at least X times the largest probability (default: ${DEFAULT-VALUE}).")
    double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            defaultValue = "1",
            description = "Above 1: tokens that were there before become less likely (default: ${DEFAULT-VALUE}).")
    double repetitionPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "X",
            defaultValue = "0",
            description = "Subtracted from the logits of tokens already written (default: ${DEFAULT-VALUE}).")
    double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "X",
            defaultValue = "0",
            description = "Subtracted as often as a token was written (default: ${DEFAULT-VALUE}).")
    double frequencyPenalty;

    @Option(names = "--stop", paramLabel = "S", description = "A text that ends the answer; may be repeated.")
    @Nullable
    List<String> stop;

    /**
     * The checked values.
     *
     * @param endIds ids that end a text, beside the tokenizer's own
     * @throws dev.lizard.base.LizardException USAGE for a value out of range, naming the flag
     */
    GenerationSettings settings(long seed, List<Integer> endIds) {
        SamplerSettings sampling = new SamplerSettings(
                temperature, topK, topP, minP, repetitionPenalty, presencePenalty, frequencyPenalty, seed);
        return new GenerationSettings(maxTokens, sampling, stop == null ? List.of() : stop, endIds, false);
    }
}
