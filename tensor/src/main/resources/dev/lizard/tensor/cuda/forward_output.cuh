// Of lizard_forward.cu: phase 2, what is read from S and from the values.
#pragma once
#include "forward_scores.cuh"

/** O = phi_q S: 64 queries, this warp's 16 columns. */
__device__ __forceinline__ void recall(float (&o)[4][2][4], const State& state, u32 phiQ, int lane) {
#pragma unroll
    for (int step = 0; step < FEATURES / 16; step++) {
        const float(&a)[4] = state.s[2 * step];
        const float(&b)[4] = state.s[2 * step + 1];
        u32 l0 = pack(a[0], a[1]), l1 = pack(b[0], b[1]), h0 = pack(a[2], a[3]), h1 = pack(b[2], b[3]);
#pragma unroll
        for (int m = 0; m < 4; m++) {
            u32 p[4];
            loadA<C>(p, phiQ, 16 * m, step, lane);
            mma(o[m][0], p, l0, l1);
            mma(o[m][1], p, h0, h1);
        }
    }
}

/** Whether P has anything at 16 columns for 16 queries. */
__device__ __forceinline__ constexpr bool filled(int m, int step) {
    int lowest = MODE == JOINT ? 0 : m;
    return step >= lowest && step <= m + WINDOW / 16;
}

__device__ __forceinline__ void clear(float (&o)[4][2][4]) {
#pragma unroll
    for (int m = 0; m < 4; m++) {
#pragma unroll
        for (int n = 0; n < 2; n++) {
            o[m][n][0] = o[m][n][1] = o[m][n][2] = o[m][n][3] = 0.f;
        }
    }
}

/** O to y: two lanes swap halves so that four lanes write 32 consecutive bytes of a row. */
__device__ __forceinline__ void writeOut(const float (&o)[4][2][4], Io* y, long long stride, int first, int tokens, int lane) {
    int c = lane & 3;
#pragma unroll
    for (int m = 0; m < 4; m++) {
#pragma unroll
        for (int h = 0; h < 2; h++) {
            int time = first + 16 * m + 8 * h + (lane >> 2);
            Io* to = y + (long long)time * stride;
#ifdef IO_FLOAT
            if (time < tokens) {
                *reinterpret_cast<float2*>(to + 2 * c) = make_float2(o[m][0][2 * h], o[m][0][2 * h + 1]);
                *reinterpret_cast<float2*>(to + 8 + 2 * c) = make_float2(o[m][1][2 * h], o[m][1][2 * h + 1]);
            }
#else
            u32 a = pack(o[m][0][2 * h], o[m][0][2 * h + 1]); // columns 2 c, 2 c + 1
            u32 b = pack(o[m][1][2 * h], o[m][1][2 * h + 1]); // 8 more
            u32 given = __shfl_xor_sync(0xffffffffu, c & 1 ? a : b, 1);
            if (time < tokens) {
                if (c & 1) {
                    write4(to + 8 + 2 * (c - 1), given, b);
                } else {
                    write4(to + 2 * c, a, given);
                }
            }
#endif
        }
    }
}
