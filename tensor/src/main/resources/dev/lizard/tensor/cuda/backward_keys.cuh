// Kernel 3 of lizard_backward.cu: gradients of keys, values and gates.
#pragma once
#include "backward_pairs.cuh"

// Grid (key chunks, H, B). Keys of chunk c stand `delay` tokens before queries of chunk c.
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) lizard_backward_keys(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    float* vectors = (float*)(memory + W_VECTORS);
    const int c = blockIdx.x, h = blockIdx.y, b = blockIdx.z;
    const int group = p.heads / p.keyHeads, g = h / group, bh = b * p.heads + h, T = p.tokens;
    const int q0 = c * CHUNK, r0 = q0 - p.delay;
    const i64 row = (i64)bh * T;
    if (r0 + CHUNK <= 0) {
        if (threadIdx.x < CHUNK && q0 + threadIdx.x < T) p.dgate[row + q0 + threadIdx.x] = 0;
        return;
    }
    const bool far = c < p.chunks, later = c + 1 < p.chunks;
    const i64 chunk = (i64)bh * p.chunks + c;
    const bf16* dy = p.dy + b * p.sdy.batch + h * p.sdy.head;
    bf16* scores = p.scoreK + row * F;
    const int j0 = r0 + own_row(), j1 = j0 + 8;

    copy_tile<CHUNK, D>(base + W_OWN, p.v + b * p.sv.batch + g * p.sv.head, p.sv.token, r0, T);
    float dv[D / 8][4];
    if (far) {
        float *sum = vectors, *inverse = vectors + 64, *delta = vectors + 128, *column = vectors + 192;
        copy_tile<CHUNK, D>(base + W_PHIQ, p.q + b * p.sq.batch + h * p.sq.head, p.sq.token, q0, T);
        copy_tile<CHUNK, D>(base + W_PHIK, p.k + b * p.sk.batch + g * p.sk.head, p.sk.token, r0, T);
        copy_map(base + W_STATE, p.queryMap, h);
        copy_map(base + W_STATE + MAP_BYTES, p.keyMap, h);
        commit();
        copy_tile<CHUNK, D>(base + W_OTHER, dy, p.sdy.token, q0, T);
        commit();
        if (warp() == 0) chunk_decay(sum, p, b, p.gate + row, c);
        if (threadIdx.x >= 64) {
            int i = threadIdx.x - 64;
            inverse[i] = q0 + i < T ? p.inverse[row + q0 + i] : 0;
            delta[i] = q0 + i < T ? p.delta[row + q0 + i] : 0;
        }
        wait<1>();
        publish();
        {
            float zq[F / 8][4], zk[F / 8][4];
            product<F, D, CHUNK, false, D, true>(zq, base + W_PHIQ, base + W_STATE, false);
            product<F, D, CHUNK, false, D, true>(zk, base + W_PHIK, base + W_STATE + MAP_BYTES, false);
            __syncthreads();
            if (later) copy_image<STATE_BYTES>(base + W_STATE, p.slopes + chunk * FEATURES * D);
            commit();
            write_features(base + W_PHIQ, zq, 1, 1);
            write_features(base + W_PHIK, zk, lasts(p, b, j0), lasts(p, b, j1));
        }
        wait<1>();
        publish();
        const float sum0 = sum[own_row()], sum1 = sum[own_row() + 8];
        const float end0 = exp_fast(sum[63] - sum0), end1 = exp_fast(sum[63] - sum1);
        u32 slope[CHUNK / 16][4], value[CHUNK / 16][4];
        float columns0 = 0, columns1 = 0;
        {
            float da[CHUNK / 8][4], a[CHUNK / 8][4];
            product<CHUNK, D, CHUNK, false, CHUNK, false>(da, base + W_OWN, base + W_OTHER, false);
            product<CHUNK, FEATURES, CHUNK, false, CHUNK, false>(a, base + W_PHIK, base + W_PHIQ, false);
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int t = n * 8 + (lane() & 3) * 2 + (i & 1), r = own_row() + (i >> 1) * 8;
                    float decay = r <= t ? exp_fast(sum[t] - (i >> 1 ? sum1 : sum0)) : 0;
                    float x = decay * ((da[n][i] - delta[t]) * inverse[t]);
                    float pair = x * a[n][i];
                    (i >> 1 ? columns1 : columns0) += r < t ? pair : 0;
                    da[n][i] = x;
                    a[n][i] *= decay * inverse[t];
                }
            }
            as_operand<CHUNK>(slope, da);
            as_operand<CHUNK>(value, a);
        }
        columns0 = quad_sum(columns0), columns1 = quad_sum(columns1);
        float ahead0 = 0, ahead1 = 0;
        {
            float dphi[FEATURES / 8][4];
            if (later) {
                wait<0>();
                publish();
                product<FEATURES, D, CHUNK, false, FEATURES, false>(dphi, base + W_OWN, base + W_STATE, false);
                const float* z = p.massSlope + chunk * FEATURES + (lane() & 3) * 2;
#pragma unroll
                for (int n = 0; n < FEATURES / 8; n++) {
                    float2 m = *(const float2*)(z + n * 8);
                    dphi[n][0] = (dphi[n][0] + m.x) * end0, dphi[n][1] = (dphi[n][1] + m.y) * end0;
                    dphi[n][2] = (dphi[n][2] + m.x) * end1, dphi[n][3] = (dphi[n][3] + m.y) * end1;
                }
                against(dphi, base + W_PHIK, ahead0, ahead1);
            }
            product<FEATURES, CHUNK, CHUNK, true>(dphi, slope, base + W_PHIQ, later);
            features_slope(dphi, base + W_PHIK);
            write_rows<F>(scores, F, dphi, r0, T);
        }
        if ((lane() & 3) == 0) {
            column[own_row()] = columns0, column[own_row() + 8] = columns1;
            column[64 + own_row()] = ahead0, column[64 + own_row() + 8] = ahead1;
        }
        if (later) {
            product<D, FEATURES, CHUNK, false, FEATURES, true>(dv, base + W_PHIK, base + W_STATE, false);
#pragma unroll
            for (int n = 0; n < D / 8; n++) dv[n][0] *= end0, dv[n][1] *= end0, dv[n][2] *= end1, dv[n][3] *= end1;
        }
        product<D, CHUNK, CHUNK, true>(dv, value, base + W_OTHER, later);
        __syncthreads();
        if (warp() == 0) {
            // dg_l = across + (rows - columns) of l and later + what keys before l give to later chunks
            int l = 2 * lane(), t = q0 + l;
            float x = (t < T ? p.rows[row + t] : 0) - column[l], y = (t + 1 < T ? p.rows[row + t + 1] : 0) - column[l + 1];
            float s = x + y, later = s;
#pragma unroll
            for (int o = 1; o < 32; o *= 2) {
                float up = __shfl_down_sync(~0u, later, o);
                if (lane() + o < 32) later += up;
            }
            float a, e;
            running_sum(column[64 + l], column[64 + l + 1], a, e);
            float across = p.across[chunk];
            auto write = [&](int t, float x) {
                if (t < T) p.dgate[row + t] = p.gate[row + t] < FLOOR || begins(p, b, t) ? 0 : x;
            };
            write(t, across + later + a - column[64 + l]);
            write(t + 1, across + (later - x) + a);
        }
    } else {
#pragma unroll
        for (int n = 0; n < D / 8; n++) dv[n][0] = dv[n][1] = dv[n][2] = dv[n][3] = 0;
    }

    // The window.
    const float share = p.share[h], scale = rsqrtf((float)D);
    const int first = 0; // tiles of queries start at the first key
    const int last = min(T - 1, r0 + CHUNK - 1 + p.window - 1);
    const int tiles = (last - r0) / CHUNK + 1;
    __syncthreads();
    copy_tile<CHUNK, D>(base + W_TURNED, p.turnedK + (i64)(b * p.keyHeads + g) * T * D, D, r0, T);
    auto fetch = [&](int n) {
        u32 stage = base + W_STAGES + (n & 1) * 2 * X_BYTES;
        int i0 = r0 + n * CHUNK;
        copy_tile<CHUNK, D>(stage, p.turnedQ + row * D, D, i0, T);
        copy_tile<CHUNK, D>(stage + X_BYTES, dy, p.sdy.token, i0, T);
        float* vec = vectors + (n & 1) * 6 * 64;
        int t = i0 + (threadIdx.x & 63);
        bool valid = t >= 0 && t < T;
        if (threadIdx.x < 64) {
            vec[threadIdx.x] = valid ? p.top[row + t] * LOG2E : 1e30f;
            vec[64 + threadIdx.x] = valid ? p.inverse[row + t] * share : 0;
            vec[128 + threadIdx.x] = valid ? p.settled[row + t] : 0;
        } else {
            vec[192 + threadIdx.x - 64] = valid ? p.near[row + t] : 0;
            ((int*)vec)[256 + threadIdx.x - 64] = valid ? p.best[row + t] : -2;
        }
    };
    fetch(first);
    commit();
    float dk[D / 8][4];
    for (int n0 = first; n0 < tiles; n0++) {
        u32 stage = base + W_STAGES + (n0 & 1) * 2 * X_BYTES;
        const float* vec = vectors + (n0 & 1) * 6 * 64;
        if (n0 + 1 < tiles) fetch(n0 + 1);
        else if (far) copy_map(base + W_STAGES + ((n0 + 1) & 1) * 2 * X_BYTES, p.keyMap, h);
        commit();
        wait<1>();
        publish();
        float s[CHUNK / 8][4], dp[CHUNK / 8][4];
        product<CHUNK, D, CHUNK, false, CHUNK, false>(s, base + W_TURNED, stage, false);
        product<CHUNK, D, CHUNK, false, CHUNK, false>(dp, base + W_OWN, stage + X_BYTES, false);
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int at = n * 8 + (lane() & 3) * 2 + (i & 1), t = r0 + n0 * CHUNK + at, j = i >> 1 ? j1 : j0;
                bool in = j <= t && j > t - p.window && same_document(p, b, j, t);
                float x = in ? exp2_fast(s[n][i] * (scale * LOG2E) - vec[at]) * vec[64 + at] : 0;
                s[n][i] = x;
                x *= dp[n][i] - vec[128 + at];
                x -= in && j == ((const int*)vec)[256 + at] ? vec[192 + at] : 0;
                dp[n][i] = x * scale;
            }
        }
        u32 a[CHUNK / 16][4];
        as_operand<CHUNK>(a, s);
        product<D, CHUNK, CHUNK, true>(dv, a, stage + X_BYTES, true);
        as_operand<CHUNK>(a, dp);
        product<D, CHUNK, CHUNK, true>(dk, a, stage, n0 > first);
        __syncthreads();
    }
    turn_back(dk, p, r0);
    if (far) {
        u32 dz[F / 16][4];
        read_rows(dz, scores, r0, T);
        wait<0>();
        publish();
        product<D, F, D, false>(dk, dz, base + W_STAGES + (tiles & 1) * 2 * X_BYTES, true);
    }
    bf16* outK = group == 1 ? p.dk : p.headK;
    bf16* outV = group == 1 ? p.dv : p.headV;
    const i64 out = ((i64)b * T * p.heads + h) * D;
    write_rows<D>(outK + out, (i64)p.heads * D, dk, r0, T);
    write_rows<D>(outV + out, (i64)p.heads * D, dv, r0, T);
}
