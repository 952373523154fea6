// Kernel 1 of lizard_backward.cu: states and slopes at the borders of chunks; and, where there are few heads, before it what
// each stretch of chunks adds to them, so that stretches run side by side.
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
// Floats that a stretch hands on: accumulators by thread, then its decay.
constexpr int CARRY = (FEATURES / 64 * (D / 8 * 4 + 4) + 1) * THREADS;

// Writes rotated rows of the tile x [64, d] to memory [T, d]. With registers to spare, angles of a row are read while those
// before it are used.
DEVICE void write_turned(bf16* to, u32 x, const Problem& q, int first) {
    constexpr int PIECES = D / 16, APART = THREADS / PIECES; // rows between two of a thread
    const int p = threadIdx.x % PIECES;
    float4 c[2][2], s[2][2];
    auto angles = [&](int i) {
        int t = first + (int)threadIdx.x / PIECES + i * APART;
        if ((u32)t < (u32)q.tokens) {
            const float4* cs = (const float4*)(q.cosine + (i64)t * q.angles + p * 8);
            const float4* sn = (const float4*)(q.sine + (i64)t * q.angles + p * 8);
            c[i & 1][0] = cs[0], c[i & 1][1] = cs[1], s[i & 1][0] = sn[0], s[i & 1][1] = sn[1];
        }
    };
    if (ROOMY) angles(0);
#pragma unroll
    for (int i = 0; i < CHUNK / APART; i++) {
        if (!ROOMY) angles(i);
        else if (i + 1 < CHUNK / APART) angles(i + 1);
        const int row = threadIdx.x / PIECES + i * APART, t = first + row;
        if ((u32)t < (u32)q.tokens) {
            uint4 a = load4(piece<CHUNK>(x, row, p)), b = load4(piece<CHUNK>(x, row, p + PIECES));
            const u32* as = &a.x;
            const u32* bs = &b.x;
            u32 oa[4], ob[4];
#pragma unroll
            for (int j = 0; j < 4; j++) {
                const float4 u = c[i & 1][j >> 1], v = s[i & 1][j >> 1];
                float c0 = j & 1 ? u.z : u.x, c1 = j & 1 ? u.w : u.y, s0 = j & 1 ? v.z : v.x, s1 = j & 1 ? v.w : v.y;
                float a0 = low(as[j]), a1 = high(as[j]), b0 = low(bs[j]), b1 = high(bs[j]);
                oa[j] = pack(a0 * c0 - b0 * s0, a1 * c1 - b1 * s1);
                ob[j] = pack(b0 * c0 + a0 * s0, b1 * c1 + a1 * s1);
            }
            uint4* row0 = (uint4*)(to + (i64)t * D + p * 8);
            row0[0] = make_uint4(oa[0], oa[1], oa[2], oa[3]);
            row0[PIECES] = make_uint4(ob[0], ob[1], ob[2], ob[3]);
        }
    }
}

// One stretch. SUM: only what it adds, into carry; else states before its chunks, or slopes after them.
template <bool SLOPE, bool SUM>
DEVICE void states(const Problem& p, int b, int h, int stretch, u32 base, float* weight) {
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
    const int length = (count + p.stretches - 1) / p.stretches;
    const int from = stretch * length, to = min(count, from + length);
    if (from >= to) return;
    float* carry = p.carry + ((SLOPE * p.batch + b) * (i64)p.heads + h) * (p.stretches - 1) * CARRY + threadIdx.x;
    float whole = 1; // decay over the stretch

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
        int c = SLOPE ? p.chunks - 1 - from : first + from;
        copy_tile<CHUNK, D>(base + S1_X, x, xStride, c * CHUNK - shift, T);
        commit();
        copy_tile<CHUNK, D>(base + S1_V, v, vStride, c * CHUNK - shift, T);
        if (SLOPE) copy_tile<CHUNK, D>(base + S1_Y, y, p.sy.token, c * CHUNK, T);
        commit();
    }
    if (!SUM) {
        for (int r = 0; r < stretch; r++, carry += CARRY) {
            float decay = carry[CARRY - THREADS];
            const float* x = carry;
#pragma unroll
            for (int m = 0; m < FEATURES / 64; m++) {
#pragma unroll
                for (int n = 0; n < D / 8; n++) {
#pragma unroll
                    for (int i = 0; i < 4; i++, x += THREADS) state[m][n][i] = state[m][n][i] * decay + *x;
                }
#pragma unroll
                for (int i = 0; i < 4; i++, x += THREADS) mass[m][i] = mass[m][i] * decay + *x;
            }
        }
    }
    float gate0 = 0, gate1 = 0, weight0 = 0, weight1 = 0; // warp 0: of the lane's two rows
    auto read = [&](int c) {
        int t = c * CHUNK + 2 * lane(), j = t - shift;
        gate0 = gate_at(p, b, gate, t), gate1 = gate_at(p, b, gate, t + 1);
        weight0 = SLOPE ? (t < T ? inverse[t] : 0) : lasts(p, b, j);
        weight1 = SLOPE ? (t + 1 < T ? inverse[t + 1] : 0) : lasts(p, b, j + 1);
    };
    if (warp() == 0) read(SLOPE ? p.chunks - 1 - from : first + from);
    for (int step = from; step < to; step++) {
        const int c = SLOPE ? p.chunks - 1 - step : first + step;
        const int next = SLOPE ? c - 1 : c + 1;
        const bool updates = SLOPE ? c > first : c < p.chunks - 1;
        const bool writes = SUM ? false : SLOPE ? c >= first && step > 0 : step > 0 && c < p.chunks;
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
        if (warp() == 0) { // weights of rows: decay to the chunk's end, or from its start
            float a, e;
            float total = running_sum(gate0, gate1, a, e);
            if (SLOPE) {
                weight[2 * lane()] = exp_fast(a) * weight0;
                weight[2 * lane() + 1] = exp_fast(e) * weight1;
            } else {
                weight[2 * lane()] = exp_fast(total - a) * weight0;
                weight[2 * lane() + 1] = exp_fast(total - e) * weight1;
            }
            if (lane() == 0) weight[64] = exp_fast(total);
            if (step + 1 < to) read(next);
        }
        wait<1>();
        publish();
        float z[HALF_F / 8][4];
        begin<HALF_F, D, CHUNK, false, D, true>(z, base + S1_X, base + S1_MAP, false);
        if (!ROOMY) end<HALF_F>(z);
        if (writes) {
            constexpr int BATCH = ROOMY ? 4 : 1;
            uint4* to = (uint4*)((SLOPE ? p.slopes : p.states) + at * FEATURES * D);
#pragma unroll
            for (int i = threadIdx.x; i < FEATURES * D / 8; i += BATCH * THREADS) {
                uint4 x[BATCH];
#pragma unroll
                for (int j = 0; j < BATCH; j++) x[j] = load4(base + S1_STAGE + (i + j * THREADS) * 16);
#pragma unroll
                for (int j = 0; j < BATCH; j++) to[i + j * THREADS] = x[j];
            }
        }
        if (turns && !SUM) write_turned(turned, base + S1_X, p, r0);
        if (ROOMY) end<HALF_F>(z);
        wait<0>();
        publish();
        if (step + 1 < to) copy_tile<CHUNK, D>(base + S1_X, x, xStride, next * CHUNK - shift, T);
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
                if (r0 + row < T && !SUM) p.delta[(i64)bh * T + r0 + row] = s;
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
            whole *= decay;
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
        if (step + 1 < to) {
            copy_tile<CHUNK, D>(base + S1_V, v, vStride, next * CHUNK - shift, T);
            if (SLOPE) copy_tile<CHUNK, D>(base + S1_Y, y, p.sy.token, next * CHUNK, T);
        }
        commit();
    }
    wait<0>();
    if (SUM) {
        float* x = carry + (i64)stretch * CARRY;
#pragma unroll
        for (int m = 0; m < FEATURES / 64; m++) {
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++, x += THREADS) *x = state[m][n][i];
            }
#pragma unroll
            for (int i = 0; i < 4; i++, x += THREADS) *x = mass[m][i];
        }
        *x = whole;
    }
}

template <bool SUM>
DEVICE void states(const Problem& p, char* memory) {
    u32 base = shared_address(memory);
    float* weight = (float*)(memory + S1_WEIGHT);
    if (blockIdx.x % 2 == 0) {
        states<false, SUM>(p, blockIdx.z, blockIdx.y, blockIdx.x / 2, base, weight);
    } else {
        states<true, SUM>(p, blockIdx.z, blockIdx.y, blockIdx.x / 2, base, weight);
    }
}

// Grid (2 (stretches - 1), H, B); only with more than one stretch.
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) lizard_backward_stretches(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    states<true>(p, memory);
}

// Grid (2 stretches, H, B).
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) lizard_backward_states(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    states<false>(p, memory);
}
