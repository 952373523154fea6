package dev.lizard.eval.result;

import java.util.List;

/**
 * The mixing matrix of a head on a short text: what a token's output takes of the value of each before it.
 *
 * @param tokens what they spell
 * @param weights row t: t + 1 weights, of token t's own last
 */
public record AttentionMap(String model, int layer, int head, List<String> tokens, List<List<Double>> weights) {}
