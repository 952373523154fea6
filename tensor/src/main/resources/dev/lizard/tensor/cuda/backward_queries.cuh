// Kernel 2 of lizard_backward.cu: gradients of queries, and what is settled by rows.
#pragma once
#include "backward_pairs.cuh"

// Window's weights P of scores s [64 queries, 64 keys]; keys start `apart` tokens before the queries.
template <bool MASKED>
DEVICE void weights_of_queries(float (*s)[4], float factor, float top0, float top1, int apart, int window) {
#pragma unroll
    for (int n = 0; n < CHUNK / 8; n++) {
        const int j = apart + own_row() - n * 8 - (lane() & 3) * 2; // before the thread's first row
#pragma unroll
        for (int i = 0; i < 4; i++) {
            float x = exp2_fast(fmaf(s[n][i], factor, i >> 1 ? -top1 : -top0));
            s[n][i] = !MASKED || (u32)(j - (i & 1) + (i >> 1) * 8) < (u32)window ? x : 0;
        }
    }
}

// Grid (N, H, B).
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) lizard_backward_queries(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    float* vectors = (float*)(memory + W_VECTORS);
    const int c = blockIdx.x, h = blockIdx.y, b = blockIdx.z;
    const int group = p.heads / p.keyHeads, g = h / group, bh = b * p.heads + h, T = p.tokens;
    const int r0 = c * CHUNK, k0 = r0 - p.delay, first = p.delay / CHUNK;
    const bool far = c >= first, old = c > first;
    const i64 chunk = (i64)bh * p.chunks + c;
    const bf16* v = p.v + b * p.sv.batch + g * p.sv.head;
    const bf16* turnedK = p.turnedK + (i64)(b * p.keyHeads + g) * T * D;

    copy_tile<CHUNK, D>(base + W_OWN, p.dy + b * p.sdy.batch + h * p.sdy.head, p.sdy.token, r0, T);
    const int t0 = r0 + own_row(), t1 = t0 + 8;
    const i64 row = (i64)bh * T;
    const float inverse0 = t0 < T ? p.inverse[row + t0] : 0, inverse1 = t1 < T ? p.inverse[row + t1] : 0;
    const float delta0 = t0 < T ? p.delta[row + t0] : 0, delta1 = t1 < T ? p.delta[row + t1] : 0;
    float near0 = 0, near1 = 0;   // c_i: what the maximum takes back; first from what is far
    float share0 = 0, share1 = 0; // of what is far in the row's mass
    float* const kept = vectors + 128; // by row: its gradient of gates, the share of the mass that belongs to it; weights
    bf16* scores = p.scoreQ + row * HALF_F;

    if (far) {
        copy_tile<CHUNK, D>(base + W_PHIQ, p.q + b * p.sq.batch + h * p.sq.head, p.sq.token, r0, T);
        copy_tile<CHUNK, D>(base + W_PHIK, p.k + b * p.sk.batch + g * p.sk.head, p.sk.token, k0, T);
        copy_map(base + W_STATE, p.queryMap, h);
        copy_map(base + W_STATE + MAP_BYTES, p.keyMap, h);
        commit();
        copy_tile<CHUNK, D>(base + W_OTHER, v, p.sv.token, k0, T);
        commit();
        if (warp() == 0) chunk_decay(vectors, p, b, p.gate + row, c);
        wait<1>();
        publish();
        {
            float zq[HALF_F / 8][4], zk[HALF_F / 8][4];
            begin<HALF_F, D, CHUNK, false, D, true>(zq, base + W_PHIQ, base + W_STATE, false);
            begin<HALF_F, D, CHUNK, false, D, true>(zk, base + W_PHIK, base + W_STATE + MAP_BYTES, false);
            end<HALF_F, 1>(zq), end<HALF_F>(zk);
            __syncthreads();
            if (old) copy_state(base, p.states + chunk * FEATURES * D, p.mass + chunk * FEATURES);
            commit();
            write_features(base + W_PHIQ, zq, 1, 1);
            int j = k0 + own_row();
            write_features(base + W_PHIK, zk, lasts(p, b, j), lasts(p, b, j + 8));
        }
        wait<1>();
        publish();
        const float sum0 = vectors[own_row()], sum1 = vectors[own_row() + 8];
        u32 slope[CHUNK / 16][4];
        float rows0 = 0, rows1 = 0; // pairs within the chunk
        float before0 = 0, before1 = 0; // their share of the mass
        {
            float da[CHUNK / 8][4], a[CHUNK / 8][4];
            begin<CHUNK, D, CHUNK, false, CHUNK, false>(da, base + W_OWN, base + W_OTHER, false);
            begin<CHUNK, FEATURES, CHUNK, false, CHUNK, false>(a, base + W_PHIQ, base + W_PHIK, false);
            end<CHUNK, 1>(da), end<CHUNK>(a);
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
                const float2 g = *(const float2*)(vectors + n * 8 + (lane() & 3) * 2);
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int j = n * 8 + (lane() & 3) * 2 + (i & 1), r = own_row() + (i >> 1) * 8;
                    float x = exp2_fast((i >> 1 ? sum1 : sum0) - (i & 1 ? g.y : g.x));
                    x = j <= r ? x : 0;
                    float mass = x * a[n][i];
                    (i >> 1 ? share1 : share0) += mass;
                    (i >> 1 ? before1 : before0) += j < r ? mass : 0;
                    x *= (da[n][i] - (i >> 1 ? delta1 : delta0)) * (i >> 1 ? inverse1 : inverse0);
                    da[n][i] = x;
                    float pair = x * a[n][i];
                    (i >> 1 ? near1 : near0) -= pair;
                    (i >> 1 ? rows1 : rows0) += j < r ? pair : 0;
                }
            }
            as_operand<CHUNK>(slope, da);
        }
        near0 = quad_sum(near0), near1 = quad_sum(near1);
        share0 = quad_sum(share0) * inverse0, share1 = quad_sum(share1) * inverse1;
        rows0 = quad_sum(rows0), rows1 = quad_sum(rows1);
        before0 = quad_sum(before0) * inverse0, before1 = quad_sum(before1) * inverse1;
        float dphi[FEATURES / 8][4];
        if (old) {
            wait<0>();
            publish();
            product<FEATURES, D, CHUNK, false, FEATURES, false>(dphi, base + W_OWN, base + W_STATE, false);
            const float* z = (const float*)(memory + W_MASS) + (lane() & 3) * 2;
            float f0 = exp2_fast(sum0) * inverse0, f1 = exp2_fast(sum1) * inverse1, m0 = 0, m1 = 0;
#pragma unroll
            for (int n = 0; n < FEATURES / 8; n++) {
                float2 m = *(const float2*)(z + n * 8);
                u32 at = pair_address(base + W_PHIQ, n);
                u32 top = load(at), bottom = load(at + 1024);
                m0 += m.x * low(top) + m.y * high(top);
                m1 += m.x * low(bottom) + m.y * high(bottom);
                dphi[n][0] = (dphi[n][0] - delta0 * m.x) * f0, dphi[n][1] = (dphi[n][1] - delta0 * m.y) * f0;
                dphi[n][2] = (dphi[n][2] - delta1 * m.x) * f1, dphi[n][3] = (dphi[n][3] - delta1 * m.y) * f1;
            }
            m0 = quad_sum(m0) * f0, m1 = quad_sum(m1) * f1;
            share0 += m0, share1 += m1, before0 += m0, before1 += m1;
            float a0, a1;
            against(dphi, base + W_PHIQ, a0, a1);
            near0 -= a0, near1 -= a1, rows0 += a0, rows1 += a1;
        }
        // Pairs from before the chunk to after it. The slope comes in two parts, while other work goes on.
        constexpr int PART = FEATURES * D / 16 / THREADS;
        const bool spans = old && c + 1 < p.chunks;
        const uint4* slopes = (const uint4*)(p.slopes + chunk * FEATURES * D) + threadIdx.x;
        uint4 part[PART];
        float across = 0;
        auto read = [&](int from) {
#pragma unroll
            for (int i = 0; i < PART; i++) {
                if (spans) part[i] = slopes[(from + i) * THREADS];
            }
        };
        auto add = [&](int from) {
#pragma unroll
            for (int i = 0; i < PART; i++) {
                uint4 s = load4(base + W_STATE + ((from + i) * THREADS + threadIdx.x) * 16), d = part[i];
                across += low(s.x) * low(d.x) + high(s.x) * high(d.x) + low(s.y) * low(d.y) + high(s.y) * high(d.y);
                across += low(s.z) * low(d.z) + high(s.z) * high(d.z) + low(s.w) * low(d.w) + high(s.w) * high(d.w);
            }
        };
        read(0);
        begin<FEATURES, CHUNK, CHUNK, true>(dphi, slope, base + W_PHIK, old);
        if (spans) add(0);
        read(PART);
        end<FEATURES>(dphi);
        features_slope(dphi, base + W_PHIQ);
        write_rows<HALF_F>(scores, HALF_F, dphi, r0, T);
        if ((lane() & 3) == 0) {
            kept[own_row()] = rows0, kept[own_row() + 8] = rows1;
            kept[64 + own_row()] = before0, kept[64 + own_row() + 8] = before1;
        }
        if (spans) add(PART);
        across = block_sum(across, vectors + 64);
        if (threadIdx.x == 0) p.across[chunk] = across, p.decay[chunk] = exp2_fast(vectors[63]);
    }

    // The window.
    const float share = p.share[h];
    const float top0 = t0 < T ? p.top[row + t0] : 1e30f, top1 = t1 < T ? p.top[row + t1] : 1e30f;
    const int best0 = t0 < T ? p.best[row + t0] : -2, best1 = t1 < T ? p.best[row + t1] : -2;
    const int low0 = r0 - p.window + 1, kc0 = low0 < 0 ? 0 : low0 / CHUNK;
    const float scale = rsqrtf((float)D);
    __syncthreads();
    copy_tile<CHUNK, D>(base + W_TURNED, p.turnedQ + row * D, D, r0, T);
    auto fetch = [&](int kc) {
        u32 stage = base + W_STAGES + (kc & 1) * 2 * X_BYTES;
        copy_tile<CHUNK, D>(stage, turnedK, D, kc * CHUNK, T);
        copy_tile<CHUNK, D>(stage + X_BYTES, v, p.sv.token, kc * CHUNK, T);
    };
    fetch(kc0);
    commit();
    float dq[D / 8][4], taken0 = 0, taken1 = 0; // row sums of e P dP
    for (int kc = kc0; kc <= c; kc++) {
        u32 stage = base + W_STAGES + (kc & 1) * 2 * X_BYTES;
        if (kc < c) fetch(kc + 1);
        else if (far) copy_map(base + W_STAGES + ((kc + 1) & 1) * 2 * X_BYTES, p.queryMap, h);
        commit();
        wait<1>();
        publish();
        float s[CHUNK / 8][4], dp[CHUNK / 8][4];
        begin<CHUNK, D, CHUNK, false, CHUNK, false>(s, base + W_TURNED, stage, false);
        begin<CHUNK, D, CHUNK, false, CHUNK, false>(dp, base + W_OWN, stage + X_BYTES, false);
        end<CHUNK, 1>(s);
        const float factor = scale * LOG2E, m0 = top0 * LOG2E, m1 = top1 * LOG2E;
        const int apart = (c - kc) * CHUNK;
        if (kc < c && apart + CHUNK <= p.window) weights_of_queries<false>(s, factor, m0, m1, apart, p.window);
        else weights_of_queries<true>(s, factor, m0, m1, apart, p.window);
#if DOCUMENTS
        const int* documents = p.documents + (i64)b * T;
        const int own0 = t0 < T ? documents[t0] : 0, own1 = t1 < T ? documents[t1] : 0;
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int j = kc * CHUNK + n * 8 + (lane() & 3) * 2 + (i & 1);
                if (j < T && documents[j] != (i >> 1 ? own1 : own0)) s[n][i] = 0;
            }
        }
#endif
        end<CHUNK>(dp);
        const float f0 = share * inverse0 * scale, f1 = share * inverse1 * scale;
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                s[n][i] *= (dp[n][i] - (i >> 1 ? delta1 : delta0)) * (i >> 1 ? f1 : f0);
                (i >> 1 ? taken1 : taken0) += s[n][i];
            }
        }
        u32 ds[CHUNK / 16][4];
        as_operand<CHUNK>(ds, s);
        product<D, CHUNK, CHUNK, true>(dq, ds, stage, kc > kc0);
        __syncthreads();
    }
    u32 dz[HALF_F / 16][4];
    if (far) read_rows(dz, scores, r0, T);
    if (old) copy_tile<CHUNK, D>(base + W_TURNED, p.q + b * p.sq.batch + h * p.sq.head, p.sq.token, r0, T);
    commit();
    // What the maximum takes back, at the key that holds it.
    u32 held[2][D / 8];
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const u32* key = (const u32*)(turnedK + (i64)max(r ? best1 : best0, 0) * D) + (lane() & 3);
#pragma unroll
        for (int n = 0; n < D / 8; n++) held[r][n] = key[n * 4];
    }
    float sink0 = 0, sink1 = 0; // e P of the sink, less than zero
    if (p.sink) sink0 = -share * inverse0 * exp_fast(p.sink[h] - top0), sink1 = -share * inverse1 * exp_fast(p.sink[h] - top1);
    const float back = rsqrtf((float)D) * D; // 1 / scale
    taken0 = quad_sum(taken0) * back + sink0 * delta0, taken1 = quad_sum(taken1) * back + sink1 * delta1;
    const float error0 = taken0 - near0, error1 = taken1 - near1; // of delta: a row's exact sum is 0
    near0 += share0 * error0, near1 += share1 * error1;
    if ((lane() & 3) == 0) {
        float4* to = (float4*)p.settled + row;
        if (t0 < T) to[t0] = make_float4(top0 * LOG2E, inverse0 * share, delta0 + error0, near0);
        if (t1 < T) to[t1] = make_float4(top1 * LOG2E, inverse1 * share, delta1 + error1, near1);
        if (far) {
            const int r = own_row();
            if (t0 < T) p.rows[row + t0] = kept[r] - error0 * kept[64 + r];
            if (t1 < T) p.rows[row + t1] = kept[r + 8] - error1 * kept[64 + r + 8];
            kept[r] = error0 * inverse0 * exp2_fast(vectors[r]), kept[r + 8] = error1 * inverse1 * exp2_fast(vectors[r + 8]);
        }
    }
    sink0 *= delta0 + error0, sink1 *= delta1 + error1;
#pragma unroll
    for (int r = 0; r < 2; r++) {
        // dq above knew delta with its error: it is put right at this key, of weight exp(0)
        float x = (r ? near1 + error1 * share * inverse1 : near0 + error0 * share * inverse0) * scale;
        if ((r ? best1 : best0) >= 0) {
#pragma unroll
            for (int n = 0; n < D / 8; n++) dq[n][2 * r] -= x * low(held[r][n]), dq[n][2 * r + 1] -= x * high(held[r][n]);
        }
    }
    turn_back(dq, p, r0);
    const u32 map = base + W_STAGES + ((c + 1) & 1) * 2 * X_BYTES;
    if (far) {
        wait<0>();
        publish();
        product<D, HALF_F, D, false>(dq, dz, map, true);
    }
    write_rows<D>(p.dq + (i64)b * T * slope_row(p, p.heads) + h * D, slope_row(p, p.heads), dq, r0, T);
    if (old) { // features once more, now that the errors are known
        float z[HALF_F / 8][4];
        begin<HALF_F, D, CHUNK, false, D, true>(z, base + W_TURNED, map, false);
        end<HALF_F>(z);
        __syncthreads();
        write_features(base, z, 1, 1);
        __syncthreads();
        for (int f = threadIdx.x; f < FEATURES; f += THREADS) {
            float sum = 0;
            for (int r = 0; r < CHUNK; r++) {
                u32 x = load(piece<CHUNK>(base, r, f / 8) + f % 8 / 2 * 4);
                sum += kept[r] * (f & 1 ? high(x) : low(x));
            }
            p.massError[chunk * FEATURES + f] = sum;
        }
    }

    // Partial sums for the sink and the share of the window.
    float sink = (lane() & 3) == 0 ? sink0 + sink1 - (best0 == -1 ? near0 : 0) - (best1 == -1 ? near1 : 0) : 0;
    float all = (lane() & 3) == 0 ? near0 + near1 : 0;
    sink = block_sum(sink, vectors + 64);
    all = block_sum(all, vectors + 68);
    if (threadIdx.x == 0) {
        i64 at = ((i64)h * p.batch + b) * p.chunks + c;
        p.partSink[at] = sink, p.partShare[at] = all / share;
    }
}
