// What slot_decode.cu is made of, following its defines: numbers as they lie in memory, sums of warps, ranks of slots.
#pragma once
#include "numbers.cuh"
#include "overlap.cuh"

#define WARPS (THREADS / 32)
#define MARKS (INT8 ? 3 : 1)
#define FOURS (D / 64)         // four pairs of a key in each of eight lanes, so many times
#define COLUMNS (D / 4)        // threads that hold a value
#define ROWS (THREADS / COLUMNS)
#define NONE -1e30f
#define ROWS_AT_ONCE 8
#define GRID 64.f // scores a nat

#if INT8
typedef signed char held;
__device__ __forceinline__ float4 load4(const held* from) {
    const char4 x = *(const char4*)from;
    return make_float4(x.x, x.y, x.z, x.w);
}
#else
typedef io held;
#endif

__device__ __forceinline__ float warpSum(float x) {
    for (int i = 16; i > 0; i >>= 1) x += __shfl_xor_sync(0xffffffffu, x, i);
    return x;
}

__device__ __forceinline__ float warpMax(float x) {
    for (int i = 16; i > 0; i >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, i));
    return x;
}

/** A slot as others compare it: a free one has position 0. */
struct Rank {
    float score;
    int position, slot;

    __device__ __forceinline__ bool below(const Rank& o) const {
        if (position == 0 || o.position == 0) return position == 0 && (o.position != 0 || slot < o.slot);
        return score < o.score || (score == o.score && position < o.position);
    }
};
