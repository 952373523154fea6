package dev.lizard.eval.result;

/** Between which speeds, in tokens a second, the repeats of a measurement lay. */
public record Spread(double slowest, double fastest, int repeats) {}
