// Of lizard_forward.cu: a chunk's products by single warps, ldmatrix and mma.sync.
#pragma once
#include "forward_scores.cuh"

struct Warps {
    /** O: 64 queries by this warp's 16 columns. */
    typedef float Output[4][2][4];

    /** Barrier after which what was written to shared memory may be read. */
    __device__ __forceinline__ static void publish() {
        __syncthreads();
    }

    /** Phase 0, rows: features, and rotation of the chunk's queries and keys (ring row `fresh` on). */
    __device__ __forceinline__ static void prepare(
            Rotation<D>& rotation, u32 base, Small& small, int fresh, int warp, int lane) {
        const int rows = 16 * (warp & 3);
        const int fresher = fresh + rows >= RING ? fresh + rows - RING : fresh + rows;
        if (FAR) {
            if (PAIR == 1 || warp < 4) {
                map<true>(base, small, rows, lane);
            }
            if (PAIR == 1 || warp >= 4) {
                map<false>(base, small, rows, lane);
            }
        }
        if (TABLES) {
            rotation.fetch(base + COSINES, base + SINES, rows, lane);
        }
        if (PAIR == 1 || warp < 4) {
            rotation.template apply<CHUNK>(base + QUERIES, rows, lane);
        }
        if (PAIR == 1 || warp >= 4) {
            rotation.template apply<RING>(base + KEYS, fresher, lane);
        }
    }

    /** Phase 1: rows, the weights P; and the part of the columns that needs no P, O = phi_q S. */
    __device__ __forceinline__ static void weigh(
            Output& o, const Row& row, const Source& in, Small& small, const State& state, u32 base, int warp, int lane) {
        if (PAIR == 1) {
            weigh<0, BAND, FAR>(o, row, in, small, state, base, warp, lane);
        } else {
            constexpr bool start = MODE != SUM; // the half that also does the far part
            constexpr int cut = start ? BAND / 6 * 2 : BAND - CHUNK / 8; // SUM: all twins of written blocks in one half
            if (warp < 4) {
                weigh<0, cut, FAR && start>(o, row, in, small, state, base, warp, lane);
            } else {
                weigh<cut, BAND, FAR && !start>(o, row, in, small, state, base, warp, lane);
            }
        }
    }

    /** Phase 2, columns: O += P V to y, S = decay S + (weights V)^T phi_k, likewise z. */
    __device__ __forceinline__ static void collect(
            Output& o, const Row& row, State& state, Small& small, u32 base, Io* y, long long stride, int tokens, int warp,
            int lane) {
        float z[2 * SHARE][4];
        if (FAR) {
            state.decay(small.total[0]);
            clearSums(z);
        }
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            int r = row.ring + 16 * step;
            r -= r >= RING ? RING : 0;
            u32 b[4];
            loadBt<RING>(b, base + VALUES, r, warp, lane);
#pragma unroll
            for (int m = 0; m < 4; m++) {
                if (filled(m, step)) {
                    u32 p[4];
                    loadA<CHUNK>(p, base + WEIGHTS, 16 * m, step, lane);
                    mma(o[m][0], p, b[0], b[1]);
                    mma(o[m][1], p, b[2], b[3]);
                }
            }
            if (FAR && step >= WRITTEN / 16 && step < WRITTEN / 16 + CHUNK / 16) {
                state.learn(b, row.phiK, small.write, z, step - WRITTEN / 16, warp, lane);
            }
        }
        if (FAR) {
            keepSums(z, small, warp, lane);
        }
        writeOut(o, y, stride, row.first, tokens, lane);
    }

private:
    template <bool QUERY>
    __device__ __forceinline__ static void map(u32 base, Small& small, int rows, int lane) {
        float z[HALF_F / 8][4];
        project(z, base + (QUERY ? QUERIES : PHI_K), rows, base + (QUERY ? MAP_Q : MAP_K), lane);
        mapRows<QUERY>(z, base + (QUERY ? PHI_Q : PHI_K), small, rows, lane);
    }

    template <int FROM, int TO, bool WITH_FAR>
    __device__ __forceinline__ static void weigh(
            Output& o, const Row& row, const Source& in, Small& small, const State& state, u32 base, int warp, int lane) {
        Scores<FROM, TO, WITH_FAR> scores;
        scores.compute(row, in, small, warp, lane);
        clear(o);
        if (FAR) {
            recall(o, state, row.phiQ, lane);
        }
        barrier(5, THREADS); // P takes the place of q and phi_q
        scores.store(base + WEIGHTS, warp, lane);
        if (FAR) {
            scale(o, small, lane);
        }
    }

    /** O = phi_q S: 64 queries, this warp's 16 columns. */
    __device__ __forceinline__ static void recall(Output& o, const State& state, u32 phiQ, int lane) {
#pragma unroll
        for (int step = 0; step < FEATURES / 16; step++) {
            const float(&a)[4] = state.s[2 * step];
            const float(&b)[4] = state.s[2 * step + 1];
            u32 l0 = pack(a[0], a[1]), l1 = pack(b[0], b[1]), h0 = pack(a[2], a[3]), h1 = pack(b[2], b[3]);
#pragma unroll
            for (int m = 0; m < 4; m++) {
                u32 p[4];
                loadA<CHUNK>(p, phiQ, 16 * m, step, lane);
                mma(o[m][0], p, l0, l1);
                mma(o[m][1], p, h0, h1);
            }
        }
    }

    /** Each query's part of phi_q S by its factor. */
    __device__ __forceinline__ static void scale(Output& o, const Small& small, int lane) {
#pragma unroll
        for (int m = 0; m < 4; m++) {
#pragma unroll
            for (int h = 0; h < 2; h++) {
                float by = small.factor[16 * m + 8 * h + (lane >> 2)];
                o[m][0][2 * h] *= by, o[m][0][2 * h + 1] *= by;
                o[m][1][2 * h] *= by, o[m][1][2 * h + 1] *= by;
            }
        }
    }

    /** Whether P has anything at 16 columns for 16 queries. */
    __device__ __forceinline__ static constexpr bool filled(int m, int step) {
        int lowest = MODE == JOINT ? 0 : m;
        return step >= lowest && step <= m + WINDOW / 16;
    }

    __device__ __forceinline__ static void clear(Output& o) {
#pragma unroll
        for (int m = 0; m < 4; m++) {
#pragma unroll
            for (int n = 0; n < 2; n++) {
                o[m][n][0] = o[m][n][1] = o[m][n][2] = o[m][n][3] = 0.f;
            }
        }
    }

    /** O to y. */
    __device__ __forceinline__ static void writeOut(
            const Output& o, Io* y, long long stride, int first, int tokens, int lane) {
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
                writeRow(to, a, b, c, time < tokens);
#endif
            }
        }
    }
};
