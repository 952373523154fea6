// What kernels 2 and 4 of lizard_backward.cu share.
#pragma once
#include "backward_parts.cuh"

// Shared memory of both: what is far first, then the window in the same place.
constexpr int LARGE = larger(X_BYTES, PHI_BYTES);
constexpr int W_OWN = 0;                     // dY of the queries, or V of the keys: to the end
constexpr int W_OTHER = W_OWN + X_BYTES;     // V of the keys, or dY of the queries
constexpr int W_PHIQ = W_OTHER + X_BYTES;    // raw queries, then their features
constexpr int W_PHIK = W_PHIQ + LARGE;       // raw keys, then their features
constexpr int W_STATE = W_PHIK + LARGE;      // both maps, then the state
constexpr int W_FAR_END = W_STATE + larger(STATE_BYTES, 2 * MAP_BYTES);
constexpr int W_TURNED = W_OWN + X_BYTES;    // the block's own rotated rows
constexpr int W_STAGES = W_TURNED + X_BYTES; // two stages of two tiles; the map of the end in one of them
constexpr int W_NEAR_END = W_STAGES + larger(4 * X_BYTES, 2 * X_BYTES + MAP_BYTES);
constexpr int W_VECTORS = larger(W_FAR_END, W_NEAR_END);
constexpr int W_MASS = W_VECTORS + 320 * 4;   // sums of the features in the state
constexpr int W_COLUMNS = W_VECTORS + 640 * 4; // column sums of what is far
constexpr int W_END = W_VECTORS + 2 * 6 * 64 * 4;

// The state, or the slope, at a chunk's border, and its sums of features.
DEVICE void copy_state(u32 base, const bf16* image, const float* mass) {
    copy_image<STATE_BYTES>(base + W_STATE, image);
    copy_image<FEATURES * 4>(base + W_MASS, mass);
}

DEVICE float warp_sum(float x) {
#pragma unroll
    for (int o = 16; o > 0; o /= 2) x += __shfl_xor_sync(~0u, x, o);
    return x;
}

DEVICE float block_sum(float x, float* scratch) { // uses 4 floats
    x = warp_sum(x);
    if (lane() == 0) scratch[warp()] = x;
    __syncthreads();
    return scratch[0] + scratch[1] + scratch[2] + scratch[3];
}
