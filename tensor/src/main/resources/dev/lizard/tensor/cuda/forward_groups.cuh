// Of lizard_forward.cu: a chunk's products by warpgroups (products.cuh), which read their operands from shared memory and
// work while the warps do something else. The same phases as in forward_warps.cuh; what differs:
//
// Of the window all w + 64 columns of P are worked out for all 64 queries: warpgroup 0 has the 64 at which the written keys
// stand, and their far terms, warpgroup 1 the other w. O is kept transposed, as S is: both are left operands' rows, d, by
// queries or features, and S goes into phi_q S straight from its accumulators.
#pragma once
#include "forward_group_scores.cuh"

struct Groups {
    /** O: this warp's 16 columns of d as rows, o[n] for queries 8 n .. . */
    typedef float Output[CHUNK / 8][4];

    /** Barrier after which what was written to shared memory may be read, by products as well. */
    __device__ __forceinline__ static void publish() {
        ::publish();
    }

    /** Phase 0, rows: features, and rotation of the chunk's queries and keys (ring row `fresh` on). */
    __device__ __forceinline__ static void prepare(
            Rotation<D>& rotation, u32 base, Small& small, int fresh, int warp, int lane) {
        if (TABLES) {
            rotation.fetch(base + COSINES, base + SINES, 16 * (warp & 3), lane);
        }
        if (PAIR == 1 || warp < 4) {
            mapAndTurn<true>(rotation, base, small, fresh, lane);
        }
        if (PAIR == 1 || warp >= 4) {
            mapAndTurn<false>(rotation, base, small, fresh, lane);
        }
    }

    /** Phase 1: rows, the weights P; and the part of the columns that needs no P, O = phi_q S. */
    __device__ __forceinline__ static void weigh(
            Output& o, const Row& row, const Source& in, Small& small, const State& state, u32 base, int warp, int lane) {
        if (PAIR == 1) {
            weighAndRecall<0, RING, FAR>(row, in, small, state, o, base, warp, lane);
        } else if (warp < 4) {
            weighAndRecall<WRITTEN, CHUNK, FAR>(row, in, small, state, o, base, warp, lane);
        } else {
            weighAndRecall<WRITTEN == 0 ? CHUNK : 0, WINDOW, false>(row, in, small, state, o, base, warp, lane);
        }
    }

    /** Phase 2, columns: O += P V to y, S = decay S + (weights V)^T phi_k, likewise z. */
    __device__ __forceinline__ static void collect(
            Output& o, const Row& row, State& state, Small& small, u32 base, Io* y, long long stride, int tokens, int warp,
            int lane) {
        float z[2 * SHARE][4];
        if (FAR) {
            scale(o, small, lane);
        }
        addValues(o, base, row.ring);
        if (FAR) {
            int written = row.ring + WRITTEN >= RING ? row.ring + WRITTEN - RING : row.ring + WRITTEN;
            learn(state, base + VALUES, written, row.phiK, small, warp, lane);
            sumFeatures(z, row.phiK, small, warp, lane);
            rejoin<1>();
        } else {
            rejoin<0>();
        }
        settle<CHUNK>(o);
        writeOut(o, y, stride, row.first, tokens, lane);
        if (FAR) {
            keepSums(z, small, warp, lane);
            rejoin<0>();
            settle<FEATURES>(state.s);
        }
    }

private:
    /**
     * One warpgroup: features of the chunk's queries, or of the 64 written keys in their own place; and rotates the
     * queries, or the chunk's keys from ring row `fresh` on, while the product is under way.
     */
    template <bool QUERY>
    __device__ __forceinline__ static void mapAndTurn(
            const Rotation<D>& rotation, u32 base, Small& small, int fresh, int lane) {
        constexpr int TASKS = Rotation<D>::TASKS, ROWS = QUERY ? CHUNK : RING;
        const int rows = 16 * (threadIdx.x >> 5 & 3);
        const u32 from = base + (QUERY ? QUERIES : PHI_K), turned = base + (QUERY ? QUERIES : KEYS);
        int first = QUERY ? rows : fresh + rows;
        first -= first >= ROWS ? ROWS : 0;
        float z[HALF_F / 8][4];
        if (FAR) {
            arrive();
            steps<HALF_F, D, CHUNK, false, D, true>(z, from, base + (QUERY ? MAP_Q : MAP_K), false);
            leave();
        }
        uint4 x[TASKS], y[TASKS];
#pragma unroll
        for (int t = 0; t < TASKS; t++) {
            rotation.template turn<ROWS>(x[t], y[t], turned, first, t, lane);
        }
        if (FAR) {
            rejoin<0>();
            settle<HALF_F>(z);
            barrier(QUERY ? 6 : 7, 128); // no warp reads the raw rows any more
        }
#pragma unroll
        for (int t = 0; t < TASKS; t++) {
            Rotation<D>::template put<ROWS>(x[t], y[t], turned, first, t, lane);
        }
        if (FAR) {
            mapRows<QUERY>(z, base + (QUERY ? PHI_Q : PHI_K), small, rows, lane);
        }
    }

    /** Phase 1 of a warpgroup: its part of P, and O = phi_q S while the weights are worked out. */
    template <int FROM, int COLUMNS, bool WITH_FAR>
    __device__ __forceinline__ static void weighAndRecall(
            const Row& row, const Source& in, Small& small, const State& state, Output& o, u32 base, int warp, int lane) {
        constexpr bool ahead = FAR && PAIR == 2; // with one warpgroup there are no registers for that
        GroupScores<FROM, COLUMNS, WITH_FAR> scores;
        scores.issue(row);
        if (ahead) {
            recall(o, state, row.phiQ);
        }
        rejoin<ahead ? 1 : 0>();
        scores.weigh(row, in, small, warp, lane);
        if (FAR && !ahead) {
            recall(o, state, row.phiQ);
        }
        rejoin<0>();
        settle<CHUNK>(o);
        barrier(5, THREADS); // P takes the place of q and phi_q
        scores.store(base + WEIGHTS, warp, lane);
    }

    /** Starts O = phi_q S, at most 128 features at once. */
    __device__ __forceinline__ static void recall(Output& o, const State& state, u32 phiQ) {
        constexpr int PART = FEATURES < 128 ? FEATURES : 128;
#pragma unroll
        for (int part = 0; part < FEATURES / PART; part++) {
            u32 a[PART / 16][4];
#pragma unroll
            for (int k = 0; k < PART / 16; k++) {
                const float(&x)[4] = state.s[part * PART / 8 + 2 * k];
                const float(&y)[4] = state.s[part * PART / 8 + 2 * k + 1];
                a[k][0] = pack(x[0], x[1]), a[k][1] = pack(x[2], x[3]);
                a[k][2] = pack(y[0], y[1]), a[k][3] = pack(y[2], y[3]);
            }
            arrive();
            steps<CHUNK, PART, CHUNK, false>(o, a, phiQ + part * panels(PART) * CHUNK * 128, part > 0);
            leave();
        }
    }

    /** Each query's part of phi_q S by its factor. */
    __device__ __forceinline__ static void scale(Output& o, const Small& small, int lane) {
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
            float2 by = *reinterpret_cast<const float2*>(small.factor + 8 * n + 2 * (lane & 3));
            o[n][0] *= by.x, o[n][1] *= by.y, o[n][2] *= by.x, o[n][3] *= by.y;
        }
    }

    /** Starts O += P V; ring: row of column 0 of P. */
    __device__ __forceinline__ static void addValues(Output& o, u32 base, int ring) {
        settle<CHUNK>(o);
        arrive();
#pragma unroll
        for (int k = 0; k < STEPS; k++) {
            int r = ring + 16 * k;
            r -= r >= RING ? RING : 0;
            u32 values = base + VALUES + (threadIdx.x >> 7) * (RING * 128) + r * 128;
            term<CHUNK, RING, true, CHUNK, false>(o, values, 0, base + WEIGHTS, k, FAR || k > 0);
        }
        leave();
    }

    /**
     * Starts S = decay S + (weights V)^T phi_k over the 64 written keys; S may be touched after settle().
     *
     * @param row ring row of the first key's value
     */
    __device__ __forceinline__ static void learn(
            State& state, u32 values, int row, u32 phi, const Small& small, int warp, int lane) {
        u32 a[CHUNK / 16][4]; // this warp's 16 columns of V, as rows
#pragma unroll
        for (int n = 0; n < CHUNK / 16; n++) {
            int r = row + 16 * n;
            r -= r >= RING ? RING : 0;
            u32 v[4];
            loadBt<RING>(v, values, r, warp, lane);
            float2 x = *reinterpret_cast<const float2*>(small.write + 16 * n + 2 * (lane & 3));
            float2 y = *reinterpret_cast<const float2*>(small.write + 16 * n + 8 + 2 * (lane & 3));
            a[n][0] = pack(low(v[0]) * x.x, high(v[0]) * x.y), a[n][1] = pack(low(v[2]) * x.x, high(v[2]) * x.y);
            a[n][2] = pack(low(v[1]) * y.x, high(v[1]) * y.y), a[n][3] = pack(low(v[3]) * y.x, high(v[3]) * y.y);
        }
        state.decay(small.total[0]);
        settle<FEATURES>(state.s);
        arrive();
        steps<FEATURES, CHUNK, CHUNK, true>(state.s, a, phi, true);
        leave();
    }

    /** Weights times phi_k over the written keys: this warp's share of the features. */
    __device__ __forceinline__ static void sumFeatures(
            float (&z)[2 * SHARE][4], u32 phi, const Small& small, int warp, int lane) {
#pragma unroll
        for (int n = 0; n < 2 * SHARE; n++) {
            z[n][0] = z[n][1] = z[n][2] = z[n][3] = 0.f;
        }
#pragma unroll
        for (int k = 0; k < CHUNK / 16; k++) {
            float2 x = *reinterpret_cast<const float2*>(small.write + 16 * k + 2 * (lane & 3));
            float2 y = *reinterpret_cast<const float2*>(small.write + 16 * k + 8 + 2 * (lane & 3));
            u32 a0 = lane < 4 ? pack(x.x, x.y) : 0, a2 = lane < 4 ? pack(y.x, y.y) : 0; // one row of weights
            addFeatures(z, a0, a2, phi, k, warp, lane);
        }
    }

    /** O to y. */
    __device__ __forceinline__ static void writeOut(
            const Output& o, Io* y, long long stride, int first, int tokens, int lane) {
        int r = lane >> 2, c = lane & 3;
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#ifdef IO_FLOAT
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int time = first + 8 * n + 2 * c + (i & 1);
                if (time < tokens) {
                    y[(long long)time * stride + r + 8 * (i >> 1)] = o[n][i];
                }
            }
#else
            int time = first + 8 * n + r;
            Io* to = y + (long long)time * stride;
            u32 a = transpose(pack(o[n][0], o[n][1])); // columns 2 c, 2 c + 1
            u32 b = transpose(pack(o[n][2], o[n][3])); // 8 more
            writeRow(to, a, b, c, time < tokens);
#endif
        }
    }
};
