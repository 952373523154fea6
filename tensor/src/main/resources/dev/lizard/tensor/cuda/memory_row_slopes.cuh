// Gradients of one part under log-gates by row. The gate's slope is by feature i and token l
//
//   dg_li = sum over pairs j < l <= t of (their share of q_t . dq_t in feature i)
//         = across_i + sum of (rows - columns) of l and later + what keys before l give to later chunks
//
// across: pairs from before the chunk to after it, exp(b_63) <S_i, D_i>. Rows and columns hold the same pairs of the chunk:
// within a sub-chunk the same float32 numbers, else products of the same rounded factors, so what does not span l cancels.
#pragma once
#include "memory_slopes.cuh"

// Slopes of queries and keys [64, 64] that pairs within a sub-chunk give, without the diagonal; a lane has two features.
DEVICE void sub_slopes(float* dq, float* dk, u32 queries, u32 keys, const float* table, const float* near) {
    const int first = warp() * SUB;
#pragma unroll 1
    for (int f = lane(); f < PART; f += 32) {
        float q[SUB], k[SUB], b[SUB], x[SUB], y[SUB];
#pragma unroll
        for (int t = 0; t < SUB; t++) {
            u32 u = features_at(queries, first + t, f & ~1), w = features_at(keys, first + t, f & ~1);
            q[t] = f & 1 ? high(u) : low(u), k[t] = f & 1 ? high(w) : low(w);
            b[t] = table[(first + t) * PITCH + f];
            x[t] = y[t] = 0;
        }
#pragma unroll
        for (int t = 1; t < SUB; t++) {
#pragma unroll
            for (int j = 0; j < t; j++) {
                float weight = near[(first + t) * SUB + j] * exp_fast(b[t] - b[j]);
                x[t] += weight * k[j];
                y[j] += weight * q[t];
            }
        }
#pragma unroll
        for (int t = 0; t < SUB; t++) {
            dq[(first + t) * PITCH + f] = x[t];
            dk[(first + t) * PITCH + f] = y[t];
        }
    }
}

// B fragments of features 16 n .. of the 16 tokens from `first`, decayed between them and a border (QUERIES: which is before).
template <bool QUERIES>
DEVICE void decayed_right(u32 (&b)[4], u32 tile, int first, int n, const float* table, const float* border) {
    matrices<true>(b, piece<CHUNK>(tile, first + (lane() & 15), n * 2 + (lane() >> 4)));
#pragma unroll
    for (int e = 0; e < 4; e++) { // tokens 2 c, 2 c + 1 (+ 8), feature r (+ 8)
        int f = n * 16 + (e >> 1) * 8 + (lane() >> 2), t = first + (e & 1) * 8 + (lane() & 3) * 2;
        float x = table[t * PITCH + f], y = table[(t + 1) * PITCH + f], r = border[f];
        b[e] = pack(low(b[e]) * exp_fast(QUERIES ? x - r : r - x), high(b[e]) * exp_fast(QUERIES ? y - r : r - y));
    }
}

// Adds to dq what earlier sub-chunks, the warp's own one and the state give; leaves in `back` the gate's rows.
//
// dq: at first q's slope by the state, with its decay
DEVICE void query_slopes(float (*dq)[4], u32 queries, u32 keys, u32 slopes, const float* table, const float* near,
                         float* back) {
    const int w = warp(), c = (lane() & 3) * 2;
    const float* border = table + (w * SUB - 1) * PITCH;
#pragma unroll
    for (int n = 0; n < PART / 16; n++) {
        float x[2][4] = {};
        for (int u = 0; u < w; u++) {
            u32 a[4], b[4];
            matrices<false>(a, piece<CHUNK>(slopes, w * SUB + (lane() & 15), u * 2 + (lane() >> 4)));
            decayed_right<false>(b, keys, u * SUB, n, table, border);
            multiply(x[0], a, b[0], b[1]);
            multiply(x[1], a, b[2], b[3]);
        }
#pragma unroll
        for (int e = 0; e < 2; e++) {
#pragma unroll
            for (int r = 0; r < 2; r++) {
                int t = own_row() + 8 * r, f = n * 16 + e * 8 + c, own = (t & 15) * (SUB + 1) + w * SUB * SUB;
                u32 q = load(pair_address(queries, 2 * n + e) + r * 1024), k = load(pair_address(keys, 2 * n + e) + r * 1024);
                float2 b = sums_at(table + t * PITCH, f), edge = w > 0 ? sums_at(border, f) : b;
                float2 decay = make_float2(exp_fast(b.x - edge.x), exp_fast(b.y - edge.y));
                u32 weighted = decayed(q, b, edge); // as key_slopes rounds it
                float* to = back + t * PITCH + f;
                float* d = dq[2 * n + e] + 2 * r;
                const float* y = x[e] + 2 * r;
                float gate0 = low(q) * (d[0] + to[0]) + low(weighted) * y[0];
                float gate1 = high(q) * (d[1] + to[1]) + high(weighted) * y[1];
                d[0] += decay.x * y[0] + to[0] + near[own] * low(k);
                d[1] += decay.y * y[1] + to[1] + near[own] * high(k);
                to[0] = gate0, to[1] = gate1;
            }
        }
    }
}

// The same for keys, from later sub-chunks and the slope after the chunk; takes columns from `back`, leaves in `ahead` what
// gates get of keys that later chunks read.
DEVICE void key_slopes(float (*dk)[4], u32 queries, u32 keys, u32 slopes, const float* table, const float* near, float* back,
                       float* ahead) {
    const int w = warp(), c = (lane() & 3) * 2;
#pragma unroll
    for (int n = 0; n < PART / 16; n++) {
        float columns[2][4], given[2][4];
#pragma unroll
        for (int e = 0; e < 2; e++) {
#pragma unroll
            for (int r = 0; r < 2; r++) {
                int j = own_row() + 8 * r, f = n * 16 + e * 8 + c, own = (j & 15) * (SUB + 1) + w * SUB * SUB;
                u32 q = load(pair_address(queries, 2 * n + e) + r * 1024), k = load(pair_address(keys, 2 * n + e) + r * 1024);
                float* from = ahead + j * PITCH + f;
                float* d = dk[2 * n + e] + 2 * r;
                columns[e][2 * r] = low(k) * from[0], columns[e][2 * r + 1] = high(k) * from[1];
                given[e][2 * r] = low(k) * d[0], given[e][2 * r + 1] = high(k) * d[1];
                d[0] += from[0] + near[own] * low(q);
                d[1] += from[1] + near[own] * high(q);
            }
        }
        for (int u = w + 1; u < 4; u++) {
            const float* border = table + (u * SUB - 1) * PITCH;
            u32 a[4], b[4];
            float x[2][4] = {};
            matrices<true>(a, piece<CHUNK>(slopes, u * SUB + (lane() >> 4) * 8 + (lane() & 7), w * 2 + (lane() >> 3 & 1)));
            decayed_right<true>(b, queries, u * SUB, n, table, border);
            multiply(x[0], a, b[0], b[1]);
            multiply(x[1], a, b[2], b[3]);
#pragma unroll
            for (int e = 0; e < 2; e++) {
#pragma unroll
                for (int r = 0; r < 2; r++) {
                    int j = own_row() + 8 * r, f = n * 16 + e * 8 + c;
                    u32 k = load(pair_address(keys, 2 * n + e) + r * 1024);
                    float2 edge = sums_at(border, f), b = sums_at(table + j * PITCH, f);
                    u32 weighted = decayed(k, edge, b); // as query_slopes rounds it
                    float* d = dk[2 * n + e] + 2 * r;
                    const float* y = x[e] + 2 * r;
                    d[0] += exp_fast(edge.x - b.x) * y[0], d[1] += exp_fast(edge.y - b.y) * y[1];
                    columns[e][2 * r] += low(weighted) * y[0], columns[e][2 * r + 1] += high(weighted) * y[1];
                }
            }
        }
#pragma unroll
        for (int e = 0; e < 2; e++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int at = (own_row() + (i >> 1) * 8) * PITCH + n * 16 + e * 8 + c + (i & 1);
                back[at] -= columns[e][i];
                ahead[at] = given[e][i];
            }
        }
    }
}

// Gates' slopes of a part, by column: a thread has half the tokens of one feature.
DEVICE void write_row_gates(const Problem& p, int bh, int first, int m, const float* back, const float* ahead, float across) {
    const int f = threadIdx.x & 63, half = threadIdx.x >> 6;
    const i64 at = ((i64)bh * p.tokens + first) * FEATURES + m * PART + f;
    float later = 0, before = 0;
    for (int t = 0; t < CHUNK / 2; t++) {
        if (half) before += ahead[t * PITCH + f];
        else later += back[(t + CHUNK / 2) * PITCH + f];
    }
    for (int t = half * (CHUNK / 2); t < (half + 1) * (CHUNK / 2); t++) later += back[t * PITCH + f];
    for (int t = half * (CHUNK / 2); t < (half + 1) * (CHUNK / 2) && first + t < p.tokens; t++) {
        i64 own = at + (i64)t * FEATURES;
        p.dgate[own] = p.gate[own] < FLOOR ? 0 : across + later + before;
        later -= back[t * PITCH + f];
        before += ahead[t * PITCH + f];
    }
}
