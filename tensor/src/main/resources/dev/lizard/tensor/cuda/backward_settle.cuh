// Kernel 3 of lizard_backward.cu: the slope of the mass, put right by what kernel 2 found of delta's errors.
#pragma once
#include "backward_parts.cuh"

// E_c, the sum over rows i of later chunks of error_i phi_i / den_i decayed back to the end of chunk c, is a recurrence from
// the last chunk to the first, each feature by itself. Grid (B H f / 128, rounded up): a thread a feature of a head.
extern "C" __global__ void __launch_bounds__(THREADS) lizard_backward_settle(const __grid_constant__ Problem p) {
    constexpr int AHEAD = 8; // chunks whose numbers are on their way at once
    const int i = blockIdx.x * THREADS + threadIdx.x, bh = i / FEATURES, f = i % FEATURES, first = p.delay / CHUNK;
    if (bh >= p.batch * p.heads) return;
    const i64 at = (i64)bh * p.chunks;
    float e = 0;
    for (int last = p.chunks - 1; last >= first; last -= AHEAD) {
        float error[AHEAD], decay[AHEAD], slope[AHEAD];
#pragma unroll
        for (int n = 0; n < AHEAD; n++) {
            const int c = last - n;
            const bool adds = c > first, has = c >= first && c < p.chunks - 1;
            error[n] = adds ? p.massError[(at + c) * FEATURES + f] : 0;
            decay[n] = adds ? p.decay[at + c] : 0;
            slope[n] = has ? p.massSlope[(at + c) * FEATURES + f] : 0;
        }
#pragma unroll
        for (int n = 0; n < AHEAD; n++) {
            const int c = last - n;
            if (c >= first && c < p.chunks - 1) p.massSlope[(at + c) * FEATURES + f] = slope[n] - e;
            e = e * decay[n] + error[n];
        }
    }
}
