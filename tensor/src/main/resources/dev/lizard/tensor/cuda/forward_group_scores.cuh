// Of lizard_forward.cu: phase 1 where warpgroups multiply.
#pragma once
#include "forward_rows.cuh"

/**
 * A warpgroup's part of P: 64 queries, COLUMNS columns from FROM on; WITH_FAR also the written keys, which stand at the
 * 64 columns from WRITTEN on. A warp holds 16 queries. First issue(), then weigh(), then store().
 */
template <int FROM, int COLUMNS, bool WITH_FAR>
struct GroupScores {
    static constexpr int N = COLUMNS / 8;
    static constexpr int M = WITH_FAR ? CHUNK / 8 : 1;
    static constexpr int TWIN = WITH_FAR ? (WRITTEN - FROM) / 8 : 0; // block of x that stands where a[0] does
    float x[N][4];       // near: scores, then their exponentials
    float a[M][4];       // far
    u32 weights[N][2];   // of both, rounded

    /** Starts the products. */
    __device__ __forceinline__ void issue(const Row& in) {
        arrive();
#pragma unroll
        for (int n = 0; n < COLUMNS; n += WHOLE) {
            int row = in.ring + FROM + n;
            row -= row >= RING ? RING : 0;
            steps<WHOLE, D, CHUNK, false, RING, false>(x + n / 8, in.queries, in.keys + row * 128, false);
        }
        if (WITH_FAR) {
            steps<CHUNK, FEATURES, CHUNK, false, CHUNK, false>(a, in.phiQ, in.phiK, false);
        }
        leave();
    }

    /** Once the products are done. */
    __device__ __forceinline__ void weigh(const Row& in, const Source& source, Small& small, int warp, int lane) {
        settle<COLUMNS>(x);
        if (WITH_FAR) {
            settle<CHUNK>(a);
        }
        const int m = warp & 3, rows = 16 * m; // rows: first query in the chunk
        const int r = lane >> 2, c = 2 * (lane & 3);
        mask(m, r, c);
#ifdef DOCUMENTS
        const bool early = true;
#else
        const bool early = in.first - WINDOW < -source.past; // some columns are before the first key
#endif
        if (early) {
            maskEarly(in, source, rows, r, c);
        }
        if (WITH_FAR) {
            decay(small, m, r, c);
        }
        float top[2], sum[2], lin[2];
        int where[2];
#pragma unroll
        for (int y = 0; y < 2; y++) {
            float best = top[y] = in.scale * highest(x, y, in.first - WINDOW + FROM + c, where[y]);
            float s[2] = {0.f, 0.f}, l[2] = {0.f, 0.f};
#pragma unroll
            for (int n = 0; n < N; n++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    s[i] += x[n][2 * y + i] = exp2Fast(fmaf(x[n][2 * y + i], in.scale, -best));
                }
            }
            sum[y] = quadSum(s[0] + s[1]);
            if (WITH_FAR) {
#pragma unroll
                for (int u = 0; u < M; u++) {
                    l[0] += a[u][2 * y], l[1] += a[u][2 * y + 1];
                }
                l[0] = quadSum(l[0] + l[1]);
            }
            lin[y] = l[0];
        }
        if (PAIR == 2) {
            tell<WITH_FAR>(small, top, sum, lin, where, warp, lane);
        }
#pragma unroll
        for (int y = 0; y < 2; y++) {
            float nearFactor, farFactor;
            balance(nearFactor, farFactor, in, source, small, top[y], sum[y], lin[y], where[y], y, warp, lane);
#pragma unroll
            for (int n = 0; n < N; n++) {
                float first = x[n][2 * y] * nearFactor, second = x[n][2 * y + 1] * nearFactor;
                if (WITH_FAR && n >= TWIN && n < TWIN + M) {
                    first = fmaf(a[n - TWIN][2 * y], farFactor, first);
                    second = fmaf(a[n - TWIN][2 * y + 1], farFactor, second);
                }
                weights[n][y] = pack(first, second);
            }
        }
    }

    /** To P. */
    __device__ __forceinline__ void store(u32 p, int warp, int lane) const {
#pragma unroll
        for (int n = 0; n < N; n += 2) {
            storeC2<CHUNK>(p, 16 * (warp & 3), (FROM + 8 * n) / 16, lane, weights[n][0], weights[n][1], weights[n + 1][0],
                       weights[n + 1][1]);
        }
    }

private:
    /** The window is a band: of the first 64 columns those above the diagonal, of the last 64 the others. */
    __device__ __forceinline__ void mask(int m, int r, int c) {
#pragma unroll
        for (int n = 0; n < N; n++) {
            const int column = FROM + 8 * n;
            const bool first = column < CHUNK;
            const int block = (first ? column : column - WINDOW) / 16; // the warp's own holds its diagonal
            if (first ? m >= block : column >= WINDOW && m <= block) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    bool above = column % 16 + c + (i & 1) > r + 8 * (i >> 1);
                    x[n][i] = m == block && above == first ? x[n][i] : 2 * NONE;
                }
            }
        }
    }

    /** What is before the first key, or of another document. */
    __device__ __forceinline__ void maskEarly(const Row& in, const Source& source, int rows, int r, int c) {
#ifdef DOCUMENTS
        int own[2];
#pragma unroll
        for (int y = 0; y < 2; y++) {
            own[y] = source.document[min(in.first + rows + r + 8 * y, source.tokens - 1)];
        }
#endif
#pragma unroll
        for (int n = 0; n < N + (WITH_FAR ? M : 0); n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int j = in.first + (n < N ? FROM - WINDOW + 8 * n : 8 * (n - N) - LAG) + c + (i & 1);
                bool seen = j >= -source.past;
#ifdef DOCUMENTS
                seen = seen && j >= 0 && j < source.tokens
                        && source.document[max(min(j, source.tokens - 1), 0)] == own[i >> 1];
#endif
                float& value = n < N ? x[n < N ? n : 0][i] : a[n < N ? 0 : n - N][i];
                value = seen ? value : n < N ? 2 * NONE : 0.f;
            }
        }
    }

    /** Decay of far terms: on the diagonal from key to query; before it from the key to the last of its 16, and on. */
    __device__ __forceinline__ void decay(const Small& small, int m, int r, int c) {
        const float g[2] = {small.decay[16 * m + r], small.decay[16 * m + r + 8]};
#pragma unroll
        for (int block = 0; block < M / 2; block++) {
            float since = small.decay[16 * block + 15];
            if (block > m) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    a[2 * block][i] = a[2 * block + 1][i] = 0.f;
                }
            } else {
#pragma unroll
                for (int u = 2 * block; u < 2 * block + 2; u++) {
                    if (block == m) {
                        float2 key = *reinterpret_cast<const float2*>(small.decay + 8 * u + c);
#pragma unroll
                        for (int i = 0; i < 4; i++) {
                            bool seen = 8 * (u & 1) + c + (i & 1) <= r + 8 * (i >> 1);
                            a[u][i] = seen ? a[u][i] * exp2Fast(g[i >> 1] - (i & 1 ? key.y : key.x)) : 0.f;
                        }
                    } else {
                        float2 age = *reinterpret_cast<const float2*>(small.ages + 8 * u + c);
                        float rest[2] = {exp2Fast(g[0] - since), exp2Fast(g[1] - since)};
#pragma unroll
                        for (int i = 0; i < 4; i++) {
                            a[u][i] *= rest[i >> 1] * (i & 1 ? age.y : age.x);
                        }
                    }
                }
            }
        }
    }
};
