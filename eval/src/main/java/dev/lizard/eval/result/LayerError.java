package dev.lizard.eval.result;

/**
 * How far a layer's per-head outputs are from the teacher's on the teacher's own inputs: ||y - y'||² / ||y||².
 *
 * @param before with untrained new parameters
 * @param after after attention transfer
 */
public record LayerError(int layer, double before, double after) {}
