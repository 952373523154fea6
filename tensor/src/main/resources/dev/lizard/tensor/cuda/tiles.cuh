// What the backward kernels share: tiles of bf16 in shared memory (their layout: products.cuh), copies, sums over rows.
#pragma once
#include "products.cuh"

typedef unsigned short bf16;
typedef long long i64;

#define LOG2E 1.4426950408889634f

constexpr int THREADS = 128;
constexpr int CHUNK = 64;

DEVICE u32 shared_address(const void* p) { return (u32)__cvta_generic_to_shared(p); }
DEVICE int warp() { return threadIdx.x >> 5; }
DEVICE int own_row() { return warp() * 16 + (lane() >> 2); }

DEVICE u32 pack(float low, float high) {
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}
DEVICE float low(u32 x) { return __uint_as_float(x << 16); }
DEVICE float high(u32 x) { return __uint_as_float(x & 0xffff0000u); }
DEVICE float exp2_fast(float x) {
    float r;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}
DEVICE float inverse_fast(float x) {
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(x));
    return r;
}
DEVICE float exp_fast(float x) { return exp2_fast(x * LOG2E); }

DEVICE void store(u32 address, u32 x) { asm volatile("st.shared.b32 [%0], %1;" ::"r"(address), "r"(x) : "memory"); }
DEVICE void store(u32 address, uint4 x) {
    asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w)
                 : "memory");
}
DEVICE u32 load(u32 address) {
    u32 r;
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(r) : "r"(address) : "memory");
    return r;
}
DEVICE uint4 load4(u32 address) {
    uint4 r;
    asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r.x), "=r"(r.y), "=r"(r.z), "=r"(r.w)
                 : "r"(address)
                 : "memory");
    return r;
}

// Sum and maximum over the four threads that share a row of accumulators.
DEVICE float quad_sum(float x) {
    x += __shfl_xor_sync(~0u, x, 1);
    return x + __shfl_xor_sync(~0u, x, 2);
}
DEVICE float quad_max(float x) {
    x = fmaxf(x, __shfl_xor_sync(~0u, x, 1));
    return fmaxf(x, __shfl_xor_sync(~0u, x, 2));
}

// Sixteen bytes to shared memory without passing registers; zeros if not `valid`.
DEVICE void copy16(u32 to, const void* from, bool valid) {
    int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
DEVICE void copy4(u32 to, const void* from, bool valid) {
    int bytes = valid ? 4 : 0;
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}
DEVICE void commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int PENDING>
DEVICE void wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}
// Address of a pair of accumulator columns (block n) in the thread's own row, for tiles of 64 rows; + 1024: 8 rows below.
DEVICE u32 pair_address(u32 tile, int n) {
    return tile + (n >> 3) * (64 * 128) + own_row() * 128 + (((n & 7) ^ (lane() >> 2)) << 4) + (lane() & 3) * 4;
}

// Rows first .. first + ROWS - 1 of a matrix in memory; rows outside [0, end) become zeros.
template <int ROWS, int COLUMNS>
DEVICE void copy_tile(u32 tile, const bf16* from, i64 stride, int first, int end) {
    constexpr int PIECES = COLUMNS / 8, APART = THREADS / PIECES; // rows between two copies of a thread
    if constexpr (THREADS % (8 * PIECES) == 0) {
        int row = threadIdx.x / PIECES, p = threadIdx.x % PIECES, at = first + row;
        u32 to = piece<ROWS>(tile, row, p);
        from += at * stride + p * 8;
#pragma unroll
        for (int i = 0; i < ROWS / APART; i++) {
            copy16(to + i * (APART * 128), from + i * (APART * stride), (u32)(at + i * APART) < (u32)end);
        }
    } else {
#pragma unroll
        for (int i = threadIdx.x; i < ROWS * PIECES; i += THREADS) {
            int row = i / PIECES, p = i % PIECES;
            int at = first + row;
            bool valid = at >= 0 && at < end;
            copy16(piece<ROWS>(tile, row, p), from + (valid ? at * stride + p * 8 : 0), valid);
        }
    }
}
// A tile that lies in memory as it will in shared memory.
template <int BYTES>
DEVICE void copy_image(u32 tile, const void* from) {
#pragma unroll
    for (int i = threadIdx.x * 16; i < BYTES; i += THREADS * 16) {
        copy16(tile + i, (const char*)from + i, true);
    }
}

// Accumulators as left operand of the next product: [64, 16 K'] in bf16.
template <int K>
DEVICE void as_operand(u32 (*a)[4], const float (*c)[4]) {
#pragma unroll
    for (int k = 0; k < K / 16; k++) {
        a[k][0] = pack(c[2 * k][0], c[2 * k][1]);
        a[k][1] = pack(c[2 * k][2], c[2 * k][3]);
        a[k][2] = pack(c[2 * k + 1][0], c[2 * k + 1][1]);
        a[k][3] = pack(c[2 * k + 1][2], c[2 * k + 1][3]);
    }
}
