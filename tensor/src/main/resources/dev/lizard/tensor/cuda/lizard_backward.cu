// Backward of the fused Lizard layer, joint form: gradients of q, k, v, log-gates, sink, share of the window and both
// feature maps, from dy and what the forward saved: top m_i, inverse 1 / den_i, best (the key that holds the row's
// maximum, -1 the sink, either has the whole gradient of the maximum).
//
//   u_i = dy_i / den_i     delta_i = dy_i . y_i     P_ij = exp(s_ij - m_i)     phi(x) = [softmax(x W), softmax(-x W)]
//   window   ds_ij  = e P_ij (dy_i . v_j - delta_i) / den_i  - c_i [j = best_i]
//   far      da_ij  = (dy_i . v_j - delta_i) / den_i         a_ij = phi_i . phi_j exp(g_{j+w+1} + .. + g_i)
//
// c_i is the row sum of e P dP, which the maximum takes back. It is minus the far row sum of a da as well, since a row's
// shares sum to one. delta_i comes from y, which is rounded: both sums are off by that error times their share of the
// row's mass, with opposite signs. Weighted by each other's share the error cancels, and where nothing is far c_i is 0.
//
// Far pairs are those of a causal gated recurrence over keys that stand w tokens late. It is cut into chunks of C = 64
// queries; chunk c holds queries 64 c .. and keys 64 c - w .. (any w). Pairs of one chunk are products of 64 x 64; all others
// pass the state S_c [f, d + 1] before the chunk (keys, decayed to its border) or the slope D_c [f, d + 1] after it
// (queries, decayed back to its border):
//
//   1 states    a block a (batch, head, direction), the only loop over the sequence: the state stays in registers (float32),
//               its bf16 image goes to memory before every chunk. On its way it rotates q and k and forms delta.
//   2 queries   a block a chunk: dq, dz_q, row sums, c_i
//   3 keys      a block a chunk of keys: dk, dv, dz_k, gate gradients
//   4 maps      dW = x^T dz, a block a share of the chunks of a head
//   5 sums      partial dW, sink and share; dk and dv over the heads of a group
//
// No atomic operation: results do not depend on the order of blocks.
//
// Gates. dg_l is the sum of a da over pairs that span l. As a difference of row and column sums over the whole sequence it
// would drown in their rounding where gates are small, so it is summed by where a pair's ends lie: both in l's chunk (a
// difference of sums of the same float32 numbers), one in it (running sums of one sign), none: exp(G_c) <S_c, D_c>, an
// inner product of state and slope. Decays are differences of running sums within a chunk, formed before exp.
//
// Shared memory a block (d 128, f 128: 96 KB, two blocks an SM; d 64: 64 KB, three): far first: dY, V, both features, the
// state (first both maps); then the window in the same place: rotated rows of the block, two stages of two tiles. Products
// run on a warpgroup of 128 threads, 16 rows a warp; scores, weights and gradients of scores stay in registers from
// product to product, since queries stand in rows in kernel 2 and keys in kernel 3. Scores and features are recomputed in
// both.
//
// Bound. With w = 128 a chunk costs 45 products of 64 x 64 x 128 (d = f = 128), 47 MFLOP, and about 9 KB of device memory
// a token and head (S, D, six activations twice, gradients): 0.8 and 3.2 ms for 16 x 32 heads of 2048 tokens on an H100.
// Measured there: 5.8 (states 1.4, queries 1.75, keys 2.4, maps 0.3). So it is latency before memory: one warpgroup waits
// for each of its products, and only the other blocks of its multiprocessor fill the gaps. With d = 64, 16 x 9 heads over
// 3, 2048 tokens: 1.15 ms (0.24, 0.32, 0.47, 0.05, sums 0.07). With mma.sync in place of wgmma: 7.0 and 1.27 ms. Kernel 1
// alone depends on the number of heads: 4 x 9 heads of 8192 tokens take 0.69 ms in it.
//
// Ties. The maximum of a row is a key. Where two scores differ by less than rotated rows lose in bf16, arithmetic of higher
// precision may choose the other one: 0.2 to 0.6 % of random rows do, and the whole c_i of such a row moves with it.
//
// Launch: 128 threads a block, one argument: Problem by value; dynamic shared memory of kernels 1 to 4 in
// lizard_backward_sizes (then the size of Problem). Grids: states (2, H, B), queries (chunks, H, B), keys (keyChunks, H, B),
// maps (parts, H, 2), sums (any, R > 1 ? 2 : 1) with chunks = ceil(T / 64), keyChunks = (T - 1 + w) / 64 + 1, R = H / G,
// parts: any, about two blocks an SM over H. Compile with WIDTH, HALF, MAP_FLOAT, -arch=sm_90a (wgmma) or sm_80 and later
// (mma.sync).
#include "tiles.cuh"

#ifndef WIDTH
#define WIDTH 64 // d: head width, 64 or 128
#endif
#ifndef HALF
#define HALF 64 // F: columns of a feature map: 32, 64, 96 or 128
#endif
#ifndef MAP_FLOAT
#define MAP_FLOAT 0 // 1: feature maps are float32, else bfloat16
#endif

constexpr int D = WIDTH;
constexpr int F = HALF;
constexpr int FEATURES = 2 * F;
constexpr int DP = (D + 63) / 64;        // panels of a tile with d columns
constexpr int FP = (FEATURES + 63) / 64; // with f columns
constexpr int HP = (F + 63) / 64;        // with F columns
constexpr int X_BYTES = DP * CHUNK * 128;
constexpr int PHI_BYTES = FP * CHUNK * 128;
constexpr int MAP_BYTES = HP * D * 128;
constexpr int STATE_BYTES = DP * FEATURES * 128;
constexpr int BLOCKS = F > 64 ? 1 : D == 64 ? 3 : 2; // of a multiprocessor: bounds registers
constexpr float SMALLEST = 1e-12f;
constexpr float FLOOR = -30; // lowest log-gate that is told from 0; below it gradients are 0
constexpr float CLAMPED = 1.005e-12f; // bf16 of the smallest feature is below this
__host__ __device__ constexpr int larger(int a, int b) { return a > b ? a : b; }

struct Strides {
    i64 batch, token, head;
};

struct Problem {
    const bf16 *q, *k, *v, *y, *dy;
    const float *cosine, *sine, *gate, *sink, *share, *top, *inverse;
    const int* best;
    const void *queryMap, *keyMap;
    bf16 *dq, *dk, *dv;                                        // contiguous [B, T, heads, d]
    float *dgate, *dsink, *dshare, *dqueryMap, *dkeyMap;       // [B, H, T], [H], [H], [H, d, F] twice
    bf16 *turnedQ, *turnedK, *states, *slopes;                 // [B, H, T, d], [B, G, T, d], images [B, H, N, f, d] twice
    float *mass, *massSlope;                                   // [B, H, N, f] twice
    float *delta, *near, *rows, *across;                       // [B, H, T] three times, [B, H, N]
    bf16 *scoreQ, *scoreK;                                     // dz [B, H, T, F] twice
    bf16 *headK, *headV;                                       // [B, T, H, d] twice, if R > 1
    float *partShare, *partSink, *partMap;                     // [H, B N] twice, [2, parts, H, d, F]
    Strides sq, sk, sv, sy, sdy;
    int batch, tokens, heads, keyHeads, window, delay, chunks, keyChunks, parts;
    int angles; // row stride of the tables
};

// ---- parts shared by the kernels ------------------------------------------------------------------------------------

// The map of one head, W [d, F], as a tile. Publish before use.
DEVICE void copy_map(u32 tile, const void* maps, int head) {
#if MAP_FLOAT
    const float4* from = (const float4*)((const float*)maps + (i64)head * D * F);
    for (int i = threadIdx.x; i < D * F / 8; i += THREADS) {
        float4 a = from[2 * i], b = from[2 * i + 1];
        store(piece<D>(tile, i / (F / 8), i % (F / 8)),
              make_uint4(pack(a.x, a.y), pack(a.z, a.w), pack(b.x, b.y), pack(b.z, b.w)));
    }
#else
    copy_tile<D, F>(tile, (const bf16*)maps + (i64)head * D * F, F, 0, D);
#endif
}

// Softmax of z and of -z, rows scaled, as a tile [64, f].
DEVICE void write_features(u32 tile, const float (*z)[4], float scale0, float scale1) {
#pragma unroll
    for (int sign = 0; sign < 2; sign++) {
        float c = sign ? -LOG2E : LOG2E;
        float m0 = -1e30f, m1 = -1e30f, s0 = 0, s1 = 0;
        float p[F / 8][4];
#pragma unroll
        for (int n = 0; n < F / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) p[n][i] = z[n][i] * c;
            m0 = fmaxf(m0, fmaxf(p[n][0], p[n][1]));
            m1 = fmaxf(m1, fmaxf(p[n][2], p[n][3]));
        }
        m0 = quad_max(m0), m1 = quad_max(m1);
#pragma unroll
        for (int n = 0; n < F / 8; n++) {
            p[n][0] = exp2_fast(p[n][0] - m0), p[n][1] = exp2_fast(p[n][1] - m0);
            p[n][2] = exp2_fast(p[n][2] - m1), p[n][3] = exp2_fast(p[n][3] - m1);
            s0 += p[n][0] + p[n][1];
            s1 += p[n][2] + p[n][3];
        }
        s0 = __frcp_rn(quad_sum(s0)), s1 = __frcp_rn(quad_sum(s1));
#pragma unroll
        for (int n = 0; n < F / 8; n++) {
            u32 at = pair_address(tile, sign * (F / 8) + n);
            store(at, pack(fmaxf(p[n][0] * s0, SMALLEST) * scale0, fmaxf(p[n][1] * s0, SMALLEST) * scale0));
            store(at + 1024, pack(fmaxf(p[n][2] * s1, SMALLEST) * scale1, fmaxf(p[n][3] * s1, SMALLEST) * scale1));
        }
    }
}

// From the gradient of features to that of z: dz = phi+ (g+ - phi+ . g+) - phi- (g- - phi- . g-), in c's first half.
DEVICE void features_slope(float (*c)[4], u32 phi) {
    float plus0 = 0, plus1 = 0, minus0 = 0, minus1 = 0;
#pragma unroll
    for (int n = 0; n < FEATURES / 8; n++) {
        u32 at = pair_address(phi, n);
        u32 a = load(at), b = load(at + 1024);
        c[n][0] = low(a) > CLAMPED ? c[n][0] * low(a) : 0;
        c[n][1] = high(a) > CLAMPED ? c[n][1] * high(a) : 0;
        c[n][2] = low(b) > CLAMPED ? c[n][2] * low(b) : 0;
        c[n][3] = high(b) > CLAMPED ? c[n][3] * high(b) : 0;
        if (n < F / 8) {
            plus0 += c[n][0] + c[n][1];
            plus1 += c[n][2] + c[n][3];
        } else {
            minus0 += c[n][0] + c[n][1];
            minus1 += c[n][2] + c[n][3];
        }
    }
    plus0 = quad_sum(plus0), plus1 = quad_sum(plus1), minus0 = quad_sum(minus0), minus1 = quad_sum(minus1);
#pragma unroll
    for (int n = 0; n < F / 8; n++) {
        u32 at = pair_address(phi, n), bt = pair_address(phi, n + F / 8);
        u32 a = load(at), b = load(at + 1024), e = load(bt), f = load(bt + 1024);
        c[n][0] += low(e) * minus0 - low(a) * plus0 - c[n + F / 8][0];
        c[n][1] += high(e) * minus0 - high(a) * plus0 - c[n + F / 8][1];
        c[n][2] += low(f) * minus1 - low(b) * plus1 - c[n + F / 8][2];
        c[n][3] += high(f) * minus1 - high(b) * plus1 - c[n + F / 8][3];
    }
}

// Row sums of c against a tile of features.
DEVICE void against(const float (*c)[4], u32 phi, float& r0, float& r1) {
    r0 = r1 = 0;
#pragma unroll
    for (int n = 0; n < FEATURES / 8; n++) {
        u32 at = pair_address(phi, n);
        u32 a = load(at), b = load(at + 1024);
        r0 += c[n][0] * low(a) + c[n][1] * high(a);
        r1 += c[n][2] * low(b) + c[n][3] * high(b);
    }
    r0 = quad_sum(r0), r1 = quad_sum(r1);
}

// One warp: running sums of 64 log-gates of a chunk, and their total, into shared memory. a, b: gates 2 lane, 2 lane + 1.
DEVICE float running_sum(float a, float b, float& first, float& second) {
    float s = a + b, t = s;
#pragma unroll
    for (int o = 1; o < 32; o *= 2) {
        float x = __shfl_up_sync(~0u, t, o);
        if (lane() >= o) t += x;
    }
    first = t - s + a, second = t;
    return __shfl_sync(~0u, t, 31);
}
DEVICE void chunk_decay(float* sum, const float* gate, int chunk, int tokens) {
    int t = chunk * CHUNK + 2 * lane();
    float a, b;
    running_sum(t < tokens ? fmaxf(gate[t], FLOOR) : 0, t + 1 < tokens ? fmaxf(gate[t + 1], FLOOR) : 0, a, b);
    sum[2 * lane()] = a, sum[2 * lane() + 1] = b;
}

// Turns accumulators [64, d] back by their tokens' angles.
DEVICE void turn_back(float (*c)[4], const Problem& p, int first) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = first + own_row() + 8 * r;
        t = t < 0 ? 0 : t >= p.tokens ? p.tokens - 1 : t;
        const float* cs = p.cosine + (i64)t * p.angles + (lane() & 3) * 2;
        const float* sn = p.sine + (i64)t * p.angles + (lane() & 3) * 2;
#pragma unroll
        for (int n = 0; n < D / 16; n++) {
            float2 x = *(const float2*)(cs + n * 8), y = *(const float2*)(sn + n * 8);
            float a = c[n][2 * r], b = c[n + D / 16][2 * r];
            c[n][2 * r] = a * x.x + b * y.x, c[n + D / 16][2 * r] = b * x.x - a * y.x;
            a = c[n][2 * r + 1], b = c[n + D / 16][2 * r + 1];
            c[n][2 * r + 1] = a * x.y + b * y.y, c[n + D / 16][2 * r + 1] = b * x.y - a * y.y;
        }
    }
}

// Accumulators [64, N] as rows of a matrix; rows outside [0, end) are left out.
template <int N>
DEVICE void write_rows(bf16* to, i64 stride, const float (*c)[4], int first, int end) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = first + own_row() + 8 * r;
        if (t >= 0 && t < end) {
            u32* row = (u32*)(to + t * stride) + (lane() & 3);
#pragma unroll
            for (int n = 0; n < N / 8; n++) row[n * 4] = pack(c[n][2 * r], c[n][2 * r + 1]);
        }
    }
}
// What write_rows<F> wrote of the thread's own rows, as left operand.
DEVICE void read_rows(u32 (*a)[4], const bf16* from, int first, int end) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = first + own_row() + 8 * r;
        bool valid = t >= 0 && t < end;
        const u32* row = (const u32*)(from + (valid ? (i64)t * F : 0)) + (lane() & 3);
#pragma unroll
        for (int k = 0; k < F / 16; k++) {
            a[k][r] = valid ? row[8 * k] : 0;
            a[k][2 + r] = valid ? row[8 * k + 4] : 0;
        }
    }
}

// ---- 1. states ------------------------------------------------------------------------------------------------------

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
            float total = running_sum(t < T ? fmaxf(gate[t], FLOOR) : 0, t + 1 < T ? fmaxf(gate[t + 1], FLOOR) : 0, a, e);
            if (SLOPE) {
                weight[2 * lane()] = t < T ? exp_fast(a) * inverse[t] : 0;
                weight[2 * lane() + 1] = t + 1 < T ? exp_fast(e) * inverse[t + 1] : 0;
            } else {
                int j = t - shift;
                weight[2 * lane()] = j >= 0 && j < T ? exp_fast(total - a) : 0;
                weight[2 * lane() + 1] = j + 1 >= 0 && j + 1 < T ? exp_fast(total - e) : 0;
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

// ---- 2. queries and 3. keys -----------------------------------------------------------------------------------------

// Shared memory of both: what is far first, then the window in the same place.
constexpr int LARGE = larger(X_BYTES, PHI_BYTES);
constexpr int W_OWN = 0;                     // dY of the queries, or V of the keys: to the end
constexpr int W_OTHER = W_OWN + X_BYTES;     // V of the keys, or dY of the queries
constexpr int W_PHIQ = W_OTHER + X_BYTES;    // raw queries, then their features
constexpr int W_PHIK = W_PHIQ + LARGE;       // raw keys, then their features
constexpr int W_STATE = W_PHIK + LARGE;      // both maps, then the state
constexpr int W_FAR_END = W_STATE + larger(STATE_BYTES, 2 * MAP_BYTES);
constexpr int W_TURNED = W_OWN + X_BYTES;    // the block's own rotated rows
constexpr int W_STAGES = W_TURNED + X_BYTES; // two stages of two tiles; the map of the end in one of them
constexpr int W_NEAR_END = W_STAGES + larger(4 * X_BYTES, 2 * X_BYTES + MAP_BYTES);
constexpr int W_VECTORS = larger(W_FAR_END, W_NEAR_END);
constexpr int W_END = W_VECTORS + 2 * 6 * 64 * 4;

DEVICE float block_sum(float x, float* scratch) { // uses 4 floats
#pragma unroll
    for (int o = 16; o > 0; o /= 2) x += __shfl_xor_sync(~0u, x, o);
    if (lane() == 0) scratch[warp()] = x;
    __syncthreads();
    return scratch[0] + scratch[1] + scratch[2] + scratch[3];
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
    float delta0 = t0 < T ? p.delta[row + t0] : 0, delta1 = t1 < T ? p.delta[row + t1] : 0;
    float near0 = 0, near1 = 0;   // c_i: what the maximum takes back; first from what is far
    float share0 = 0, share1 = 0; // of what is far in the row's mass
    bf16* scores = p.scoreQ + row * F;

    if (far) {
        copy_tile<CHUNK, D>(base + W_PHIQ, p.q + b * p.sq.batch + h * p.sq.head, p.sq.token, r0, T);
        copy_tile<CHUNK, D>(base + W_PHIK, p.k + b * p.sk.batch + g * p.sk.head, p.sk.token, k0, T);
        copy_map(base + W_STATE, p.queryMap, h);
        copy_map(base + W_STATE + MAP_BYTES, p.keyMap, h);
        commit();
        copy_tile<CHUNK, D>(base + W_OTHER, v, p.sv.token, k0, T);
        commit();
        if (warp() == 0) chunk_decay(vectors, p.gate + row, c, T);
        wait<1>();
        publish();
        {
            float zq[F / 8][4], zk[F / 8][4];
            product<F, D, CHUNK, false, D, true>(zq, base + W_PHIQ, base + W_STATE, false);
            product<F, D, CHUNK, false, D, true>(zk, base + W_PHIK, base + W_STATE + MAP_BYTES, false);
            __syncthreads();
            if (old) copy_image<STATE_BYTES>(base + W_STATE, p.states + chunk * FEATURES * D);
            commit();
            write_features(base + W_PHIQ, zq, 1, 1);
            int j = k0 + own_row();
            write_features(base + W_PHIK, zk, j >= 0 && j < T, j + 8 >= 0 && j + 8 < T);
        }
        wait<1>();
        publish();
        const float sum0 = vectors[own_row()], sum1 = vectors[own_row() + 8];
        u32 slope[CHUNK / 16][4];
        float rows0 = 0, rows1 = 0; // pairs within the chunk
        {
            float da[CHUNK / 8][4], a[CHUNK / 8][4];
            product<CHUNK, D, CHUNK, false, CHUNK, false>(da, base + W_OWN, base + W_OTHER, false);
            product<CHUNK, FEATURES, CHUNK, false, CHUNK, false>(a, base + W_PHIQ, base + W_PHIK, false);
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int j = n * 8 + (lane() & 3) * 2 + (i & 1), r = own_row() + (i >> 1) * 8;
                    float s = i >> 1 ? sum1 : sum0;
                    float x = j <= r ? exp_fast(s - vectors[j]) : 0;
                    (i >> 1 ? share1 : share0) += x * a[n][i];
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
        float dphi[FEATURES / 8][4];
        if (old) {
            wait<0>();
            publish();
            product<FEATURES, D, CHUNK, false, FEATURES, false>(dphi, base + W_OWN, base + W_STATE, false);
            const float* z = p.mass + chunk * FEATURES + (lane() & 3) * 2;
            float f0 = exp_fast(sum0) * inverse0, f1 = exp_fast(sum1) * inverse1, m0 = 0, m1 = 0;
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
            share0 += quad_sum(m0) * f0, share1 += quad_sum(m1) * f1;
            float a0, a1;
            against(dphi, base + W_PHIQ, a0, a1);
            near0 -= a0, near1 -= a1, rows0 += a0, rows1 += a1;
        }
        product<FEATURES, CHUNK, CHUNK, true>(dphi, slope, base + W_PHIK, old);
        features_slope(dphi, base + W_PHIQ);
        write_rows<F>(scores, F, dphi, r0, T);
        if ((lane() & 3) == 0) {
            if (t0 < T) p.rows[row + t0] = rows0;
            if (t1 < T) p.rows[row + t1] = rows1;
        }
        float across = 0; // pairs from before the chunk to after it
        if (old && c + 1 < p.chunks) {
            const uint4* slopes = (const uint4*)(p.slopes + chunk * FEATURES * D);
#pragma unroll 4
            for (int i = threadIdx.x; i < FEATURES * D / 8; i += THREADS) {
                uint4 s = load4(base + W_STATE + i * 16), d = slopes[i];
                across += low(s.x) * low(d.x) + high(s.x) * high(d.x) + low(s.y) * low(d.y) + high(s.y) * high(d.y);
                across += low(s.z) * low(d.z) + high(s.z) * high(d.z) + low(s.w) * low(d.w) + high(s.w) * high(d.w);
            }
            for (int i = threadIdx.x; i < FEATURES; i += THREADS) {
                across += p.mass[chunk * FEATURES + i] * p.massSlope[chunk * FEATURES + i];
            }
            across *= exp_fast(vectors[63]);
        }
        across = block_sum(across, vectors + 64);
        if (threadIdx.x == 0) p.across[chunk] = across;
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
        product<CHUNK, D, CHUNK, false, CHUNK, false>(s, base + W_TURNED, stage, false);
        product<CHUNK, D, CHUNK, false, CHUNK, false>(dp, base + W_OWN, stage + X_BYTES, false);
        const float f0 = share * inverse0 * scale, f1 = share * inverse1 * scale;
        if (c == 0 && !far) { // few keys: here the rounding of y would matter most
            float e0 = 0, e1 = 0;
#pragma unroll
            for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    int j = n * 8 + (lane() & 3) * 2 + (i & 1), t = i >> 1 ? t1 : t0;
                    float x = exp2_fast((s[n][i] * scale - (i >> 1 ? top1 : top0)) * LOG2E) * dp[n][i];
                    (i >> 1 ? e1 : e0) += j <= t ? x : 0;
                }
            }
            delta0 = quad_sum(e0) * share * inverse0, delta1 = quad_sum(e1) * share * inverse1;
            if ((lane() & 3) == 0) {
                if (t0 < T) p.delta[row + t0] = delta0;
                if (t1 < T) p.delta[row + t1] = delta1;
            }
        }
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                int j = kc * CHUNK + n * 8 + (lane() & 3) * 2 + (i & 1), t = i >> 1 ? t1 : t0;
                float x = exp2_fast((s[n][i] * scale - (i >> 1 ? top1 : top0)) * LOG2E);
                x *= (dp[n][i] - (i >> 1 ? delta1 : delta0)) * (i >> 1 ? f1 : f0);
                s[n][i] = x = j <= t && j > t - p.window ? x : 0;
                (i >> 1 ? taken1 : taken0) += x;
            }
        }
        u32 ds[CHUNK / 16][4];
        as_operand<CHUNK>(ds, s);
        product<D, CHUNK, CHUNK, true>(dq, ds, stage, kc > kc0);
        __syncthreads();
    }
    // What the maximum takes back, at the key that holds it.
    float sinks0 = 0, sinks1 = 0; // e P dP of the sink
    if (p.sink) {
        float own = p.sink[h];
        sinks0 = -share * delta0 * inverse0 * exp_fast(own - top0);
        sinks1 = -share * delta1 * inverse1 * exp_fast(own - top1);
    }
    const float back = rsqrtf((float)D) * D; // 1 / scale
    near0 = share0 * (quad_sum(taken0) * back + sinks0) + (1 - share0) * near0;
    near1 = share1 * (quad_sum(taken1) * back + sinks1) + (1 - share1) * near1;
    if ((lane() & 3) == 0) {
        if (t0 < T) p.near[row + t0] = near0;
        if (t1 < T) p.near[row + t1] = near1;
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int best = r ? best1 : best0;
        float x = (r ? near1 : near0) * scale;
        if (far && best >= 0) {
            const u32* key = (const u32*)(turnedK + (i64)best * D) + (lane() & 3);
#pragma unroll
            for (int n = 0; n < D / 8; n++) {
                u32 y = key[n * 4];
                dq[n][2 * r] -= x * low(y), dq[n][2 * r + 1] -= x * high(y);
            }
        }
    }
    turn_back(dq, p, r0);
    if (far) {
        u32 dz[F / 16][4];
        read_rows(dz, scores, r0, T);
        wait<0>();
        publish();
        product<D, F, D, false>(dq, dz, base + W_STAGES + ((c + 1) & 1) * 2 * X_BYTES, true);
    }
    write_rows<D>(p.dq + ((i64)b * T * p.heads + h) * D, (i64)p.heads * D, dq, r0, T);

    // Partial sums for the sink and the share of the window.
    float sink = (lane() & 3) == 0 ? sinks0 + sinks1 - (best0 == -1 ? near0 : 0) - (best1 == -1 ? near1 : 0) : 0;
    float all = (lane() & 3) == 0 ? near0 + near1 : 0;
    sink = block_sum(sink, vectors + 64);
    all = block_sum(all, vectors + 68);
    if (threadIdx.x == 0) {
        i64 at = ((i64)h * p.batch + b) * p.chunks + c;
        p.partSink[at] = sink, p.partShare[at] = all / share;
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
        if (warp() == 0) chunk_decay(sum, p.gate + row, c, T);
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
            write_features(base + W_PHIK, zk, j0 >= 0 && j0 < T, j1 >= 0 && j1 < T);
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
            if (t < T) p.dgate[row + t] = p.gate[row + t] < FLOOR ? 0 : across + later + a - column[64 + l];
            if (t + 1 < T) p.dgate[row + t + 1] = p.gate[row + t + 1] < FLOOR ? 0 : across + (later - x) + a;
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
            vec[128 + threadIdx.x] = valid ? p.delta[row + t] : 0;
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
                bool in = j <= t && j > t - p.window;
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

// ---- 4. maps --------------------------------------------------------------------------------------------------------

constexpr int S4_STAGE = X_BYTES + HP * CHUNK * 128;
constexpr int S4_END = 2 * S4_STAGE;

// dW = x^T dz over a share of the batch's chunks. Grid (parts, H, 2): queries, keys.
extern "C" __global__ void __launch_bounds__(THREADS) lizard_backward_maps(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int part = blockIdx.x, h = blockIdx.y, keys = blockIdx.z, T = p.tokens;
    const int g = h / (p.heads / p.keyHeads);
    const int end = keys ? min(T, p.chunks * CHUNK - p.delay) : T;
    const int begin = keys ? 0 : p.delay / CHUNK * CHUNK; // earlier queries have nothing far
    const int perBatch = end > begin ? (end - begin + CHUNK - 1) / CHUNK : 0, count = perBatch * p.batch;
    float c[D / 64][F / 8][4];
#pragma unroll
    for (int m = 0; m < D / 64; m++) {
#pragma unroll
        for (int n = 0; n < F / 8; n++) c[m][n][0] = c[m][n][1] = c[m][n][2] = c[m][n][3] = 0;
    }
    auto fetch = [&](int i, int stage) {
        if (i < count) {
            int b = i / perBatch, t = begin + i % perBatch * CHUNK;
            const bf16* x = keys ? p.k + b * p.sk.batch + g * p.sk.head : p.q + b * p.sq.batch + h * p.sq.head;
            const bf16* z = (keys ? p.scoreK : p.scoreQ) + (i64)(b * p.heads + h) * T * F;
            copy_tile<CHUNK, D>(base + stage * S4_STAGE, x, keys ? p.sk.token : p.sq.token, t, end);
            copy_tile<CHUNK, F>(base + stage * S4_STAGE + X_BYTES, z, F, t, end);
        }
        commit();
    };
    fetch(part, 0);
    int stage = 0;
    for (int i = part; i < count; i += p.parts, stage ^= 1) {
        fetch(i + p.parts, stage ^ 1);
        wait<1>();
        publish();
#pragma unroll
        for (int m = 0; m < D / 64; m++) settle<F>(c[m]);
        arrive();
#pragma unroll
        for (int m = 0; m < D / 64; m++) {
            steps<F, CHUNK, CHUNK, true, CHUNK, true>(c[m], base + stage * S4_STAGE + m * (CHUNK * 128),
                                                     base + stage * S4_STAGE + X_BYTES, true);
        }
        finish();
#pragma unroll
        for (int m = 0; m < D / 64; m++) settle<F>(c[m]);
        __syncthreads();
    }
    float* to = p.partMap + (((i64)keys * p.parts + part) * p.heads + h) * D * F;
#pragma unroll
    for (int m = 0; m < D / 64; m++) {
#pragma unroll
        for (int n = 0; n < F / 8; n++) {
            float* at = to + (m * 64 + own_row()) * F + n * 8 + (lane() & 3) * 2;
            *(float2*)at = make_float2(c[m][n][0], c[m][n][1]);
            *(float2*)(at + 8 * F) = make_float2(c[m][n][2], c[m][n][3]);
        }
    }
}

// ---- 5. sums --------------------------------------------------------------------------------------------------------

// Sums over parts, in a fixed order. Grid (any, 2): maps with scalars, grouped keys and values.
extern "C" __global__ void __launch_bounds__(THREADS) lizard_backward_sums(const __grid_constant__ Problem p) {
    const i64 threads = (i64)gridDim.x * THREADS, self = (i64)blockIdx.x * THREADS + threadIdx.x;
    if (blockIdx.y == 0) {
        const i64 size = (i64)p.heads * D * F / 4;
        for (i64 i = self; i < 2 * size; i += threads) {
            const float4* from = (const float4*)p.partMap + (i >= size ? (i64)p.parts * size + i - size : i);
            float4 s = make_float4(0, 0, 0, 0);
            for (int n = 0; n < p.parts; n++) {
                float4 x = from[n * size];
                s.x += x.x, s.y += x.y, s.z += x.z, s.w += x.w;
            }
            ((float4*)(i >= size ? p.dkeyMap : p.dqueryMap))[i >= size ? i - size : i] = s;
        }
        const int n = p.batch * p.chunks;
        for (int h = blockIdx.x; h < 2 * p.heads; h += gridDim.x) {
            const float* from = h < p.heads ? p.partShare + (i64)h * n : p.partSink + (i64)(h - p.heads) * n;
            __shared__ float scratch[4];
            float s = 0;
            for (int i = threadIdx.x; i < n; i += THREADS) s += from[i];
            s = block_sum(s, scratch);
            float* to = h < p.heads ? p.dshare + h : p.dsink ? p.dsink + h - p.heads : nullptr;
            if (to && threadIdx.x == 0) *to = s;
            __syncthreads();
        }
    } else {
        const int group = p.heads / p.keyHeads;
        const i64 size = (i64)p.batch * p.tokens * p.keyHeads * D / 8;
        for (i64 i = self; i < 2 * size; i += threads) {
            bool keys = i < size;
            i64 at = keys ? i : i - size;
            const uint4* from = (const uint4*)(keys ? p.headK : p.headV) + at / (D / 8) * group * (D / 8) + at % (D / 8);
            float s[8] = {};
            for (int r = 0; r < group; r++) {
                uint4 x = from[r * (D / 8)];
                s[0] += low(x.x), s[1] += high(x.x), s[2] += low(x.y), s[3] += high(x.y);
                s[4] += low(x.z), s[5] += high(x.z), s[6] += low(x.w), s[7] += high(x.w);
            }
            ((uint4*)(keys ? p.dk : p.dv))[at] =
                make_uint4(pack(s[0], s[1]), pack(s[2], s[3]), pack(s[4], s[5]), pack(s[6], s[7]));
        }
    }
}

// Dynamic shared memory of kernels 1 to 4, and the size of a problem, read by the host.
extern "C" __constant__ int lizard_backward_sizes[6] = {S1_END, W_END, W_END, S4_END, (int)sizeof(Problem), 0};
