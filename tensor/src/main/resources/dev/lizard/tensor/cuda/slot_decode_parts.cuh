// What slot_decode.cu is made of, following its defines: numbers as they lie in memory, sums of warps, ranks of slots.
#pragma once
#include "overlap.cuh"

#define WARPS (THREADS / 32)
#define MARKS (INT8 ? 3 : 1)
#define FOURS (D / 64)         // four pairs of a key in each of eight lanes, so many times
#define COLUMNS (D / 4)        // threads that hold a value
#define ROWS (THREADS / COLUMNS)
#define NONE -1e30f
#define ROWS_AT_ONCE 8
#define GRID 64.f // scores a nat

#if BF16
typedef unsigned short io;
__device__ __forceinline__ float load(io x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ io store(float x) {
    unsigned bits = __float_as_uint(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0;
    return (io)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16); // to nearest, ties to even
}
#else
typedef float io;
__device__ __forceinline__ float load(io x) { return x; }
__device__ __forceinline__ io store(float x) { return x; }
#endif
#if INT8
typedef signed char held;
__device__ __forceinline__ float4 four(const held* from) {
    const char4 x = *(const char4*)from;
    return make_float4(x.x, x.y, x.z, x.w);
}
#elif BF16
typedef io held;
__device__ __forceinline__ float4 four(const held* from) {
    const uint2 x = *(const uint2*)from;
    return make_float4(
        __uint_as_float(x.x << 16), __uint_as_float(x.x & 0xffff0000u), __uint_as_float(x.y << 16),
        __uint_as_float(x.y & 0xffff0000u));
}
#else
typedef io held;
#endif
__device__ __forceinline__ float4 four(const float* from) { return *(const float4*)from; }

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
