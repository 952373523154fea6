// Pairs of a chunk under log-gates by row: a_ij = sum over features of q_i k_j exp(b_i - b_j), b the running sums of a table.
//
// A chunk is cut into four sub-chunks of 16 tokens, one a warp. Where j's sub-chunk is an earlier one, both factors decay to
// the border R before i's: exp(b_i - R) and exp(R - b_j), neither above 1; these are products of tensor cores. Pairs of one
// sub-chunk have no border between them and are summed in float32, one exponential a feature.
#pragma once
#include "memory_parts.cuh"

constexpr int SUB = 16;

// Two neighbouring features of one token, decayed from `upper` to `lower` (running sums there); rounded.
DEVICE u32 decayed(u32 pair, float2 upper, float2 lower) {
    return pack(low(pair) * exp_fast(upper.x - lower.x), high(pair) * exp_fast(upper.y - lower.y));
}
DEVICE float2 sums_at(const float* row, int feature) { return *(const float2*)(row + feature); }

// Features f, f + 1 of a row of a tile.
DEVICE u32 features_at(u32 tile, int row, int f) { return load(piece<CHUNK>(tile, row, f >> 3) + (f & 7) * 2); }

// a [64, 64] += scores of one part; what is above the diagonal stays as it is.
DEVICE void row_scores(float (*a)[4], u32 queries, u32 keys, const float* table) {
    const int w = warp(), r = lane() >> 2, c = (lane() & 3) * 2;
    if (w > 0) {
        const float* border = table + (w * SUB - 1) * PITCH;
        u32 left[4][4];
        load_left(left, queries);
        scale_left(left, table, border, 1);
#pragma unroll
        for (int u = 0; u < 3; u++) {
            if (u >= w) continue;
#pragma unroll
            for (int k = 0; k < 4; k++) {
                u32 b[4];
                matrices<false>(b, piece<CHUNK>(keys, u * SUB + (lane() >> 4) * 8 + (lane() & 7), k * 2 + (lane() >> 3 & 1)));
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    int f = k * 16 + (e & 1) * 8 + c;
                    const float* key = table + (u * SUB + (e >> 1) * 8 + r) * PITCH;
                    b[e] = decayed(b[e], sums_at(border, f), sums_at(key, f));
                }
                multiply(a[2 * u], left[k], b[0], b[1]);
                multiply(a[2 * u + 1], left[k], b[2], b[3]);
            }
        }
    }
    float upper[2] = {}, lower[4] = {}; // queries r and r + 8; keys c, c + 1, c + 8, c + 9
    const int first = w * SUB;
#pragma unroll 2
    for (int f = 0; f < PART; f += 2) {
        u32 q0 = features_at(queries, first + r, f), q1 = features_at(queries, first + r + 8, f);
        float2 s0 = sums_at(table + (first + r) * PITCH, f), s1 = sums_at(table + (first + r + 8) * PITCH, f);
#pragma unroll
        for (int e = 0; e < 4; e++) {
            int j = first + c + (e & 1) + (e >> 1) * 8;
            u32 k = features_at(keys, j, f);
            float2 b = sums_at(table + j * PITCH, f);
            if (e < 2) {
                upper[e] += low(q0) * low(k) * exp_fast(s0.x - b.x) + high(q0) * high(k) * exp_fast(s0.y - b.y);
            }
            lower[e] += low(q1) * low(k) * exp_fast(s1.x - b.x) + high(q1) * high(k) * exp_fast(s1.y - b.y);
        }
    }
#pragma unroll
    for (int u = 0; u < 4; u++) {
        if (u != w) continue;
#pragma unroll
        for (int e = 0; e < 2; e++) {
            a[2 * u][e] += c + e <= r ? upper[e] : 0;
            a[2 * u][2 + e] += lower[e];
            a[2 * u + 1][2 + e] += c + e <= r ? lower[2 + e] : 0;
        }
    }
}

// Scores of one part, before masks and gates a head.
DEVICE void scores(float (*a)[4], u32 queries, u32 keys, const float* table) {
    if constexpr (BY_ROW) {
        row_scores(a, queries, keys, table);
    } else {
        product<CHUNK, PART, CHUNK, false, CHUNK, false>(a, queries, keys, true);
    }
}
