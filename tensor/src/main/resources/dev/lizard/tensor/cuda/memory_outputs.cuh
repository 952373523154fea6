// Kernel 2 of memory.cu: what queries read.
#pragma once
#include "memory_pairs.cuh"

// Shared memory: values, and of one part queries, keys, the state and gates.
constexpr int O_V = 0;
constexpr int O_Q = O_V + X_BYTES;
constexpr int O_K = O_Q + F_BYTES;
constexpr int O_STATE = O_K + F_BYTES;
constexpr int O_GATE = O_STATE + X_BYTES;
constexpr int O_SUM = O_GATE + GATE_BYTES;
constexpr int O_END = O_SUM + 64 * 4;

// n += left z, z the part's sums [64].
DEVICE void read_sums(float& n0, float& n1, const u32 (*left)[4], const float* z) {
#pragma unroll
    for (int k = 0; k < 4; k++) {
#pragma unroll
        for (int e = 0; e < 4; e++) {
            float2 x = *(const float2*)(z + k * 16 + (e >> 1) * 8 + (lane() & 3) * 2);
            (e & 1 ? n1 : n0) += low(left[k][e]) * x.x + high(left[k][e]) * x.y;
        }
    }
}

// Grid (N, H, B).
extern "C" __global__ void __launch_bounds__(THREADS, 2) memory_outputs(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int chunk = blockIdx.x, h = blockIdx.y, b = blockIdx.z;
    const int bh = head_row(p, b, h), g = h / (p.heads / p.valueHeads), T = p.tokens, first = chunk * CHUNK;
    const bool old = chunk > 0 || p.initial;
    const bf16* q = p.q + b * p.sq.batch + h * p.sq.head;
    const bf16* k = p.k + b * p.sk.batch + h * p.sk.head;
    float* table = (float*)(memory + O_GATE);
    float* sum = (float*)(memory + O_SUM);

    copy_tile<CHUNK, D>(base + O_V, p.v + b * p.sv.batch + g * p.sv.head, p.sv.token, first, T);
    if (GATES == 1 && warp() == 0) head_sums(sum, p, bh, chunk);
    float y[D / 8][4], a[CHUNK / 8][4], n0 = 0, n1 = 0;
    clear<D>(y), clear<CHUNK>(a);
    for (int m = 0; m < PARTS; m++) {
        const i64 part = part_at(p, bh, chunk, m);
        copy_tile<CHUNK, PART>(base + O_Q, q + m * PART, p.sq.token, first, T);
        copy_tile<CHUNK, PART>(base + O_K, k + m * PART, p.sk.token, first, T);
        if (old) copy_image<X_BYTES>(base + O_STATE, p.states + part * PART * D);
        if (BY_ROW) copy_gates(base + O_GATE, p, bh, chunk, m);
        commit();
        wait<0>();
        __syncthreads();
        if (BY_ROW) row_sums(table);
        publish();
        if (old) {
            u32 left[4][4];
            load_left(left, base + O_Q);
            if (BY_ROW) scale_left(left, table, nullptr, 1);
            product<D, PART, PART, true>(y, left, base + O_STATE, true);
            if (COUNTED) read_sums(n0, n1, left, p.sums + part * PART);
        }
        scores(a, base + O_Q, base + O_K, table);
        __syncthreads();
    }
    if (GATES == 1) {
        float keep0 = exp_fast(sum[own_row()]), keep1 = exp_fast(sum[own_row() + 8]);
#pragma unroll
        for (int n = 0; n < D / 8; n++) y[n][0] *= keep0, y[n][1] *= keep0, y[n][2] *= keep1, y[n][3] *= keep1;
        n0 *= keep0, n1 *= keep1;
    }
#pragma unroll
    for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int t = own_row() + (i >> 1) * 8, j = n * 8 + (lane() & 3) * 2 + (i & 1);
            float x = j <= t ? a[n][i] : 0;
            if (GATES == 1 && j <= t) x *= exp_fast(sum[t] - sum[j]);
            a[n][i] = x;
            (i >> 1 ? n1 : n0) += x;
        }
    }
    u32 left[CHUNK / 16][4];
    as_operand<CHUNK>(left, a);
    product<D, CHUNK, CHUNK, true>(y, left, base + O_V, true);
    store_rows<D>(p.y + ((i64)b * T * p.heads + h) * D, (i64)p.heads * D, y, first, T);
    if (COUNTED) {
        n0 = quad_sum(n0), n1 = quad_sum(n1);
        if ((lane() & 3) == 0) {
            int t = first + own_row();
            if (t < T) p.mass[(i64)bh * T + t] = n0;
            if (t + 8 < T) p.mass[(i64)bh * T + t + 8] = n1;
        }
    }
}
