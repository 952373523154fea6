// What decode.cu is made of: how its blocks share the work, following its defines, and arithmetic on small vectors.
#pragma once
#include "numbers.cuh"

__device__ __forceinline__ float4 operator*(float4 a, float b) {
    return make_float4(a.x * b, a.y * b, a.z * b, a.w * b);
}
__device__ __forceinline__ float4 operator*(float4 a, float4 b) {
    return make_float4(a.x * b.x, a.y * b.y, a.z * b.z, a.w * b.w);
}
__device__ __forceinline__ float4 operator+(float4 a, float4 b) {
    return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
}
__device__ __forceinline__ float4 operator-(float4 a, float4 b) {
    return make_float4(a.x - b.x, a.y - b.y, a.z - b.z, a.w - b.w);
}
__device__ __forceinline__ float total(float4 a) { return (a.x + a.y) + (a.z + a.w); }

#define WARPS (THREADS / 32)
#define CLERK (WARPS - 1)           // the warp that asks the counters and writes the new slot
#define COLUMNS (D / SLICES)        // of v and S in a block
#define GROUPS (THREADS / COLUMNS)  // of rows of S, and of values
#define ROWS (2 * HALF_F / GROUPS)  // rows of S a thread holds
#define PARTS (THREADS / HALF_F)    // parts of the products with maps
#define FOURS (D / 32)              // a key is so many times 4 numbers in each of eight lanes
#define OCTETS (THREADS / 8)        // keys at once
#define ALL_QUADS (D / PARTS / 4)   // rows of a map that a thread multiplies, in fours
#define QUADS (ALL_QUADS < 4 ? ALL_QUADS : 4) // of them in registers
#define GATES 3                     // weights of the gate in registers
// Blocks of a multiprocessor; where there are few, so that one finds room beside those of other kernels.
#define BLOCKS (THREADS <= 256 && (SLICES == 1 ? ROWS <= 32 : BF16 && ROWS + VALUES <= 16) ? 2 : 1)
#define READERS (R * SLICES)        // blocks that read a slot of the ring
#define SMALLEST 1e-12f

__device__ __forceinline__ float warpSum(float x) {
    for (int i = 16; i > 0; i >>= 1) x += __shfl_xor_sync(0xffffffffu, x, i);
    return x;
}

__device__ __forceinline__ float warpMax(float x) {
    for (int i = 16; i > 0; i >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, i));
    return x;
}

/** Adds 1 and gives what was there. As the compiler's own function passes the result on at once, it waits for it. */
__device__ __forceinline__ int arrive(int* counter) {
    int before;
    asm volatile("atom.global.add.s32 %0, [%1], 1;" : "=r"(before) : "l"(counter) : "memory");
    return before;
}

/** Turns a head vector held by eight lanes: of lane l, numbers 32 m + 4 l .. 32 m + 4 l + 3. */
__device__ __forceinline__ void turn(float4 (&x)[FOURS], const float4 (&cos)[FOURS / 2], const float4 (&sin)[FOURS / 2]) {
#pragma unroll
    for (int m = 0; m < FOURS / 2; m++) {
        const float4 low = x[m], high = x[m + FOURS / 2];
        x[m] = low * cos[m] - high * sin[m];
        x[m + FOURS / 2] = high * cos[m] + low * sin[m];
    }
}

/** Four rows of a column of a map, and their product with four numbers. */
struct Quad {
    float w[4];

    __device__ __forceinline__ void read(const float* from, int pitch) {
#pragma unroll
        for (int i = 0; i < 4; i++) w[i] = from[(size_t)i * pitch];
    }

    __device__ __forceinline__ float times(float4 x) const { return x.x * w[0] + x.y * w[1] + x.z * w[2] + x.w * w[3]; }
};
