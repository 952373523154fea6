// What the backward kernels share: the problem, feature maps and their slopes, decays, rotation, rows of tiles.
#pragma once
#include "tiles.cuh"

#ifndef D
#define D 64 // d: head width, 64 or 128
#endif
#ifndef HALF_F
#define HALF_F 64 // f/2: columns of a feature map: 32, 64, 96 or 128
#endif
#ifndef DOCUMENTS
#define DOCUMENTS 0 // 1: a token sees only those of its document
#endif
#ifndef MAP_FLOAT
#define MAP_FLOAT 0 // 1: feature maps are float32, else bfloat16
#endif

constexpr int FEATURES = 2 * HALF_F;
constexpr int DP = (D + 63) / 64;        // panels of a tile with d columns
constexpr int FP = (FEATURES + 63) / 64; // with f columns
constexpr int HP = (HALF_F + 63) / 64;   // with f/2 columns
constexpr int X_BYTES = DP * CHUNK * 128;
constexpr int PHI_BYTES = FP * CHUNK * 128;
constexpr int MAP_BYTES = HP * D * 128;
constexpr int STATE_BYTES = DP * FEATURES * 128;
constexpr int BLOCKS = HALF_F > 64 ? 1 : D == 64 ? 3 : 2; // of a multiprocessor: bounds registers
constexpr bool ROOMY = BLOCKS <= 2; // registers for three products at once, or for reading ahead
constexpr float SMALLEST = 1e-12f;
constexpr float FLOOR = -30; // lowest log-gate that is told from 0; below it gradients are 0
constexpr float CUT = -128; // log-gate that leaves nothing: exp of it is 0 in float32
constexpr float CLAMPED = 1.005e-12f; // bf16 of the smallest feature is below this
__host__ __device__ constexpr int larger(int a, int b) { return a > b ? a : b; }

struct Strides {
    i64 batch, token, head;
};

struct Problem {
    const bf16 *q, *k, *v, *y, *dy;
    const float *cosine, *sine, *gate, *sink, *share, *top, *inverse;
    const int *best, *documents;                               // [B, H, T], [B, T] or null
    const void *queryMap, *keyMap;
    bf16 *dq, *dk, *dv;                                        // [B, T, heads, d], rows of tokens as `beside` says
    float *dgate, *dsink, *dshare, *dqueryMap, *dkeyMap;       // [B, H, T], [H], [H], [H, d, f/2] twice
    bf16 *turnedQ, *turnedK, *states, *slopes;                 // [B, H, T, d], [B, G, T, d], images [B, H, N, f, d] twice
    float *mass, *massSlope;                                   // [B, H, N, f] twice
    float *delta, *settled, *rows, *across;                    // [B, H, T], [B, H, T, 4], [B, H, T], [B, H, N]
    float *decay, *massError;                                  // [B, H, N], [B, H, N, f]
    bf16 *scoreQ, *scoreK;                                     // dz [B, H, T, f/2] twice
    bf16 *headK, *headV;                                       // [B, T, H, d] twice, if R > 1
    float *partShare, *partSink, *partMap;                     // [H, B N] twice, [2, parts, H, d, f/2]
    float *carry;                                              // [2, B, H, stretches - 1, CARRY]
    Strides sq, sk, sv, sy, sdy;
    int batch, tokens, heads, keyHeads, window, delay, chunks, keyChunks, parts, stretches;
    int angles; // row stride of the tables
    int beside; // numbers from one token's dq to the next where dq, dk, dv share rows; 0: each is contiguous
};

// Numbers from one token to the next in dq, dk and dv of so many heads.
DEVICE i64 slope_row(const Problem& p, int heads) { return p.beside ? p.beside : (i64)heads * D; }

// ---- parts shared by the kernels ------------------------------------------------------------------------------------

// The map of one head, W [d, f/2], as a tile. Publish before use.
DEVICE void copy_map(u32 tile, const void* maps, int head) {
#if MAP_FLOAT
    const float4* from = (const float4*)((const float*)maps + (i64)head * D * HALF_F);
    for (int i = threadIdx.x; i < D * HALF_F / 8; i += THREADS) {
        float4 a = from[2 * i], b = from[2 * i + 1];
        store(piece<D>(tile, i / (HALF_F / 8), i % (HALF_F / 8)),
              make_uint4(pack(a.x, a.y), pack(a.z, a.w), pack(b.x, b.y), pack(b.z, b.w)));
    }
#else
    copy_tile<D, HALF_F>(tile, (const bf16*)maps + (i64)head * D * HALF_F, HALF_F, 0, D);
#endif
}

// Softmax of z and of -z, rows scaled, as a tile [64, f].
DEVICE void write_features(u32 tile, const float (*z)[4], float scale0, float scale1) {
#pragma unroll
    for (int sign = 0; sign < 2; sign++) {
        const float c = sign ? -LOG2E : LOG2E;
        float m0 = z[0][0], m1 = z[0][2], s0 = 0, s1 = 0;
        float p[HALF_F / 8][4];
#pragma unroll
        for (int n = 0; n < HALF_F / 8; n++) {
            m0 = sign ? fminf(m0, fminf(z[n][0], z[n][1])) : fmaxf(m0, fmaxf(z[n][0], z[n][1]));
            m1 = sign ? fminf(m1, fminf(z[n][2], z[n][3])) : fmaxf(m1, fmaxf(z[n][2], z[n][3]));
        }
        m0 = -quad_max(m0 * c), m1 = -quad_max(m1 * c);
#pragma unroll
        for (int n = 0; n < HALF_F / 8; n++) {
            p[n][0] = exp2_fast(fmaf(z[n][0], c, m0)), p[n][1] = exp2_fast(fmaf(z[n][1], c, m0));
            p[n][2] = exp2_fast(fmaf(z[n][2], c, m1)), p[n][3] = exp2_fast(fmaf(z[n][3], c, m1));
            s0 += p[n][0] + p[n][1];
            s1 += p[n][2] + p[n][3];
        }
        s0 = scale0 * inverse_fast(quad_sum(s0)), s1 = scale1 * inverse_fast(quad_sum(s1));
        const float least0 = SMALLEST * scale0, least1 = SMALLEST * scale1;
#pragma unroll
        for (int n = 0; n < HALF_F / 8; n++) {
            u32 at = pair_address(tile, sign * (HALF_F / 8) + n);
            store(at, pack(fmaxf(p[n][0] * s0, least0), fmaxf(p[n][1] * s0, least0)));
            store(at + 1024, pack(fmaxf(p[n][2] * s1, least1), fmaxf(p[n][3] * s1, least1)));
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
        if (n < HALF_F / 8) {
            plus0 += c[n][0] + c[n][1];
            plus1 += c[n][2] + c[n][3];
        } else {
            minus0 += c[n][0] + c[n][1];
            minus1 += c[n][2] + c[n][3];
        }
    }
    plus0 = quad_sum(plus0), plus1 = quad_sum(plus1), minus0 = quad_sum(minus0), minus1 = quad_sum(minus1);
#pragma unroll
    for (int n = 0; n < HALF_F / 8; n++) {
        u32 at = pair_address(phi, n), bt = pair_address(phi, n + HALF_F / 8);
        u32 a = load(at), b = load(at + 1024), e = load(bt), f = load(bt + 1024);
        c[n][0] += low(e) * minus0 - low(a) * plus0 - c[n + HALF_F / 8][0];
        c[n][1] += high(e) * minus0 - high(a) * plus0 - c[n + HALF_F / 8][1];
        c[n][2] += low(f) * minus1 - low(b) * plus1 - c[n + HALF_F / 8][2];
        c[n][3] += high(f) * minus1 - high(b) * plus1 - c[n + HALF_F / 8][3];
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
// Whether a document begins at token t.
DEVICE bool begins(const Problem& p, int batch, int t) {
#if DOCUMENTS
    const int* own = p.documents + (i64)batch * p.tokens + t;
    return t > 0 && own[0] != own[-1];
#else
    return false;
#endif
}
// Whether there is a key j that queries may see when it is out of the window.
DEVICE bool lasts(const Problem& p, int batch, int j) {
    bool valid = (u32)j < (u32)p.tokens;
#if DOCUMENTS
    const int* own = p.documents + (i64)batch * p.tokens + j;
    valid = valid && j + p.delay < p.tokens && own[0] == own[p.delay];
#endif
    return valid;
}
// Log-gate of token t as it counts; gates: those of its row.
DEVICE float gate_at(const Problem& p, int batch, const float* gates, int t) {
    return t >= p.tokens ? 0 : begins(p, batch, t) ? CUT : fmaxf(gates[t], FLOOR);
}
// Running sums of the chunk's log-gates, times log2(e).
DEVICE void chunk_decay(float* sum, const Problem& p, int batch, const float* gates, int chunk) {
    int t = chunk * CHUNK + 2 * lane();
    float a, b;
    running_sum(gate_at(p, batch, gates, t), gate_at(p, batch, gates, t + 1), a, b);
    sum[2 * lane()] = a * LOG2E, sum[2 * lane() + 1] = b * LOG2E;
}

// Turns accumulators [64, d] back by their tokens' angles, and scales them.
DEVICE void turn_back(float (*c)[4], const Problem& p, int first, float scale = 1) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = first + own_row() + 8 * r;
        t = t < 0 ? 0 : t >= p.tokens ? p.tokens - 1 : t;
        const float* cs = p.cosine + (i64)t * p.angles + (lane() & 3) * 2;
        const float* sn = p.sine + (i64)t * p.angles + (lane() & 3) * 2;
#pragma unroll
        for (int n = 0; n < D / 16; n++) {
            float2 x = *(const float2*)(cs + n * 8), y = *(const float2*)(sn + n * 8);
            x.x *= scale, x.y *= scale, y.x *= scale, y.y *= scale;
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
// What write_rows<HALF_F> wrote of the thread's own rows, as left operand.
DEVICE void read_rows(u32 (*a)[4], const bf16* from, int first, int end) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = first + own_row() + 8 * r;
        bool valid = t >= 0 && t < end;
        const u32* row = (const u32*)(from + (valid ? (i64)t * HALF_F : 0)) + (lane() & 3);
#pragma unroll
        for (int k = 0; k < HALF_F / 16; k++) {
            a[k][r] = valid ? row[8 * k] : 0;
            a[k][2 + r] = valid ? row[8 * k + 4] : 0;
        }
    }
}
