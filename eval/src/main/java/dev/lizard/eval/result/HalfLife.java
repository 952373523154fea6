package dev.lizard.eval.result;

/** Tokens after which a head's memory has lost half, by its gate's mean on held-out text, before and after training. */
public record HalfLife(int layer, int head, double initial, double trained) {}
