package dev.lizard.mixer;

import dev.lizard.tensor.Tensor;

/**
 * A weighted sum of values left undivided, so that branches can be joined under one normaliser.
 *
 * @param numerator Σ_j a_ij v_j [B, H, T, d]
 * @param mass Σ_j a_ij [B, H, T, 1]
 */
record PartialAttention(Tensor numerator, Tensor mass) {
    /** Keeps a row without any weight (an ablated branch before its first key) at zero instead of 0/0. */
    private static final double TINY = 1e-30;

    /** All weights times {@code factor}, which broadcasts over [B, H, T, 1]. */
    PartialAttention times(Tensor factor) {
        return new PartialAttention(numerator.mul(factor), mass.mul(factor));
    }

    /** Weights of both. */
    PartialAttention plus(PartialAttention other) {
        return new PartialAttention(numerator.add(other.numerator), mass.add(other.mass));
    }

    /** The same weights, {@code other}'s values left out. */
    PartialAttention without(PartialAttention other) {
        return new PartialAttention(numerator.sub(other.numerator), mass);
    }

    /** The same weights of values that are all 0: what it takes from others where they are joined. */
    PartialAttention silent() {
        return new PartialAttention(numerator.mul(0), mass);
    }

    /** The weighted mean [B, H, T, d]. */
    Tensor divided() {
        return numerator.div(mass);
    }

    /** The same, zero where there is no weight. */
    Tensor dividedOrZero() {
        return numerator.div(mass.clampMin(TINY));
    }
}
