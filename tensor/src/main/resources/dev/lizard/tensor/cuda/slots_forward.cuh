// Of slots.cu: outputs.
#pragma once
#include "slots_parts.cuh"

// Shared memory: queries, two stages of keys and values, their spans.
constexpr int F_STAGES = 2 * X_BYTES;
constexpr int F_SPANS = F_STAGES + 4 * X_BYTES;
constexpr int F_END = F_SPANS + 2 * CHUNK * 8;

// Grid (N, H, B), 256 threads: the longest rows first.
extern "C" __global__ void __launch_bounds__(WIDE, D == 64 ? 2 : 1) slots_forward(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int tile = gridDim.x - 1 - blockIdx.x, h = blockIdx.y, b = blockIdx.z, T = p.tokens;
    const int first = tile * ROWS, group = threadIdx.x >> 7, own = first + group * HALF, t0 = first + own_row();
    const Reading in(p, b, h / (p.heads / p.keyHeads), tile);
    const i64 row = (i64)b * p.heads + h;
    const bf16* q = p.turnedQ + row * T * D;
    stage<WIDE>(base, q, D, first, T);
    stage<WIDE>(base + X_BYTES, q, D, first + HALF, T);
    Span* spans = (Span*)(memory + F_SPANS);
    Reading::Ahead ahead;
    in.look(ahead, 0);
    in.load(base + F_STAGES, base + F_STAGES + X_BYTES, spans, 0, ahead);
    in.look(ahead, 1);
    commit();

    float o[D / 8][4], top[2], sum[2];
    clear<D>(o);
    top[0] = top[1] = p.sink ? p.sink[h] * LOG2E : LEAST;
    sum[0] = sum[1] = p.sink && (lane() & 3) == 0 ? 1 : 0;
    for (int u = 0; u < in.all; u++) {
        const u32 k = base + F_STAGES + (u & 1) * 2 * X_BYTES, v = k + X_BYTES;
        if (u + 1 < in.all) {
            u32 next = base + F_STAGES + (~u & 1) * 2 * X_BYTES;
            in.load(next, next + X_BYTES, spans + (~u & 1) * CHUNK, u + 1, ahead);
            in.look(ahead, u + 2);
        }
        commit();
        wait<1>();
        publish();
        if (!in.nothing(u, own)) {
            float s[CHUNK / 8][4];
            product<CHUNK, D, CHUNK, false, CHUNK, false>(s, base + group * X_BYTES, k, false);
            if (!in.everything(u, own)) hide(s, spans + (u & 1) * CHUNK, t0);
            float keep[2];
#pragma unroll
            for (int r = 0; r < 2; r++) {
                float most = LEAST;
#pragma unroll
                for (int n = 0; n < CHUNK / 8; n++) most = fmaxf(most, fmaxf(s[n][2 * r], s[n][2 * r + 1]));
                float now = fmaxf(top[r], quad_max(most) * SCALE2), more = 0;
                keep[r] = exp2_fast(top[r] - now), top[r] = now;
#pragma unroll
                for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
                    for (int e = 0; e < 2; e++) {
                        more += s[n][2 * r + e] = exp2_fast(fmaf(s[n][2 * r + e], SCALE2, -now));
                    }
                }
                sum[r] = sum[r] * keep[r] + more;
            }
#pragma unroll
            for (int n = 0; n < D / 8; n++) o[n][0] *= keep[0], o[n][1] *= keep[0], o[n][2] *= keep[1], o[n][3] *= keep[1];
            u32 weights[CHUNK / 16][4];
            as_operand<CHUNK>(weights, s);
            product<D, CHUNK, CHUNK, true>(o, weights, v, true);
        }
        __syncthreads(); // the stage is free
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const int t = t0 + 8 * r;
        const float all = quad_sum(sum[r]), inverse = 1 / all;
#pragma unroll
        for (int n = 0; n < D / 8; n++) o[n][2 * r] *= inverse, o[n][2 * r + 1] *= inverse;
        if (t < T) {
            store_row(p.y + (((i64)b * T + t) * p.heads + h) * D, o, r);
            if ((lane() & 3) == 0) p.lse[row * T + t] = top[r] + log2f(all);
        }
    }
}
