// What the kernels of memory.cu share: the problem, running sums of log-gates, rows of tiles.
#pragma once
#include "tiles.cuh"

#ifndef D
#define D 64 // d: width of values, 64 or 128
#endif
#ifndef FEATURES
#define FEATURES 64 // f: rows of the memory, 64, 128, 192 or 256
#endif
#ifndef GATES
#define GATES 0 // log-gates: 0 none, 1 one a head, 2 one a row
#endif
#ifndef COUNTED
#define COUNTED 0 // 1: the memory has a column of ones' sums, read out as the normaliser
#endif

constexpr int PART = 64; // features a kernel works on at once
constexpr int PARTS = FEATURES / PART;
constexpr bool BY_ROW = GATES == 2;
constexpr int X_BYTES = D / 64 * CHUNK * 128;   // [64, d] of bf16
constexpr int F_BYTES = CHUNK * 128;            // [64, 64] of bf16
constexpr int PITCH = PART + 4;                 // floats of a row of a float table [64, 64]
constexpr int TABLE_BYTES = CHUNK * PITCH * 4;
constexpr int GATE_BYTES = BY_ROW ? TABLE_BYTES : 0;
constexpr float FLOOR = -30; // lowest log-gate that is told from 0; below it gradients are 0

struct Strides {
    i64 batch, token, head;
};

struct Problem {
    const bf16 *q, *k, *v, *dy;
    const float *gate;             // [B, H, T] or [B, H, T, f], contiguous
    const float *dmass;            // [B, H, T]: gradient of the normaliser
    const float *initial, *dfinal; // [B, H, f, d + COUNTED]: the memory at first, the gradient of the last one; or null
    bf16 *y;                       // [B, T, H, d]
    float *mass;                   // [B, H, T]: q_t . z_t
    float *final, *dinitial;       // as initial; or null
    bf16 *dq, *dk, *dv;            // [B, T, H, f] twice, [B, T, G, d]
    float *dgate;                  // as gate
    bf16 *states, *slopes;         // images [B, H, N, f, d]: before and after each chunk
    float *sums, *sumSlopes;       // [B, H, N, f]: their columns of sums
    bf16 *headV;                   // [B, T, H, d], if G < H
    Strides sq, sk, sv, sdy;
    int batch, tokens, heads, valueHeads, chunks, none;
};

// Row of a table, or of a vector with a number a chunk: (b H + h).
DEVICE int head_row(const Problem& p, int b, int h) { return b * p.heads + h; }

// Places of a chunk's image and sums, part m.
DEVICE i64 part_at(const Problem& p, int bh, int chunk, int m) { return ((i64)bh * p.chunks + chunk) * PARTS + m; }

// One warp: running sums of the 64 log-gates of a chunk into shared memory.
DEVICE void head_sums(float* sum, const Problem& p, int bh, int chunk) {
    const float* gates = p.gate + (i64)bh * p.tokens;
    int t = chunk * CHUNK + 2 * lane();
    float a = t < p.tokens ? fmaxf(gates[t], FLOOR) : 0, b = t + 1 < p.tokens ? fmaxf(gates[t + 1], FLOOR) : 0;
    float s = a + b, all = s;
#pragma unroll
    for (int o = 1; o < 32; o *= 2) {
        float x = __shfl_up_sync(~0u, all, o);
        if (lane() >= o) all += x;
    }
    sum[2 * lane()] = all - b, sum[2 * lane() + 1] = all;
}

// Log-gates by row of a chunk, part m, into a table; without waiting.
DEVICE void copy_gates(u32 table, const Problem& p, int bh, int chunk, int m) {
    const float* gates = p.gate + (i64)bh * p.tokens * FEATURES + m * PART;
#pragma unroll
    for (int i = threadIdx.x; i < CHUNK * PART / 4; i += THREADS) {
        int row = i / (PART / 4), quad = i % (PART / 4), t = chunk * CHUNK + row;
        copy16(table + row * (PITCH * 4) + quad * 16, gates + (t < p.tokens ? (i64)t * FEATURES + quad * 4 : 0),
               t < p.tokens);
    }
}
// Turns them into running sums over the chunk. Barriers around it are the caller's.
DEVICE void row_sums(float* table) {
    const int column = threadIdx.x & 63, first = threadIdx.x >> 6 << 5;
    float s = 0;
    if (first > 0) {
#pragma unroll 8
        for (int t = 0; t < CHUNK / 2; t++) s += fmaxf(table[t * PITCH + column], FLOOR);
    }
    __syncthreads();
#pragma unroll 8
    for (int t = first; t < first + CHUNK / 2; t++) {
        s += fmaxf(table[t * PITCH + column], FLOOR);
        table[t * PITCH + column] = s;
    }
}

// Left operand [64, 64] of a product: rows of a tile as they lie.
DEVICE void load_left(u32 (*a)[4], u32 tile) {
#pragma unroll
    for (int k = 0; k < 4; k++) matrices<false>(a[k], piece<CHUNK>(tile, warp() * 16 + (lane() & 15), k * 2 + (lane() >> 4)));
}
// The same times exp(sign (sums of the token - reference)), feature by feature; the reference is a row of the table or null.
DEVICE void scale_left(u32 (*a)[4], const float* table, const float* reference, float sign) {
    const int c = (lane() & 3) * 2;
#pragma unroll
    for (int k = 0; k < 4; k++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int feature = k * 16 + (e >> 1) * 8 + c;
            float2 b = *(const float2*)(table + (own_row() + (e & 1) * 8) * PITCH + feature);
            float2 r = reference ? *(const float2*)(reference + feature) : make_float2(0, 0);
            a[k][e] = pack(low(a[k][e]) * exp_fast(sign * (b.x - r.x)), high(a[k][e]) * exp_fast(sign * (b.y - r.y)));
        }
    }
}

// Accumulators [64, N] as rows of a matrix; rows from `end` on are left out.
template <int N>
DEVICE void store_rows(bf16* to, i64 stride, const float (*c)[4], int first, int end) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = first + own_row() + 8 * r;
        if (t < end) {
            u32* row = (u32*)(to + t * stride) + (lane() & 3);
#pragma unroll
            for (int n = 0; n < N / 8; n++) row[n * 4] = pack(c[n][2 * r], c[n][2 * r + 1]);
        }
    }
}
// Accumulators [64, 64], rounded, as a tile.
DEVICE void store_tile(u32 tile, const float (*c)[4]) {
#pragma unroll
    for (int n = 0; n < PART / 8; n++) {
        u32 at = pair_address(tile, n);
        store(at, pack(c[n][0], c[n][1]));
        store(at + 1024, pack(c[n][2], c[n][3]));
    }
}
template <int N>
DEVICE void clear(float (*c)[4]) {
#pragma unroll
    for (int n = 0; n < N / 8; n++) c[n][0] = c[n][1] = c[n][2] = c[n][3] = 0;
}
