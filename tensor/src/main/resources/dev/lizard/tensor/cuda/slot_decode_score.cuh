// The score of a token, for slot_decode.cu, which says what it is.
#pragma once
#include "slot_decode_parts.cuh"

// x [B, width], k, v [B, both], both = G D: rows of a sequence apart by the given strides (elements). w1 [units, width + 2
// both], b1 [units], w2 [G, units], b2 [G]. read [B]: tokens read before. rate: what a token's age counts. parts [B,
// gridDim.x, G] and arrived [gridDim.y] zeros. score [B, G].
extern "C" __global__ void __launch_bounds__(THREADS) slot_score(
    const io* x, const io* k, const io* v, int xStride, int kStride, int vStride, int width, int both, const float* w1,
    const float* b1, const float* w2, const float* b2, int units, int groups, const long long* read, float rate, int batch,
    int rows, float* parts, int* arrived, float* score) {
    extern __shared__ __align__(16) float weights[]; // u [rows][inputs]
    __shared__ float norm[ROWS_AT_ONCE], active[ROWS_AT_ONCE][WARPS];
    __shared__ int last;
    admit();
    await();

    const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, inputs = width + 2 * both;
    const int begin = blockIdx.y * rows, count = min(rows, batch - begin), unit = blockIdx.x * WARPS + warp;
    for (int r = 0; r < count; r++) {
        const io* const myX = x + (size_t)(begin + r) * xStride;
        const io* const myK = k + (size_t)(begin + r) * kStride - width;
        const io* const myV = v + (size_t)(begin + r) * vStride - width - both;
        for (int i = tid; i < inputs; i += THREADS)
            weights[r * inputs + i] = load(i < width ? myX[i] : i < width + both ? myK[i] : myV[i]);
    }
    __syncthreads();
    for (int r = warp; r < count; r += WARPS) {
        float square = 0.f;
        for (int i = lane; i < inputs; i += 32) square += weights[r * inputs + i] * weights[r * inputs + i];
        square = warpSum(square);
        if (lane == 0) norm[r] = rsqrtf(square / inputs + 1e-6f);
    }
    __syncthreads();
    float z[ROWS_AT_ONCE];
#pragma unroll
    for (int r = 0; r < ROWS_AT_ONCE; r++) z[r] = 0.f;
    if (unit < units) {
#pragma unroll 4
        for (int i = lane; i < inputs; i += 32) {
            const float w = w1[(size_t)unit * inputs + i];
#pragma unroll
            for (int r = 0; r < ROWS_AT_ONCE; r++)
                if (r < count) z[r] += w * weights[r * inputs + i];
        }
    }
#pragma unroll
    for (int r = 0; r < ROWS_AT_ONCE; r++) {
        const float sum = warpSum(z[r]);
        if (lane == 0 && r < count) {
            const float a = unit < units ? sum * norm[r] + b1[unit] : 0.f;
            active[r][warp] = a / (1.f + __expf(-a));
        }
    }
    __syncthreads();
    for (int i = tid; i < count * groups; i += THREADS) {
        const int r = i / groups, g = i % groups;
        float sum = 0.f;
        for (int n = 0; n < WARPS && blockIdx.x * WARPS + n < units; n++)
            sum += w2[(size_t)g * units + blockIdx.x * WARPS + n] * active[r][n];
        parts[((size_t)(begin + r) * gridDim.x + blockIdx.x) * groups + g] = sum;
    }
    __threadfence();
    __syncthreads();
    if (tid == 0) last = atomicAdd(arrived + blockIdx.y, 1) == (int)gridDim.x - 1;
    __syncthreads();
    if (!last) return;
    __threadfence();
    for (int i = tid; i < count * groups; i += THREADS) {
        const int row = begin + i / groups, g = i % groups;
        float sum = b2[g];
        for (unsigned n = 0; n < gridDim.x; n++) sum += current(parts + ((size_t)row * gridDim.x + n) * groups + g);
        score[(size_t)row * groups + g] = __fadd_rn(rintf(sum * GRID) * (1.f / GRID), __fmul_rn((float)read[row], rate));
    }
    if (tid == 0) arrived[blockIdx.y] = 0;
}
