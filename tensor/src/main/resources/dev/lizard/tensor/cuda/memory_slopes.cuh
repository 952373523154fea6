// What the gradients of memory.cu do about pairs of a chunk: scores, their slopes, and gates a head.
#pragma once
#include "memory_pairs.cuh"

// Shared memory of kernel 3.
constexpr int G_DY = 0;
constexpr int G_V = G_DY + X_BYTES;
constexpr int G_A = G_V + X_BYTES;          // a_ij with its decay
constexpr int G_DA = G_A + F_BYTES;         // its slope (none, a head: with decay; by row: without)
constexpr int G_Q = G_DA + F_BYTES;         // of one part: queries, keys, state and slope
constexpr int G_K = G_Q + F_BYTES;
constexpr int G_STATE = G_K + F_BYTES;
constexpr int G_SLOPE = G_STATE + X_BYTES;
constexpr int G_GATE = G_SLOPE + X_BYTES;
constexpr int G_BACK = G_GATE + GATE_BYTES; // by row: slopes of sub-chunks' queries, then what gates get of pairs that end here
constexpr int G_AHEAD = G_BACK + GATE_BYTES; // and of keys, then of pairs that begin here
constexpr int G_NEAR = G_AHEAD + GATE_BYTES; // by row: slopes of scores within sub-chunks [4, 16, 16], float32
constexpr int G_VECTORS = G_NEAR + (BY_ROW ? 4 * SUB * SUB * 4 : 0);
// floats: running sums, rows, columns, keys ahead [64] each, columns a warp [4, 64], gradients of the normaliser, scratch
constexpr int G_END = G_VECTORS + (9 * 64 + 8) * 4;

struct Vectors {
    float *sum, *rows, *columns, *ahead, *part, *dmass, *scratch;
};
DEVICE Vectors vectors(char* memory) {
    float* x = (float*)(memory + G_VECTORS);
    return {x, x + 64, x + 128, x + 192, x + 256, x + 512, x + 576};
}

DEVICE float sum_of_block(float x, float* scratch) { // uses 4 floats
#pragma unroll
    for (int o = 16; o > 0; o /= 2) x += __shfl_xor_sync(~0u, x, o);
    if (lane() == 0) scratch[warp()] = x;
    __syncthreads();
    return scratch[0] + scratch[1] + scratch[2] + scratch[3];
}

// Scores a and their slopes da [64, 64] to tiles, masked and decayed. Gates a head: sums of a da over rows and columns without
// the diagonal, in v; the caller adds up columns of warps. By row: slopes within sub-chunks in float32.
DEVICE void weigh(float (*a)[4], float (*da)[4], u32 base, const Vectors& v, float* near) {
    float rows0 = 0, rows1 = 0;
#pragma unroll
    for (int n = 0; n < CHUNK / 8; n++) {
        float columns[2] = {};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int t = own_row() + (i >> 1) * 8, j = n * 8 + (lane() & 3) * 2 + (i & 1);
            float slope = da[n][i];
            if (COUNTED) slope += v.dmass[t];
            if (BY_ROW && n / 2 == warp()) near[(warp() * SUB + (t & 15)) * SUB + (j & 15)] = slope;
            float x = j > t ? 0 : GATES == 1 ? exp_fast(v.sum[t] - v.sum[j]) : 1;
            slope = j > t ? 0 : slope * x;
            if (GATES == 1) {
                float pair = j < t ? slope * a[n][i] : 0;
                (i >> 1 ? rows1 : rows0) += pair;
                columns[i & 1] += pair;
            }
            da[n][i] = slope;
            a[n][i] = j > t ? 0 : a[n][i] * x;
        }
        if (GATES == 1) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
#pragma unroll
                for (int o = 4; o < 32; o *= 2) columns[e] += __shfl_xor_sync(~0u, columns[e], o);
                if (lane() < 4) v.part[warp() * 64 + n * 8 + lane() * 2 + e] = columns[e];
            }
        }
    }
    store_tile(base + G_A, a);
    store_tile(base + G_DA, da);
    if (GATES == 1) {
        rows0 = quad_sum(rows0), rows1 = quad_sum(rows1);
        if ((lane() & 3) == 0) v.rows[own_row()] = rows0, v.rows[own_row() + 8] = rows1;
    }
}

// Row sums of c against a tile [64, 64].
DEVICE void against(float& r0, float& r1, const float (*c)[4], u32 tile) {
    float s0 = 0, s1 = 0;
#pragma unroll
    for (int n = 0; n < PART / 8; n++) {
        u32 at = pair_address(tile, n);
        u32 x = load(at), y = load(at + 1024);
        s0 += c[n][0] * low(x) + c[n][1] * high(x);
        s1 += c[n][2] * low(y) + c[n][3] * high(y);
    }
    r0 += quad_sum(s0), r1 += quad_sum(s1);
}

// c [64, 64] = left [64, d] part^T + weight sums^T of a part's image and sums; weight: one a row.
DEVICE void read_part(float (*c)[4], u32 left, u32 image, const float* sums, float weight0, float weight1) {
    product<PART, D, CHUNK, false, PART, false>(c, left, image, false);
    if constexpr (COUNTED) {
#pragma unroll
        for (int n = 0; n < PART / 8; n++) {
            float2 z = *(const float2*)(sums + n * 8 + (lane() & 3) * 2);
            c[n][0] += weight0 * z.x, c[n][1] += weight0 * z.y, c[n][2] += weight1 * z.x, c[n][3] += weight1 * z.y;
        }
    }
}

// A thread's share of <state, slope> of a part: half a row, of row threadIdx.x / 2, with its column of sums.
DEVICE float half_row_product(u32 states, u32 slopes, const float* sums, const float* sumSlopes) {
    const int row = threadIdx.x >> 1, half = threadIdx.x & 1;
    float x = 0;
#pragma unroll
    for (int i = 0; i < D / 16; i++) {
        int p = half * (D / 16) + i;
        uint4 s = load4(piece<PART>(states, row, p)), d = load4(piece<PART>(slopes, row, p));
        x += low(s.x) * low(d.x) + high(s.x) * high(d.x) + low(s.y) * low(d.y) + high(s.y) * high(d.y);
        x += low(s.z) * low(d.z) + high(s.z) * high(d.z) + low(s.w) * low(d.w) + high(s.w) * high(d.w);
    }
    if (COUNTED && half == 0) x += sums[row] * sumSlopes[row];
    return x;
}

// dg_l = across + (rows - columns) of l and later + what keys before l give to later chunks. One warp; gates a head.
DEVICE void write_head_gates(const Problem& p, int bh, int first, const Vectors& v, float across) {
    const int l = 2 * lane(), t = first + l;
    const float x = v.rows[l] - v.columns[l], y = v.rows[l + 1] - v.columns[l + 1];
    float later = x + y, ahead = v.ahead[l] + v.ahead[l + 1];
#pragma unroll
    for (int o = 1; o < 32; o *= 2) {
        float down = __shfl_down_sync(~0u, later, o), up = __shfl_up_sync(~0u, ahead, o);
        if (lane() + o < 32) later += down;
        if (lane() >= o) ahead += up;
    }
    float before = ahead - v.ahead[l + 1]; // keys up to l
    const float* gate = p.gate + (i64)bh * p.tokens;
    float* to = p.dgate + (i64)bh * p.tokens;
    if (t < p.tokens) to[t] = gate[t] < FLOOR ? 0 : across + later + before - v.ahead[l];
    if (t + 1 < p.tokens) to[t + 1] = gate[t + 1] < FLOOR ? 0 : across + later - x + before;
}
