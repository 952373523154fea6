// Kernel 4 of lizard_backward.cu: gradients of keys, values and gates.
#pragma once
#include "backward_pairs.cuh"

// Window's weights e P / den of scores s [64 keys, 64 queries]; queries start `apart` tokens after the keys, `rows` [64, 4]
// are what kernel 2 left of them.
template <bool MASKED>
DEVICE void weights_of_keys(float (*s)[4], const float* rows, float factor, int apart, int window) {
#pragma unroll
    for (int n = 0; n < CHUNK / 8; n++) {
        const int at = n * 8 + (lane() & 3) * 2, t = apart + at - own_row(); // since the thread's first key
        const float2 x0 = *(const float2*)(rows + at * 4), x1 = *(const float2*)(rows + at * 4 + 4); // maximum, factor
#pragma unroll
        for (int i = 0; i < 4; i++) {
            float x = exp2_fast(fmaf(s[n][i], factor, -(i & 1 ? x1.x : x0.x))) * (i & 1 ? x1.y : x0.y);
            s[n][i] = !MASKED || (u32)(t + (i & 1) - (i >> 1) * 8) < (u32)window ? x : 0;
        }
    }
}

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
    bf16* scores = p.scoreK + row * HALF_F;
    const int j0 = r0 + own_row(), j1 = j0 + 8;

    copy_tile<CHUNK, D>(base + W_OWN, p.v + b * p.sv.batch + g * p.sv.head, p.sv.token, r0, T);
    float dv[D / 8][4];
    float* column = (float*)(memory + W_COLUMNS);
    if (far) {
        float *sum = vectors, *inverse = vectors + 64, *delta = vectors + 128;
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
            delta[i] = q0 + i < T ? p.settled[(row + q0 + i) * 4 + 2] : 0;
        }
        wait<1>();
        publish();
        {
            float zq[HALF_F / 8][4], zk[HALF_F / 8][4];
            begin<HALF_F, D, CHUNK, false, D, true>(zq, base + W_PHIQ, base + W_STATE, false);
            begin<HALF_F, D, CHUNK, false, D, true>(zk, base + W_PHIK, base + W_STATE + MAP_BYTES, false);
            end<HALF_F, 1>(zq), end<HALF_F>(zk);
            __syncthreads();
            if (later) copy_state(base, p.slopes + chunk * FEATURES * D, p.massSlope + chunk * FEATURES);
            commit();
            write_features(base + W_PHIQ, zq, 1, 1);
            write_features(base + W_PHIK, zk, lasts(p, b, j0), lasts(p, b, j1));
        }
        wait<1>();
        publish();
        const float sum0 = sum[own_row()], sum1 = sum[own_row() + 8];
        const float end0 = exp2_fast(sum[63] - sum0), end1 = exp2_fast(sum[63] - sum1);
        u32 slope[CHUNK / 16][4], value[CHUNK / 16][4];
        float columns0 = 0, columns1 = 0;
        {
            float da[CHUNK / 8][4], a[CHUNK / 8][4];
            begin<CHUNK, D, CHUNK, false, CHUNK, false>(da, base + W_OWN, base + W_OTHER, false);
            begin<CHUNK, FEATURES, CHUNK, false, CHUNK, false>(a, base + W_PHIK, base + W_PHIQ, false);
            end<CHUNK, 1>(da), end<CHUNK>(a);
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
                const int at = n * 8 + (lane() & 3) * 2;
                const float2 g = *(const float2*)(sum + at), u = *(const float2*)(inverse + at), e = *(const float2*)(delta + at);
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int t = at + (i & 1), r = own_row() + (i >> 1) * 8;
                    float decay = exp2_fast((i & 1 ? g.y : g.x) - (i >> 1 ? sum1 : sum0)) * (i & 1 ? u.y : u.x);
                    decay = r <= t ? decay : 0;
                    float x = decay * (da[n][i] - (i & 1 ? e.y : e.x));
                    float pair = x * a[n][i];
                    (i >> 1 ? columns1 : columns0) += r < t ? pair : 0;
                    da[n][i] = x;
                    a[n][i] *= decay;
                }
            }
            as_operand<CHUNK>(slope, da);
            as_operand<CHUNK>(value, a);
        }
        columns0 = quad_sum(columns0), columns1 = quad_sum(columns1);
        float ahead0 = 0, ahead1 = 0;
        // dv of queries after the chunk: from the slope, then decayed.
        auto recall = [&] { begin<D, FEATURES, CHUNK, false, FEATURES, true>(dv, base + W_PHIK, base + W_STATE, false); };
        auto fade = [&] {
            end<D>(dv);
#pragma unroll
            for (int n = 0; n < D / 8; n++) dv[n][0] *= end0, dv[n][1] *= end0, dv[n][2] *= end1, dv[n][3] *= end1;
        };
        {
            float dphi[FEATURES / 8][4];
            if (later) {
                wait<0>();
                publish();
                begin<FEATURES, D, CHUNK, false, FEATURES, false>(dphi, base + W_OWN, base + W_STATE, false);
                if (ROOMY) recall();
                end<FEATURES, ROOMY ? 1 : 0>(dphi);
                const float* z = (const float*)(memory + W_MASS) + (lane() & 3) * 2;
#pragma unroll
                for (int n = 0; n < FEATURES / 8; n++) {
                    float2 m = *(const float2*)(z + n * 8);
                    dphi[n][0] = (dphi[n][0] + m.x) * end0, dphi[n][1] = (dphi[n][1] + m.y) * end0;
                    dphi[n][2] = (dphi[n][2] + m.x) * end1, dphi[n][3] = (dphi[n][3] + m.y) * end1;
                }
                against(dphi, base + W_PHIK, ahead0, ahead1);
                if (ROOMY) fade();
            }
            begin<FEATURES, CHUNK, CHUNK, true>(dphi, slope, base + W_PHIQ, later);
            if (ROOMY) begin<D, CHUNK, CHUNK, true>(dv, value, base + W_OTHER, later);
            end<FEATURES, ROOMY ? 1 : 0>(dphi);
            features_slope(dphi, base + W_PHIK);
            write_rows<HALF_F>(scores, HALF_F, dphi, r0, T);
            if (ROOMY) end<D>(dv);
        }
        if (!ROOMY) {
            if (later) recall(), fade();
            product<D, CHUNK, CHUNK, true>(dv, value, base + W_OTHER, later);
        }
        if ((lane() & 3) == 0) {
            column[own_row()] = columns0, column[own_row() + 8] = columns1;
            column[64 + own_row()] = ahead0, column[64 + own_row() + 8] = ahead1;
        }
    } else {
#pragma unroll
        for (int n = 0; n < D / 8; n++) dv[n][0] = dv[n][1] = dv[n][2] = dv[n][3] = 0;
    }

    // The window.
    const float scale = rsqrtf((float)D);
    const int first = 0; // tiles of queries start at the first key
    const int last = min(T - 1, r0 + CHUNK - 1 + p.window - 1);
    const int tiles = (last - r0) / CHUNK + 1;
    __syncthreads();
    copy_tile<CHUNK, D>(base + W_TURNED, p.turnedK + (i64)(b * p.keyHeads + g) * T * D, D, r0, T);
    auto fetch = [&](int n) {
        u32 stage = base + W_STAGES + (n & 1) * 2 * X_BYTES, rows = base + W_VECTORS + (n & 1) * 320 * 4;
        int i0 = r0 + n * CHUNK, i = threadIdx.x & 63, t = i0 + i;
        copy_tile<CHUNK, D>(stage, p.turnedQ + row * D, D, i0, T);
        copy_tile<CHUNK, D>(stage + X_BYTES, dy, p.sdy.token, i0, T);
        if (threadIdx.x < 64) copy16(rows + i * 16, p.settled + (row + t) * 4, (u32)t < (u32)T);
        else copy4(rows + 1024 + i * 4, p.best + row + t, (u32)t < (u32)T);
    };
    fetch(first);
    commit();
    if (far && warp() == 0) {
        // dg_l = across + (rows - columns) of l and later + what keys before l give to later chunks
        int l = 2 * lane(), t = q0 + l;
        float x = (t < T ? p.rows[row + t] : 0) - column[l], y = (t + 1 < T ? p.rows[row + t + 1] : 0) - column[l + 1];
        float s = x + y, after = s;
#pragma unroll
        for (int o = 1; o < 32; o *= 2) {
            float up = __shfl_down_sync(~0u, after, o);
            if (lane() + o < 32) after += up;
        }
        float a, e;
        running_sum(column[64 + l], column[64 + l + 1], a, e);
        float across = 0; // the mass; then the values of pairs from before the chunk to after it
        if (c > p.delay / CHUNK && later) {
            const float *z = p.mass + chunk * FEATURES, *m = p.massSlope + chunk * FEATURES;
#pragma unroll
            for (int i = 0; i < FEATURES; i += 32) across += z[i + lane()] * m[i + lane()];
            across = (warp_sum(across) + p.across[chunk]) * p.decay[chunk];
        }
        auto write = [&](int t, float x) {
            if (t < T) p.dgate[row + t] = p.gate[row + t] < FLOOR || begins(p, b, t) ? 0 : x;
        };
        write(t, across + after + a - column[64 + l]);
        write(t + 1, across + (after - x) + a);
    }
    float dk[D / 8][4];
    for (int n0 = first; n0 < tiles; n0++) {
        u32 stage = base + W_STAGES + (n0 & 1) * 2 * X_BYTES;
        const float* vec = vectors + (n0 & 1) * 320;
        if (n0 + 1 < tiles) fetch(n0 + 1);
        else if (far) copy_map(base + W_STAGES + ((n0 + 1) & 1) * 2 * X_BYTES, p.keyMap, h);
        commit();
        wait<1>();
        publish();
        float s[CHUNK / 8][4], dp[CHUNK / 8][4];
        begin<CHUNK, D, CHUNK, false, CHUNK, false>(s, base + W_TURNED, stage, false);
        begin<CHUNK, D, CHUNK, false, CHUNK, false>(dp, base + W_OWN, stage + X_BYTES, false);
        end<CHUNK, 1>(s);
        const float factor = scale * LOG2E;
        if (n0 > 0 && n0 * CHUNK + CHUNK <= p.window) weights_of_keys<false>(s, vec, factor, n0 * CHUNK, p.window);
        else weights_of_keys<true>(s, vec, factor, n0 * CHUNK, p.window);
#if DOCUMENTS
        const int* documents = p.documents + (i64)b * T;
        const int own0 = (u32)j0 < (u32)T ? documents[j0] : 0, own1 = (u32)j1 < (u32)T ? documents[j1] : 0;
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int t = r0 + n0 * CHUNK + n * 8 + (lane() & 3) * 2 + (i & 1);
                if ((u32)t < (u32)T && documents[t] != (i >> 1 ? own1 : own0)) s[n][i] = 0;
            }
        }
#endif
        u32 a[CHUNK / 16][4], ds[CHUNK / 16][4];
        if (ROOMY) as_operand<CHUNK>(a, s), begin<D, CHUNK, CHUNK, true>(dv, a, stage + X_BYTES, true);
        end<CHUNK, ROOMY ? 1 : 0>(dp);
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
            const int at = n * 8 + (lane() & 3) * 2;
            const float2 x0 = *(const float2*)(vec + at * 4 + 2), x1 = *(const float2*)(vec + at * 4 + 6); // delta, c
            const int2 best = *(const int2*)(vec + 256 + at);
#pragma unroll
            for (int i = 0; i < 4; i++) {
                float x = s[n][i] * (dp[n][i] - (i & 1 ? x1.x : x0.x));
                if ((i >> 1 ? j1 : j0) == (i & 1 ? best.y : best.x)) x -= i & 1 ? x1.y : x0.y;
                dp[n][i] = x;
            }
        }
        if (!ROOMY) as_operand<CHUNK>(a, s), begin<D, CHUNK, CHUNK, true>(dv, a, stage + X_BYTES, true);
        as_operand<CHUNK>(ds, dp);
        begin<D, CHUNK, CHUNK, true>(dk, ds, stage, n0 > first);
        end<D, 1>(dv), end<D>(dk);
        __syncthreads();
    }
    bf16* outK = group == 1 ? p.dk : p.headK;
    bf16* outV = group == 1 ? p.dv : p.headV;
    const i64 token = group == 1 ? slope_row(p, p.heads) : (i64)p.heads * D, out = (i64)b * T * token + h * D;
    u32 dz[HALF_F / 16][4];
    if (far) read_rows(dz, scores, r0, T);
    write_rows<D>(outV + out, token, dv, r0, T);
    turn_back(dk, p, r0, scale);
    if (far) {
        wait<0>();
        publish();
        product<D, HALF_F, D, false>(dk, dz, base + W_STAGES + (tiles & 1) * 2 * X_BYTES, true);
    }
    write_rows<D>(outK + out, token, dk, r0, T);
}
