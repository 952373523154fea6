// Of slots.cu: gradients of queries, and delta.
#pragma once
#include "slots_parts.cuh"

// Shared memory: queries, gradients of outputs, two stages of keys and values, their spans, delta.
constexpr int Q_SLOPES = 2 * X_BYTES;
constexpr int Q_STAGES = Q_SLOPES + 2 * X_BYTES;
constexpr int Q_SPANS = Q_STAGES + 4 * X_BYTES;
constexpr int Q_DELTA = Q_SPANS + 2 * CHUNK * 8;
constexpr int Q_END = Q_DELTA + ROWS * 4;

// delta = dy . y of 128 rows, two threads a row.
DEVICE void find_delta(float* delta, const Problem& p, const bf16* dy, i64 row, int b, int h, int first) {
    const int r = threadIdx.x >> 1, t = first + r;
    float sum = 0;
    if (t < p.tokens) {
        const uint4* a = (const uint4*)(dy + t * p.sdy.token) + (threadIdx.x & 1) * (D / 16);
        const uint4* c = (const uint4*)(p.y + (((i64)b * p.tokens + t) * p.heads + h) * D) + (threadIdx.x & 1) * (D / 16);
#pragma unroll
        for (int n = 0; n < D / 16; n++) {
            uint4 x = a[n], y = c[n];
            sum += low(x.x) * low(y.x) + high(x.x) * high(y.x) + low(x.y) * low(y.y) + high(x.y) * high(y.y);
            sum += low(x.z) * low(y.z) + high(x.z) * high(y.z) + low(x.w) * low(y.w) + high(x.w) * high(y.w);
        }
    }
    sum += __shfl_xor_sync(~0u, sum, 1);
    if ((threadIdx.x & 1) == 0) {
        delta[r] = sum;
        if (t < p.tokens) p.delta[row * p.tokens + t] = sum;
    }
}

// Grid (N, H, B), 256 threads.
extern "C" __global__ void __launch_bounds__(WIDE, 1) slots_queries(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int tile = gridDim.x - 1 - blockIdx.x, h = blockIdx.y, b = blockIdx.z, T = p.tokens;
    const int first = tile * ROWS, group = threadIdx.x >> 7, own = first + group * HALF, t0 = first + own_row();
    const Reading in(p, b, h / (p.heads / p.keyHeads), tile);
    const i64 row = (i64)b * p.heads + h;
    const bf16* q = p.turnedQ + row * T * D;
    const bf16* dy = p.dy + b * p.sdy.batch + h * p.sdy.head;
    float* delta = (float*)(memory + Q_DELTA);
    stage<WIDE>(base, q, D, first, T);
    stage<WIDE>(base + X_BYTES, q, D, first + HALF, T);
    stage<WIDE>(base + Q_SLOPES, dy, p.sdy.token, first, T);
    stage<WIDE>(base + Q_SLOPES + X_BYTES, dy, p.sdy.token, first + HALF, T);
    Span* spans = (Span*)(memory + Q_SPANS);
    Reading::Ahead ahead;
    in.look(ahead, 0);
    in.load(base + Q_STAGES, base + Q_STAGES + X_BYTES, spans, 0, ahead);
    in.look(ahead, 1);
    commit();
    find_delta(delta, p, dy, row, b, h, first);
    float lse[2];
#pragma unroll
    for (int r = 0; r < 2; r++) lse[r] = t0 + 8 * r < T ? p.lse[row * T + t0 + 8 * r] : 0;

    float dq[D / 8][4];
    clear<D>(dq);
    for (int u = 0; u < in.all; u++) {
        const u32 k = base + Q_STAGES + (u & 1) * 2 * X_BYTES, v = k + X_BYTES;
        if (u + 1 < in.all) {
            u32 next = base + Q_STAGES + (~u & 1) * 2 * X_BYTES;
            in.load(next, next + X_BYTES, spans + (~u & 1) * CHUNK, u + 1, ahead);
            in.look(ahead, u + 2);
        }
        commit();
        wait<1>();
        publish();
        if (!in.nothing(u, own)) {
            float s[CHUNK / 8][4], ds[CHUNK / 8][4];
            begin<CHUNK, D, CHUNK, false, CHUNK, false>(s, base + group * X_BYTES, k, false);
            begin<CHUNK, D, CHUNK, false, CHUNK, false>(ds, base + Q_SLOPES + group * X_BYTES, v, false);
            end<CHUNK, 1>(s);
            if (!in.everything(u, own)) hide(s, spans + (u & 1) * CHUNK, t0);
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
                for (int e = 0; e < 4; e++) s[n][e] = exp2_fast(fmaf(s[n][e], SCALE2, -lse[e >> 1]));
            }
            end<CHUNK>(ds);
            const float d0 = delta[own_row()], d1 = delta[own_row() + 8];
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
                for (int e = 0; e < 4; e++) ds[n][e] = s[n][e] * (ds[n][e] - (e >> 1 ? d1 : d0));
            }
            u32 left[CHUNK / 16][4];
            as_operand<CHUNK>(left, ds);
            product<D, CHUNK, CHUNK, true>(dq, left, k, true);
        }
        __syncthreads();
    }
#pragma unroll
    for (int n = 0; n < D / 8; n++) {
#pragma unroll
        for (int e = 0; e < 4; e++) dq[n][e] *= SCALE;
    }
    turn_back(dq, p, min(t0, T - 1), min(t0 + 8, T - 1));
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = t0 + 8 * r;
        if (t < T) store_row(p.dq + slope_at(p, b, t, p.heads, h), dq, r);
    }
}
