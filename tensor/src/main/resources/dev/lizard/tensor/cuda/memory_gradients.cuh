// Kernels 3 and 4 of memory.cu: gradients of a chunk, and sums over the heads of a group.
#pragma once
#include "memory_row_slopes.cuh"

// Decays accumulators [64, 64] from the chunk's start to their token, or from there to the end.
DEVICE void decay(float (*c)[4], const Vectors& v, const float* table, bool to_end) {
#pragma unroll
    for (int n = 0; n < PART / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int t = own_row() + (i >> 1) * 8, f = n * 8 + (lane() & 3) * 2 + (i & 1);
            if (GATES == 1) c[n][i] *= exp_fast(to_end ? v.sum[63] - v.sum[t] : v.sum[t]);
            if (BY_ROW) c[n][i] *= exp_fast(to_end ? table[63 * PITCH + f] - table[t * PITCH + f] : table[t * PITCH + f]);
        }
    }
}

// Grid (N, H, B).
extern "C" __global__ void __launch_bounds__(THREADS, BY_ROW ? 1 : 2) memory_gradients(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int chunk = blockIdx.x, h = blockIdx.y, b = blockIdx.z;
    const int bh = head_row(p, b, h), group = p.heads / p.valueHeads, T = p.tokens, first = chunk * CHUNK;
    const bool old = chunk > 0 || p.initial, later = chunk + 1 < p.chunks || p.dfinal;
    const bf16* q = p.q + b * p.sq.batch + h * p.sq.head;
    const bf16* k = p.k + b * p.sk.batch + h * p.sk.head;
    float* table = (float*)(memory + G_GATE);
    float* back = (float*)(memory + G_BACK);
    float* ahead = (float*)(memory + G_AHEAD);
    float* near = (float*)(memory + G_NEAR);
    const Vectors v = vectors(memory);
    auto rows = [&](int m) {
        copy_tile<CHUNK, PART>(base + G_Q, q + m * PART, p.sq.token, first, T);
        copy_tile<CHUNK, PART>(base + G_K, k + m * PART, p.sk.token, first, T);
        if (BY_ROW) copy_gates(base + G_GATE, p, bh, chunk, m);
        commit();
    };
    auto images = [&](int m) {
        const i64 part = part_at(p, bh, chunk, m) * PART * D;
        if (old) copy_image<X_BYTES>(base + G_STATE, p.states + part);
        if (later) copy_image<X_BYTES>(base + G_SLOPE, p.slopes + part);
        commit();
    };

    copy_tile<CHUNK, D>(base + G_DY, p.dy + b * p.sdy.batch + h * p.sdy.head, p.sdy.token, first, T);
    copy_tile<CHUNK, D>(base + G_V, p.v + b * p.sv.batch + h / group * p.sv.head, p.sv.token, first, T);
    if (GATES == 1 && warp() == 0) head_sums(v.sum, p, bh, chunk);
    if (COUNTED && threadIdx.x >= 64) {
        int t = first + threadIdx.x - 64;
        v.dmass[threadIdx.x - 64] = t < T ? p.dmass[(i64)bh * T + t] : 0;
    }
    {
        float a[CHUNK / 8][4], da[CHUNK / 8][4];
        clear<CHUNK>(a);
        for (int m = PARTS - 1; m >= 0; m--) { // part 0 stays for what follows
            rows(m);
            if (m == 0) images(0);
            if (m == 0) wait<1>();
            else wait<0>();
            __syncthreads();
            if (BY_ROW) row_sums(table);
            publish();
            scores(a, base + G_Q, base + G_K, table);
            if (m > 0) __syncthreads();
        }
        product<CHUNK, D, CHUNK, false, CHUNK, false>(da, base + G_DY, base + G_V, false);
        weigh(a, da, base, v, near);
    }
    float dv[D / 8][4], across = 0, rows0 = 0, rows1 = 0, ahead0 = 0, ahead1 = 0;
    clear<D>(dv);
    for (int m = 0; m < PARTS; m++) {
        const i64 part = part_at(p, bh, chunk, m) * PART;
        if (m > 0) rows(m), images(m);
        wait<0>();
        __syncthreads();
        if (BY_ROW && m > 0) row_sums(table);
        publish();
        float d[PART / 8][4];
        const i64 out = ((i64)b * T * p.heads + h) * FEATURES + m * PART;
        if (BY_ROW) {
            sub_slopes(back, ahead, base + G_Q, base + G_K, table, near);
            __syncwarp();
        }
        clear<PART>(d);
        if (old) {
            read_part(d, base + G_DY, base + G_STATE, p.sums + part, v.dmass[own_row()], v.dmass[own_row() + 8]);
            decay(d, v, table, false);
            if (GATES == 1) against(rows0, rows1, d, base + G_Q);
        }
        if constexpr (BY_ROW) query_slopes(d, base + G_Q, base + G_K, base + G_DA, table, near, back);
        else product<PART, CHUNK, CHUNK, false, CHUNK, true>(d, base + G_DA, base + G_K, true);
        store_rows<PART>(p.dq + out, (i64)p.heads * FEATURES, d, first, T);
        clear<PART>(d);
        if (later) {
            read_part(d, base + G_V, base + G_SLOPE, p.sumSlopes + part, 1, 1);
            decay(d, v, table, true);
            if (GATES == 1) against(ahead0, ahead1, d, base + G_K);
            u32 left[PART / 16][4];
            load_left(left, base + G_K);
            if (BY_ROW) scale_left(left, table, table + 63 * PITCH, -1);
            product<D, PART, PART, true>(dv, left, base + G_SLOPE, true);
        }
        if constexpr (BY_ROW) key_slopes(d, base + G_Q, base + G_K, base + G_DA, table, near, back, ahead);
        else product<PART, CHUNK, CHUNK, true, CHUNK, true>(d, base + G_DA, base + G_Q, true);
        store_rows<PART>(p.dk + out, (i64)p.heads * FEATURES, d, first, T);
        if (GATES > 0 && old && later) {
            float x = half_row_product(base + G_STATE, base + G_SLOPE, p.sums + part, p.sumSlopes + part);
            if (BY_ROW) {
                x += __shfl_xor_sync(~0u, x, 1);
                if ((lane() & 1) == 0) v.rows[threadIdx.x >> 1] = x * exp_fast(table[63 * PITCH + (threadIdx.x >> 1)]);
            } else {
                across += x;
            }
        }
        __syncthreads();
        if (BY_ROW) {
            write_row_gates(p, bh, first, m, back, ahead, old && later ? v.rows[threadIdx.x & 63] : 0);
            __syncthreads();
        }
    }
    if (GATES == 1) {
        float keep0 = exp_fast(v.sum[63] - v.sum[own_row()]), keep1 = exp_fast(v.sum[63] - v.sum[own_row() + 8]);
#pragma unroll
        for (int n = 0; n < D / 8; n++) dv[n][0] *= keep0, dv[n][1] *= keep0, dv[n][2] *= keep1, dv[n][3] *= keep1;
    }
    product<D, CHUNK, CHUNK, true, CHUNK, true>(dv, base + G_A, base + G_DY, true);
    store_rows<D>((group == 1 ? p.dv : p.headV) + ((i64)b * T * p.heads + h) * D, (i64)p.heads * D, dv, first, T);
    if (GATES == 1) {
        if ((lane() & 3) == 0) {
            v.rows[own_row()] += rows0, v.rows[own_row() + 8] += rows1;
            v.ahead[own_row()] = ahead0, v.ahead[own_row() + 8] = ahead1;
        }
        if (threadIdx.x < 64) {
            const float* x = v.part + threadIdx.x;
            v.columns[threadIdx.x] = x[0] + x[64] + x[128] + x[192];
        }
        across = sum_of_block(across, v.scratch) * exp_fast(v.sum[63]);
        if (warp() == 0) write_head_gates(p, bh, first, v, across);
    }
}

// dv over the heads of a group, in a fixed order. Any grid.
extern "C" __global__ void __launch_bounds__(THREADS) memory_groups(const __grid_constant__ Problem p) {
    constexpr int PIECES = D / 8;
    const int group = p.heads / p.valueHeads;
    const i64 size = (i64)p.batch * p.tokens * p.valueHeads * PIECES, threads = (i64)gridDim.x * THREADS;
    for (i64 i = (i64)blockIdx.x * THREADS + threadIdx.x; i < size; i += threads) {
        const uint4* from = (const uint4*)p.headV + i / PIECES * group * PIECES + i % PIECES;
        float s[8] = {};
        for (int r = 0; r < group; r++) {
            uint4 x = from[r * PIECES];
            s[0] += low(x.x), s[1] += high(x.x), s[2] += low(x.y), s[3] += high(x.y);
            s[4] += low(x.z), s[5] += high(x.z), s[6] += low(x.w), s[7] += high(x.w);
        }
        ((uint4*)p.dv)[i] = make_uint4(pack(s[0], s[1]), pack(s[2], s[3]), pack(s[4], s[5]), pack(s[6], s[7]));
    }
}
