package dev.lizard.eval.report;

/**
 * An axis: what it measures, its unit in the label, its scale and how its ticks are written.
 *
 * @param ticks about how many
 */
record Axis(String label, Scale scale, Units units, int ticks) {}
