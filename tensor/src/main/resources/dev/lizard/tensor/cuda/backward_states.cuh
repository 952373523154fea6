// Kernel 1 of lizard_backward.cu: states and slopes at the borders of chunks.
#pragma once
#include "backward_parts.cuh"

// Shared memory of lizard_states.
constexpr int S1_X = 0;
constexpr int S1_V = S1_X + X_BYTES;
constexpr int S1_Y = S1_V + X_BYTES;
constexpr int S1_MAP = S1_Y + X_BYTES;
constexpr int S1_STAGE = S1_MAP + MAP_BYTES; // first the state on its way to memory, then features
constexpr int S1_EXTRA = S1_STAGE + larger(STATE_BYTES, PHI_BYTES);
constexpr int S1_WEIGHT = S1_EXTRA + 1024;
constexpr int S1_END = S1_WEIGHT + 65 * 4;

// Writes rotated rows of the tile x [64, d] to memory [T, d].
DEVICE void write_turned(bf16* to, u32 x, const Problem& q, int first) {
#pragma unroll
    for (int i = threadIdx.x; i < CHUNK * D / 16; i += THREADS) {
        int row = i / (D / 16), p = i % (D / 16), t = first + row;
        if (t >= 0 && t < q.tokens) {
            uint4 a = load4(piece<CHUNK>(x, row, p)), b = load4(piece<CHUNK>(x, row, p + D / 16));
            const float4* cs = (const float4*)(q.cosine + (i64)t * q.angles + p * 8);
            const float4* sn = (const float4*)(q.sine + (i64)t * q.angles + p * 8);
            float4 c[2] = {cs[0], cs[1]}, s[2] = {sn[0], sn[1]};
            const u32* as = &a.x;
            const u32* bs = &b.x;
            u32 oa[4], ob[4];
#pragma unroll
            for (int j = 0; j < 4; j++) {
                float c0 = j & 1 ? c[j >> 1].z : c[j >> 1].x, c1 = j & 1 ? c[j >> 1].w : c[j >> 1].y;
                float s0 = j & 1 ? s[j >> 1].z : s[j >> 1].x, s1 = j & 1 ? s[j >> 1].w : s[j >> 1].y;
                float a0 = low(as[j]), a1 = high(as[j]), b0 = low(bs[j]), b1 = high(bs[j]);
                oa[j] = pack(a0 * c0 - b0 * s0, a1 * c1 - b1 * s1);
                ob[j] = pack(b0 * c0 + a0 * s0, b1 * c1 + a1 * s1);
            }
            uint4* row0 = (uint4*)(to + (i64)t * D + p * 8);
            row0[0] = make_uint4(oa[0], oa[1], oa[2], oa[3]);
            row0[D / 16] = make_uint4(ob[0], ob[1], ob[2], ob[3]);
        }
    }
}

template <bool SLOPE>
DEVICE void states(const Problem& p, int b, int h, u32 base, float* weight) {
    const int g = h / (p.heads / p.keyHeads), bh = b * p.heads + h;
    const int T = p.tokens, first = p.delay / CHUNK;
    const bf16* x = SLOPE ? p.q + b * p.sq.batch + h * p.sq.head : p.k + b * p.sk.batch + g * p.sk.head;
    const bf16* v = SLOPE ? p.dy + b * p.sdy.batch + h * p.sdy.head : p.v + b * p.sv.batch + g * p.sv.head;
    const bf16* y = p.y + b * p.sy.batch + h * p.sy.head;
    const i64 xStride = SLOPE ? p.sq.token : p.sk.token, vStride = SLOPE ? p.sdy.token : p.sv.token;
    const bool turns = SLOPE || h % (p.heads / p.keyHeads) == 0;
    bf16* turned = SLOPE ? p.turnedQ + (i64)bh * T * D : p.turnedK + (i64)(b * p.keyHeads + g) * T * D;
    const float* gate = p.gate + (i64)bh * T;
    const float* inverse = p.inverse + (i64)bh * T;
    const int shift = SLOPE ? 0 : p.delay; // of rows against the chunk
    const int count = SLOPE ? p.chunks : (turns ? p.keyChunks : p.chunks) - first;
    if (count <= 0) return;

    copy_map(base + S1_MAP, SLOPE ? p.queryMap : p.keyMap, h);
    for (int i = threadIdx.x; i < 256; i += THREADS) store(base + S1_EXTRA + i * 4, 0u);
    __syncthreads();
    if (!SLOPE && threadIdx.x < 32) store(base + S1_EXTRA + threadIdx.x * 4, 0x3f803f80u); // row 0: ones

    float state[FEATURES / 64][D / 8][4], mass[FEATURES / 64][4];
#pragma unroll
    for (int m = 0; m < FEATURES / 64; m++) {
#pragma unroll
        for (int n = 0; n < D / 8; n++) state[m][n][0] = state[m][n][1] = state[m][n][2] = state[m][n][3] = 0;
        mass[m][0] = mass[m][1] = mass[m][2] = mass[m][3] = 0;
    }
    {
        int c = SLOPE ? p.chunks - 1 : first;
        copy_tile<CHUNK, D>(base + S1_X, x, xStride, c * CHUNK - shift, T);
        commit();
        copy_tile<CHUNK, D>(base + S1_V, v, vStride, c * CHUNK - shift, T);
        if (SLOPE) copy_tile<CHUNK, D>(base + S1_Y, y, p.sy.token, c * CHUNK, T);
        commit();
    }
    for (int step = 0; step < count; step++) {
        const int c = SLOPE ? p.chunks - 1 - step : first + step;
        const int next = SLOPE ? c - 1 : c + 1;
        const bool updates = SLOPE ? c > first : c < p.chunks - 1;
        const bool writes = SLOPE ? c >= first && step > 0 : step > 0 && c < p.chunks;
        const i64 at = (i64)bh * p.chunks + c;
        const int r0 = c * CHUNK - shift;
        if (writes) {
#pragma unroll
            for (int m = 0; m < FEATURES / 64; m++) {
#pragma unroll
                for (int n = 0; n < D / 8; n++) {
                    u32 to = base + S1_STAGE + (n >> 3) * (FEATURES * 128) + (m * 64 + own_row()) * 128 +
                             (((n & 7) ^ (lane() >> 2)) << 4) + (lane() & 3) * 4;
                    store(to, pack(state[m][n][0], state[m][n][1]));
                    store(to + 1024, pack(state[m][n][2], state[m][n][3]));
                }
                if ((lane() & 3) == 0) {
                    float* z = (SLOPE ? p.massSlope : p.mass) + at * FEATURES + m * 64 + own_row();
                    z[0] = mass[m][0] + mass[m][1], z[8] = mass[m][2] + mass[m][3];
                }
            }
        }
        if (warp() == 0 && updates) { // weights of rows: decay to the chunk's end, or from its start
            int t = c * CHUNK + 2 * lane();
            float a, e;
            float total = running_sum(gate_at(p, b, gate, t), gate_at(p, b, gate, t + 1), a, e);
            if (SLOPE) {
                weight[2 * lane()] = t < T ? exp_fast(a) * inverse[t] : 0;
                weight[2 * lane() + 1] = t + 1 < T ? exp_fast(e) * inverse[t + 1] : 0;
            } else {
                int j = t - shift;
                weight[2 * lane()] = lasts(p, b, j) ? exp_fast(total - a) : 0;
                weight[2 * lane() + 1] = lasts(p, b, j + 1) ? exp_fast(total - e) : 0;
            }
            if (lane() == 0) weight[64] = exp_fast(total);
        }
        wait<1>();
        publish();
        float z[F / 8][4];
        if (updates) product<F, D, CHUNK, false, D, true>(z, base + S1_X, base + S1_MAP, false);
        if (writes) {
            uint4* to = (uint4*)((SLOPE ? p.slopes : p.states) + at * FEATURES * D);
#pragma unroll
            for (int i = threadIdx.x; i < FEATURES * D / 8; i += THREADS) to[i] = load4(base + S1_STAGE + i * 16);
        }
        if (turns) write_turned(turned, base + S1_X, p, r0);
        wait<0>();
        publish();
        if (step + 1 < count) copy_tile<CHUNK, D>(base + S1_X, x, xStride, next * CHUNK - shift, T);
        commit();
        if (updates) write_features(base + S1_STAGE, z, weight[own_row()], weight[own_row() + 8]);
        if (SLOPE) {
            int row = threadIdx.x >> 1, half = threadIdx.x & 1;
            float s = 0;
#pragma unroll
            for (int i = 0; i < D / 16; i++) {
                uint4 a = load4(piece<CHUNK>(base + S1_V, row, half * (D / 16) + i));
                uint4 e = load4(piece<CHUNK>(base + S1_Y, row, half * (D / 16) + i));
                s += low(a.x) * low(e.x) + high(a.x) * high(e.x) + low(a.y) * low(e.y) + high(a.y) * high(e.y);
                s += low(a.z) * low(e.z) + high(a.z) * high(e.z) + low(a.w) * low(e.w) + high(a.w) * high(e.w);
            }
            s += __shfl_xor_sync(~0u, s, 1);
            if (half == 0) {
                if (r0 + row < T) p.delta[(i64)bh * T + r0 + row] = s;
                u32 top = pack(-s, 0);
                u32 rest = pack(-s - low(top), 0);
                u32 to = base + S1_EXTRA + (row & 7) * 2;
                asm volatile("st.shared.b16 [%0], %1;" ::"r"(to + ((row >> 3) << 4)), "h"((bf16)top) : "memory");
                asm volatile("st.shared.b16 [%0], %1;" ::"r"(to + 128 + (((row >> 3) ^ 1) << 4)), "h"((bf16)rest)
                             : "memory");
            }
        }
        publish();
        if (updates) {
            float decay = weight[64];
#pragma unroll
            for (int m = 0; m < FEATURES / 64; m++) {
#pragma unroll
                for (int n = 0; n < D / 8; n++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) state[m][n][i] *= decay;
                }
#pragma unroll
                for (int i = 0; i < 4; i++) mass[m][i] *= decay;
            }
#pragma unroll
            for (int m = 0; m < FEATURES / 64; m++) settle<D>(state[m]), settle<8>(mass + m);
            arrive();
#pragma unroll
            for (int m = 0; m < FEATURES / 64; m++) {
                u32 left = base + S1_STAGE + m * (CHUNK * 128);
                steps<D, CHUNK, CHUNK, true, CHUNK, true>(state[m], left, base + S1_V, true);
                steps<8, CHUNK, CHUNK, true, 8, false>(mass + m, left, base + S1_EXTRA, true);
            }
            finish();
#pragma unroll
            for (int m = 0; m < FEATURES / 64; m++) settle<D>(state[m]), settle<8>(mass + m);
        }
        __syncthreads();
        if (step + 1 < count) {
            copy_tile<CHUNK, D>(base + S1_V, v, vStride, next * CHUNK - shift, T);
            if (SLOPE) copy_tile<CHUNK, D>(base + S1_Y, y, p.sy.token, next * CHUNK, T);
        }
        commit();
    }
    wait<0>();
}

// Grid (2, H, B).
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) lizard_backward_states(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    u32 base = shared_address(memory);
    float* weight = (float*)(memory + S1_WEIGHT);
    if (blockIdx.x == 0) {
        states<false>(p, blockIdx.z, blockIdx.y, base, weight);
    } else {
        states<true>(p, blockIdx.z, blockIdx.y, base, weight);
    }
}
