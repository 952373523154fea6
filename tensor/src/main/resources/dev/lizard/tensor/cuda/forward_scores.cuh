// Of lizard_forward.cu: phase 1, weights of the window and of the written keys.
#pragma once
#include "forward_rows.cuh"

/**
 * Scores of 16 queries against the blocks FROM .. TO - 1 of their band and, if WITH_FAR, against the written keys:
 * leaves the packed weights P of both.
 */
template <int FROM, int TO, bool WITH_FAR>
struct Scores {
    static constexpr int N = TO - FROM;
    static constexpr int M = WITH_FAR ? CHUNK / 8 : 1;
    u32 near[N][2];
    u32 far[M][2];

    /** Block of the band that stands at the same columns as the u-th written block before the diagonal, or -1. */
    __device__ __forceinline__ static constexpr int twin(int u) {
        int slot = MODE == JOINT ? 1 - u : BAND - 1 - u;
        return slot >= FROM && slot < TO ? slot - FROM : -1;
    }

    __device__ __forceinline__ void compute(const Row& in, const Source& source, Small& small, int warp, int lane) {
        int rows = 16 * (warp & 3);    // first query in the chunk
        float x[N][4], a[M][4];
#pragma unroll
        for (int n = 0; n < N; n++) {
            x[n][0] = x[n][1] = x[n][2] = x[n][3] = 0.f;
        }
#pragma unroll
        for (int step = 0; step < D / 32; step++) {
            u32 p[4], q[4];
            loadA<CHUNK>(p, in.queries, rows, 2 * step, lane);
            loadA<CHUNK>(q, in.queries, rows, 2 * step + 1, lane);
#pragma unroll
            for (int n = 0; n < N; n++) {
                int row = in.ring + rows + 8 * (FROM + n);
                row -= row >= RING ? RING : 0;
                u32 b[4];
                loadB<RING>(b, in.keys, row, step, lane);
                mma(x[n], p, b[0], b[1]);
                mma(x[n], q, b[2], b[3]);
            }
        }
        if (WITH_FAR) {
#pragma unroll
            for (int u = 0; u < M; u++) {
                a[u][0] = a[u][1] = a[u][2] = a[u][3] = 0.f;
            }
#pragma unroll
            for (int step = 0; step < FEATURES / 32; step++) {
                u32 p[4], q[4];
                loadA<CHUNK>(p, in.phiQ, rows, 2 * step, lane);
                loadA<CHUNK>(q, in.phiQ, rows, 2 * step + 1, lane);
#pragma unroll
                for (int u = 0; u < M; u++) {
                    int block = rows / 8 + 1 - u;
                    if (block >= 0) {
                        u32 b[4];
                        loadB<CHUNK>(b, in.phiK, 8 * block, step, lane);
                        mma(a[u], p, b[0], b[1]);
                        mma(a[u], q, b[2], b[3]);
                    }
                }
            }
        }
        int r = lane >> 2, c = 2 * (lane & 3);
        bool early = in.first - WINDOW < -source.past; // some columns are before the first key
        float top[2], sum[2], lin[2];
        int where[2];
#pragma unroll
        for (int n = 0; n < N; n++) {
            if (FROM + n < 2 || FROM + n >= BAND - 2) { // the oldest and the newest 16 keys of the band
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int row = r + 8 * (i >> 1), column = 8 * (FROM + n) + c + (i & 1);
                    bool seen = FROM + n < 2 ? column > row : column - WINDOW <= row;
                    x[n][i] = seen ? x[n][i] : 2 * NONE;
                }
            }
        }
#ifdef DOCUMENTS
        early = true;
#endif
        if (early) {
#pragma unroll
            for (int n = 0; n < N; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int j = in.first - WINDOW + rows + 8 * (FROM + n) + c + (i & 1);
                    bool seen = j >= -source.past;
#ifdef DOCUMENTS
                    seen = seen && j >= 0 && j < source.tokens
                            && source.document[max(min(j, source.tokens - 1), 0)]
                                    == source.document[min(in.first + rows + r + 8 * (i >> 1), source.tokens - 1)];
#endif
                    x[n][i] = seen ? x[n][i] : 2 * NONE;
                }
            }
            if (WITH_FAR) {
#pragma unroll
                for (int u = 0; u < M; u++) {
#pragma unroll
                    for (int i = 0; i < 4; i++) {
                        int j = in.first - LAG + 8 * (rows / 8 + 1 - u) + c + (i & 1);
                        bool seen = j >= -source.past;
#ifdef DOCUMENTS
                        seen = seen && j >= 0 && source.document[min(max(j, 0), source.tokens - 1)]
                                        == source.document[min(in.first + rows + r + 8 * (i >> 1), source.tokens - 1)];
#endif
                        a[u][i] = seen ? a[u][i] : 0.f;
                    }
                }
            }
        }
        // Decay: on the diagonal from key to query; before it from the key to the last of its 16, and from there.
        float2 age[M];
        float since[M / 2 + 1];
        if (WITH_FAR) {
#pragma unroll
            for (int u = 0; u < M; u++) {
                int column = max(8 * (rows / 8 + 1 - u), 0);
                age[u] = *reinterpret_cast<const float2*>((u < 2 ? small.decay : small.ages) + column + c);
                since[u / 2] = small.decay[column | 15];
            }
        }
#pragma unroll
        for (int y = 0; y < 2; y++) {
            float best = top[y] = in.scale * highest(x, y, in.first - WINDOW + rows + 8 * FROM + c, where[y]);
            float s = 0.f;
#pragma unroll
            for (int n = 0; n < N; n++) {
                s += x[n][2 * y] = exp2Fast(fmaf(x[n][2 * y], in.scale, -best));
                s += x[n][2 * y + 1] = exp2Fast(fmaf(x[n][2 * y + 1], in.scale, -best));
            }
            sum[y] = quadSum(s);
            float l = 0.f;
            if (WITH_FAR) {
                float g = small.decay[rows + r + 8 * y];
#pragma unroll
                for (int u = 0; u < M; u++) {
                    float first, second;
                    if (u < 2) { // the diagonal
                        first = 8 * (1 - u) + c <= r + 8 * y ? a[u][2 * y] * exp2Fast(g - age[u].x) : 0.f;
                        second = 8 * (1 - u) + c + 1 <= r + 8 * y ? a[u][2 * y + 1] * exp2Fast(g - age[u].y) : 0.f;
                    } else {
                        float rest = exp2Fast(fminf(g - since[u / 2], 0.f)); // <= 0 but where there is no block
                        first = a[u][2 * y] * (rest * age[u].x);
                        second = a[u][2 * y + 1] * (rest * age[u].y);
                    }
                    a[u][2 * y] = first, a[u][2 * y + 1] = second;
                    l += first + second;
                }
                l = quadSum(l);
            }
            lin[y] = l;
        }
        if (PAIR == 2) {
            tell<WITH_FAR>(small, top, sum, lin, where, warp, lane);
        }
#pragma unroll
        for (int y = 0; y < 2; y++) {
            float nearFactor, farFactor;
            balance(nearFactor, farFactor, in, source, small, top[y], sum[y], lin[y], where[y], y, warp, lane);
#pragma unroll
            for (int u = 0; u < M; u++) {
                if (WITH_FAR) {
                    a[u][2 * y] *= farFactor, a[u][2 * y + 1] *= farFactor;
                }
            }
#pragma unroll
            for (int n = 0; n < N; n++) {
                x[n][2 * y] *= nearFactor, x[n][2 * y + 1] *= nearFactor;
            }
            if (WITH_FAR) {
#pragma unroll
                for (int u = 0; u < M; u++) {
                    constexpr int none = -1;
                    const int t = twin(u);
                    if (t != none && rows / 8 + 1 - u >= 0) {
                        x[t < 0 ? 0 : t][2 * y] += a[u][2 * y];
                        x[t < 0 ? 0 : t][2 * y + 1] += a[u][2 * y + 1];
                    }
                }
            }
#pragma unroll
            for (int n = 0; n < N; n++) {
                near[n][y] = pack(x[n][2 * y], x[n][2 * y + 1]);
            }
            if (WITH_FAR) {
#pragma unroll
                for (int u = 0; u < M; u++) {
                    far[u][y] = pack(a[u][2 * y], a[u][2 * y + 1]);
                }
            }
        }
    }

    __device__ __forceinline__ void store(u32 p, int warp, int lane) const {
        int rows = 16 * (warp & 3);
#pragma unroll
        for (int n = 0; n < N; n += 2) {
            storeC2<CHUNK>(p, rows, rows / 16 + (FROM + n) / 2, lane, near[n][0], near[n][1], near[n + 1][0], near[n + 1][1]);
        }
        if (WITH_FAR) {
#pragma unroll
            for (int u = 1; u < M; u += 2) {
                int pair = rows / 16 - u / 2;
                if (twin(u) < 0 && pair >= 0) {
                    storeC2<CHUNK>(p, rows, WRITTEN / 16 + pair, lane, far[u][0], far[u][1], far[u - 1][0], far[u - 1][1]);
                }
            }
        }
    }
};
