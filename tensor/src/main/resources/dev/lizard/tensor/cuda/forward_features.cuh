// Of lizard_forward.cu: features of keys and queries, sums of gates.
#pragma once
#include "forward_copies.cuh"

/** x W of 16 rows of a tile, by one warp. */
__device__ __forceinline__ void project(float (&z)[HALF_F / 8][4], u32 x, int row, u32 map, int lane) {
#pragma unroll
    for (int n = 0; n < HALF_F / 8; n++) {
        z[n][0] = z[n][1] = z[n][2] = z[n][3] = 0.f;
    }
#pragma unroll
    for (int step = 0; step < D / 16; step++) {
        u32 a[4];
        loadA<CHUNK>(a, x, row, step, lane);
#pragma unroll
        for (int n = 0; n < HALF_F / 16; n++) {
            u32 b[4];
            loadBt<D>(b, map, 16 * step, n, lane);
            mma(z[2 * n], a, b[0], b[1]);
            mma(z[2 * n + 1], a, b[2], b[3]);
        }
    }
}

/** Features of 16 rows into a tile, rounded; their product with z, if wanted, into mass. plus: at first x W. */
template <bool withMass>
__device__ __forceinline__ void mapRows(float (&plus)[HALF_F / 8][4], u32 to, Small& small, int row, int lane) {
    float minus[HALF_F / 8][4];
    features<HALF_F>(plus, minus);
    __syncwarp(); // the features of keys overwrite the keys
    float above = 0.f, below = 0.f;
#pragma unroll
    for (int n = 0; n < HALF_F / 8; n++) {
        if (n % 2 == 0) {
            storeC2<CHUNK>(to, row, n / 2, lane, pack(plus[n][0], plus[n][1]), pack(plus[n][2], plus[n][3]),
                       pack(plus[n + 1][0], plus[n + 1][1]), pack(plus[n + 1][2], plus[n + 1][3]));
            storeC2<CHUNK>(to, row, HALF_F / 16 + n / 2, lane, pack(minus[n][0], minus[n][1]), pack(minus[n][2], minus[n][3]),
                       pack(minus[n + 1][0], minus[n + 1][1]), pack(minus[n + 1][2], minus[n + 1][3]));
        }
        if (withMass) {
            int column = 8 * n + 2 * (lane & 3);
            float2 zp = *reinterpret_cast<const float2*>(small.z + column);
            float2 zm = *reinterpret_cast<const float2*>(small.z + HALF_F + column);
            above += plus[n][0] * zp.x + plus[n][1] * zp.y + minus[n][0] * zm.x + minus[n][1] * zm.y;
            below += plus[n][2] * zp.x + plus[n][3] * zp.y + minus[n][2] * zm.x + minus[n][3] * zm.y;
        }
    }
    if (withMass) {
        above = quadSum(above), below = quadSum(below);
        if ((lane & 3) == 0) {
            small.mass[row + (lane >> 2)] = above;
            small.mass[row + 8 + (lane >> 2)] = below;
        }
    }
}

/** One warp: sums the chunk's log-gates. first = time of the first query; queries from `end` on neither decay nor write. */
__device__ __forceinline__ void sumGates(Small& small, float2 gates, const Source& in, int first, int lane) {
    float a = gates.x, b = gates.x + gates.y; // lane l: tokens 2 l, 2 l + 1
#pragma unroll
    for (int n = 1; n < 32; n *= 2) {
        float before = __shfl_up_sync(0xffffffffu, b, n);
        if (lane >= n) {
            a += before, b += before;
        }
    }
    float end = __shfl_sync(0xffffffffu, b, 31);
    int j = first - LAG + 2 * lane;
    small.decay[2 * lane] = a;
    small.decay[2 * lane + 1] = b;
    bool keepA = j >= -in.past && first + 2 * lane < in.tokens;
    bool keepB = j + 1 >= -in.past && first + 2 * lane + 1 < in.tokens;
    float keep = 1.f;
#ifdef DOCUMENTS
    int last = in.document[min(first + CHUNK, in.tokens) - 1];
    keepA = keepA && in.document[max(j, 0)] == last;
    keepB = keepB && in.document[max(j + 1, 0)] == last;
    keep = first == 0 || in.document[first - 1] == last ? 1.f : 0.f;
#endif
    small.write[2 * lane] = keepA ? exp2Fast(end - a) : 0.f;
    small.write[2 * lane + 1] = keepB ? exp2Fast(end - b) : 0.f;
    float sixteenth = __shfl_sync(0xffffffffu, b, lane | 7);
    small.ages[2 * lane] = exp2Fast(sixteenth - a);
    small.ages[2 * lane + 1] = exp2Fast(sixteenth - b);
    if (lane == 0) {
        small.total[0] = keep * exp2Fast(end);
        small.total[1] = end;
    }
}

__device__ __forceinline__ float2 readGates(const Source& in, int first, int lane) {
    int t = first + 2 * lane;
    float a = t < in.tokens ? fmaxf(in.gate[t], -30.f) * LOG2E : 0.f;
    float b = t + 1 < in.tokens ? fmaxf(in.gate[t + 1], -30.f) * LOG2E : 0.f;
    return make_float2(a, b);
}
