// Kernels 5 and 6 of lizard_backward.cu: gradients of maps, and sums over parts.
#pragma once
#include "backward_pairs.cuh"

constexpr int S4_STAGE = X_BYTES + HP * CHUNK * 128;
constexpr int S4_END = 2 * S4_STAGE;

// dW = x^T dz over a share of the batch's chunks. Grid (parts, H, 2): queries, keys.
extern "C" __global__ void __launch_bounds__(THREADS) lizard_backward_maps(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int part = blockIdx.x, h = blockIdx.y, keys = blockIdx.z, T = p.tokens;
    const int g = h / (p.heads / p.keyHeads);
    const int end = keys ? min(T, p.chunks * CHUNK - p.delay) : T;
    const int begin = keys ? 0 : p.delay / CHUNK * CHUNK; // earlier queries have nothing far
    const int perBatch = end > begin ? (end - begin + CHUNK - 1) / CHUNK : 0, count = perBatch * p.batch;
    float c[D / 64][HALF_F / 8][4];
#pragma unroll
    for (int m = 0; m < D / 64; m++) {
#pragma unroll
        for (int n = 0; n < HALF_F / 8; n++) c[m][n][0] = c[m][n][1] = c[m][n][2] = c[m][n][3] = 0;
    }
    auto fetch = [&](int i, int stage) {
        if (i < count) {
            int b = i / perBatch, t = begin + i % perBatch * CHUNK;
            const bf16* x = keys ? p.k + b * p.sk.batch + g * p.sk.head : p.q + b * p.sq.batch + h * p.sq.head;
            const bf16* z = (keys ? p.scoreK : p.scoreQ) + (i64)(b * p.heads + h) * T * HALF_F;
            copy_tile<CHUNK, D>(base + stage * S4_STAGE, x, keys ? p.sk.token : p.sq.token, t, end);
            copy_tile<CHUNK, HALF_F>(base + stage * S4_STAGE + X_BYTES, z, HALF_F, t, end);
        }
        commit();
    };
    fetch(part, 0);
    int stage = 0;
    for (int i = part; i < count; i += p.parts, stage ^= 1) {
        fetch(i + p.parts, stage ^ 1);
        wait<1>();
        publish();
#pragma unroll
        for (int m = 0; m < D / 64; m++) settle<HALF_F>(c[m]);
        arrive();
#pragma unroll
        for (int m = 0; m < D / 64; m++) {
            steps<HALF_F, CHUNK, CHUNK, true, CHUNK, true>(c[m], base + stage * S4_STAGE + m * (CHUNK * 128),
                                                     base + stage * S4_STAGE + X_BYTES, true);
        }
        finish();
#pragma unroll
        for (int m = 0; m < D / 64; m++) settle<HALF_F>(c[m]);
        __syncthreads();
    }
    float* to = p.partMap + (((i64)keys * p.parts + part) * p.heads + h) * D * HALF_F;
#pragma unroll
    for (int m = 0; m < D / 64; m++) {
#pragma unroll
        for (int n = 0; n < HALF_F / 8; n++) {
            float* at = to + (m * 64 + own_row()) * HALF_F + n * 8 + (lane() & 3) * 2;
            *(float2*)at = make_float2(c[m][n][0], c[m][n][1]);
            *(float2*)(at + 8 * HALF_F) = make_float2(c[m][n][2], c[m][n][3]);
        }
    }
}

// ---- 6. sums --------------------------------------------------------------------------------------------------------

// Sums over parts, in a fixed order. Grid (any, 2): maps with scalars, grouped keys and values.
extern "C" __global__ void __launch_bounds__(THREADS) lizard_backward_sums(const __grid_constant__ Problem p) {
    const i64 threads = (i64)gridDim.x * THREADS, self = (i64)blockIdx.x * THREADS + threadIdx.x;
    if (blockIdx.y == 0) {
        const i64 size = (i64)p.heads * D * HALF_F / 4;
        for (i64 i = self; i < 2 * size; i += threads) {
            const float4* from = (const float4*)p.partMap + (i >= size ? (i64)p.parts * size + i - size : i);
            float4 s = make_float4(0, 0, 0, 0);
            for (int n = 0; n < p.parts; n++) {
                float4 x = from[n * size];
                s.x += x.x, s.y += x.y, s.z += x.z, s.w += x.w;
            }
            ((float4*)(i >= size ? p.dkeyMap : p.dqueryMap))[i >= size ? i - size : i] = s;
        }
        const int n = p.batch * p.chunks;
        for (int h = blockIdx.x; h < 2 * p.heads; h += gridDim.x) {
            const float* from = h < p.heads ? p.partShare + (i64)h * n : p.partSink + (i64)(h - p.heads) * n;
            __shared__ float scratch[4];
            float s = 0;
            for (int i = threadIdx.x; i < n; i += THREADS) s += from[i];
            s = block_sum(s, scratch);
            float* to = h < p.heads ? p.dshare + h : p.dsink ? p.dsink + h - p.heads : nullptr;
            if (to && threadIdx.x == 0) *to = s;
            __syncthreads();
        }
    } else {
        const int group = p.heads / p.keyHeads;
        const i64 size = (i64)p.batch * p.tokens * p.keyHeads * D / 8;
        for (i64 i = self; i < 2 * size; i += threads) {
            bool keys = i < size;
            i64 at = keys ? i : i - size;
            const uint4* from = (const uint4*)(keys ? p.headK : p.headV) + at / (D / 8) * group * (D / 8) + at % (D / 8);
            float s[8] = {};
            for (int r = 0; r < group; r++) {
                uint4 x = from[r * (D / 8)];
                s[0] += low(x.x), s[1] += high(x.x), s[2] += low(x.y), s[3] += high(x.y);
                s[4] += low(x.z), s[5] += high(x.z), s[6] += low(x.w), s[7] += high(x.w);
            }
            const i64 pieces = p.keyHeads * D / 8, to = at / pieces * (slope_row(p, p.keyHeads) / 8) + at % pieces;
            ((uint4*)(keys ? p.dk : p.dv))[to] =
                make_uint4(pack(s[0], s[1]), pack(s[2], s[3]), pack(s[4], s[5]), pack(s[6], s[7]));
        }
    }
}
