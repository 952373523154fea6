package dev.lizard.eval.result;

/**
 * What a model answered to a prompt, greedily.
 *
 * @param set which prompts
 * @param kind of prompt, such as {@code arithmetic}
 * @param ended whether it ended the answer itself
 */
public record Answered(String model, String set, String kind, String prompt, String text, boolean ended) {}
