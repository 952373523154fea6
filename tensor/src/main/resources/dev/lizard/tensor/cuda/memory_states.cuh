// Kernel 1 of memory.cu: states before chunks, and slopes after them.
#pragma once
#include "memory_parts.cuh"

// Shared memory: two stages of rows, values and gates.
constexpr int S_X = 0;
constexpr int S_V = S_X + F_BYTES;
constexpr int S_GATE = S_V + X_BYTES;
constexpr int S_STAGE = S_GATE + GATE_BYTES;
constexpr int S_IMAGE = 2 * S_STAGE;            // the state on its way to memory
constexpr int S_EXTRA = S_IMAGE + X_BYTES;      // [8, 64]: what the column of sums is made of
constexpr int S_SUM = S_EXTRA + 1024;
constexpr int S_END = S_SUM + 64 * 4;

// Multiplies rows of the tile x [64 tokens, 64 features] by their decay to the chunk's end (SLOPE: from its start).
template <bool SLOPE>
DEVICE void decay_rows(u32 x, const float* sum, const float* table) {
    if constexpr (GATES > 0) {
#pragma unroll
        for (int i = threadIdx.x; i < CHUNK * PART / 8; i += THREADS) {
            int row = i / 8, p = i % 8;
            u32 at = piece<CHUNK>(x, row, p);
            uint4 raw = load4(at);
            u32* pair = &raw.x;
            float one = BY_ROW ? 0 : exp_fast(SLOPE ? sum[row] : sum[63] - sum[row]);
#pragma unroll
            for (int e = 0; e < 4; e++) {
                float a = one, b = one;
                if constexpr (BY_ROW) {
                    float2 s = *(const float2*)(table + row * PITCH + p * 8 + 2 * e);
                    float2 end = *(const float2*)(table + 63 * PITCH + p * 8 + 2 * e);
                    a = exp_fast(SLOPE ? s.x : end.x - s.x), b = exp_fast(SLOPE ? s.y : end.y - s.y);
                }
                pair[e] = pack(low(pair[e]) * a, high(pair[e]) * b);
            }
            store(at, raw);
        }
    }
}

// 64 rows of the memory from or to memory of rows of e numbers: the state's fragments and the column of sums.
template <bool WRITE, class Number>
DEVICE void exchange(Number* rows, float (*s)[4], float* z) {
    constexpr int E = D + COUNTED;
#pragma unroll
    for (int i = 0; i < 4; i++) {
        Number* row = rows + (own_row() + (i >> 1) * 8) * E + (lane() & 3) * 2 + (i & 1);
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            if constexpr (WRITE) row[n * 8] = s[n][i];
            else s[n][i] = row[n * 8];
        }
    }
    if (COUNTED && (lane() & 3) == 0) { // column 0 of the fragment; column 1 adds to it
#pragma unroll
        for (int r = 0; r < 2; r++) {
            Number* at = rows + (own_row() + 8 * r) * E + D;
            if constexpr (WRITE) *at = z[2 * r] + z[2 * r + 1];
            else z[2 * r] = *at;
        }
    }
}

template <bool SLOPE>
DEVICE void states(const Problem& p, int m, int b, int h, char* memory) {
    const u32 base = shared_address(memory);
    const int bh = head_row(p, b, h), g = h / (p.heads / p.valueHeads), T = p.tokens, last = p.chunks - 1;
    const bf16* x = (SLOPE ? p.q + b * p.sq.batch + h * p.sq.head : p.k + b * p.sk.batch + h * p.sk.head) + m * PART;
    const bf16* v = SLOPE ? p.dy + b * p.sdy.batch + h * p.sdy.head : p.v + b * p.sv.batch + g * p.sv.head;
    const i64 xStride = SLOPE ? p.sq.token : p.sk.token, vStride = SLOPE ? p.sdy.token : p.sv.token;
    const float* from = SLOPE ? p.dfinal : p.initial;
    float* to = SLOPE ? p.dinitial : p.final;
    const i64 whole = ((i64)bh * FEATURES + m * PART) * (D + COUNTED);
    float* sum = (float*)(memory + S_SUM);

    float s[D / 8][4], z[1][4];
    clear<D>(s), clear<8>(z);
    if (from) exchange<false>(from + whole, s, z[0]);
    store(base + S_EXTRA + threadIdx.x * 8, 0u), store(base + S_EXTRA + threadIdx.x * 8 + 4, 0u);
    __syncthreads();
    if (!SLOPE && threadIdx.x < 32) store(base + S_EXTRA + threadIdx.x * 4, 0x3f803f80u); // row 0: ones
    auto fetch = [&](int c, int stage) {
        u32 at = base + stage * S_STAGE;
        copy_tile<CHUNK, PART>(at + S_X, x, xStride, c * CHUNK, T);
        copy_tile<CHUNK, D>(at + S_V, v, vStride, c * CHUNK, T);
        if (BY_ROW) copy_gates(at + S_GATE, p, bh, c, m);
    };
    fetch(SLOPE ? last : 0, 0);
    commit();
    for (int n = 0; n < p.chunks; n++) {
        const int c = SLOPE ? last - n : n, stage = n & 1;
        const u32 at = base + stage * S_STAGE;
        float* table = (float*)(memory + stage * S_STAGE + S_GATE);
        if (n < last && (to || n + 1 < last)) fetch(SLOPE ? c - 1 : c + 1, stage ^ 1); // the last one may not count
        commit();
        if (n > 0 || from) { // the image of a part: a tile [64, d]
#pragma unroll
            for (int i = 0; i < D / 8; i++) {
                u32 pair = pair_address(base + S_IMAGE, i);
                store(pair, pack(s[i][0], s[i][1]));
                store(pair + 1024, pack(s[i][2], s[i][3]));
            }
            if (COUNTED && (lane() & 3) == 0) {
                float* sums = (SLOPE ? p.sumSlopes : p.sums) + part_at(p, bh, c, m) * PART + own_row();
                sums[0] = z[0][0] + z[0][1], sums[8] = z[0][2] + z[0][3];
            }
        }
        if (n == last && !to) break;
        if (GATES == 1 && warp() == 0) head_sums(sum, p, bh, c);
        if (COUNTED && SLOPE && threadIdx.x < CHUNK) { // rows 0 and 1: the gradient and what its rounding leaves
            int row = threadIdx.x, t = c * CHUNK + row;
            float y = t < T ? p.dmass[(i64)bh * T + t] : 0;
            u32 top = pack(y, 0), rest = pack(y - low(top), 0);
            u32 right = __shfl_down_sync(~0u, top, 1), rightRest = __shfl_down_sync(~0u, rest, 1);
            if ((row & 1) == 0) {
                u32 place = base + S_EXTRA + (row & 7) * 2;
                store(place + ((row >> 3) << 4), top | right << 16);
                store(place + 128 + (((row >> 3) ^ 1) << 4), rest | rightRest << 16);
            }
        }
        wait<1>();
        __syncthreads();
        if (n > 0 || from) {
            uint4* image = (uint4*)((SLOPE ? p.slopes : p.states) + part_at(p, bh, c, m) * PART * D);
#pragma unroll
            for (int i = threadIdx.x; i < PART * D / 8; i += THREADS) image[i] = load4(base + S_IMAGE + i * 16);
        }
        float keep0 = 1, keep1 = 1;
        if (BY_ROW) {
            row_sums(table);
            __syncthreads();
            keep0 = exp_fast(table[63 * PITCH + own_row()]), keep1 = exp_fast(table[63 * PITCH + own_row() + 8]);
        } else if (GATES == 1) {
            keep0 = keep1 = exp_fast(sum[63]);
        }
        decay_rows<SLOPE>(at + S_X, sum, table);
#pragma unroll
        for (int i = 0; i < D / 8; i++) s[i][0] *= keep0, s[i][1] *= keep0, s[i][2] *= keep1, s[i][3] *= keep1;
        z[0][0] *= keep0, z[0][1] *= keep0, z[0][2] *= keep1, z[0][3] *= keep1;
        publish();
        settle<D>(s), settle<8>(z);
        arrive();
        steps<D, CHUNK, CHUNK, true, CHUNK, true>(s, at + S_X, at + S_V, true);
        if (COUNTED) steps<8, CHUNK, CHUNK, true, 8, false>(z, at + S_X, base + S_EXTRA, true);
        finish();
        settle<D>(s), settle<8>(z);
        __syncthreads();
    }
    if (to) {
        exchange<true>(to + whole, s, z[0]);
    } else if (last > 0 || from) { // the loop ended before this image left
        __syncthreads();
        uint4* image = (uint4*)((SLOPE ? p.slopes : p.states) + part_at(p, bh, SLOPE ? 0 : last, m) * PART * D);
        for (int i = threadIdx.x; i < PART * D / 8; i += THREADS) image[i] = load4(base + S_IMAGE + i * 16);
    }
    wait<0>();
}

// Grid (f / 64 or twice that, H, B): states, then slopes.
extern "C" __global__ void __launch_bounds__(THREADS, 2) memory_states(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    if (blockIdx.x < PARTS) {
        states<false>(p, blockIdx.x, blockIdx.z, blockIdx.y, memory);
    } else {
        states<true>(p, blockIdx.x - PARTS, blockIdx.z, blockIdx.y, memory);
    }
}
