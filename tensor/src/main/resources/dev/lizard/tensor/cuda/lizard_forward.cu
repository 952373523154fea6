// The Lizard mixer, whole sequence, forward, in one pass: gated linear attention for what is far, a softmax window with
// a sink for what is near, joined.
//
// Formulas (docs/format.md): for head h with key head h / GROUP, time i, w = WINDOW,
//   window  s_ij = rot(q_i).rot(k_j) / sqrt(d) for i - w < j <= i,  m_i = max(max_j s_ij, sink)
//           Nw_i = sum_j exp(s_ij - m_i) v_j,  Dw_i = sum_j exp(s_ij - m_i) + exp(sink - m_i)
//   far     a_ij = phi_q(q_i).phi_k(k_j) exp(sum_{l = j + LAG + 1 .. i} g_l) for j <= i - LAG,  g = max(log gamma, -30)
//           Nl_i = sum_j a_ij v_j,  Dl_i = sum_j a_ij
//   JOINT (MODE 0), LAG = w:  y = (Nl + e Nw) / (Dl + e Dw)        share = e
//   SUM   (MODE 1), LAG = 0:  y = b Nl / Dl + (1 - b) Nw / Dw      share = b
//   WINDOW(MODE 2):           y = Nw / Dw
//
// Work. A block takes one (batch, head), or one stretch of it, and walks over chunks of 64 queries. It holds the matrix
// S = sum of decayed phi_k(k)^T v, transposed, in the accumulators of its warps: warp n owns the columns 16 n .. of d.
// There are d / 16 warps: 4 for d = 64 (two blocks a multiprocessor), 8 for d = 128 (one). A chunk:
//
//   0  rows    rotate the chunk's q and k in place; phi of its q and of the 64 keys that get written in this chunk
//              (with LAG = w those that leave the window, fetched once more, unrotated)
//   1  rows    scores of 16 queries against the w + 16 keys of their band, only the first and the last 16 masked, and
//              against the written keys up to their own; row maximum, both masses, hence the factor of every term
//              *before* any value is touched: no accumulator is ever rescaled. With LAG = w one 16 x 16 block has
//              window terms above its diagonal and far terms below: they share one matrix P.
//      columns O = phi_q S, S as B fragments straight from the accumulators
//   2  columns O = factor O + P V;  S = decay S + (weights V)^T phi_k, with the same fragments of V;  y
//
// "rows": a warp owns 16 queries (with 8 warps two warps share them, and exchange one maximum and two sums a row);
// "columns": a warp owns 16 of the d columns. P, phi_q, phi_k go from one to the other through shared memory.
//
// Shared memory: rings of w + 64 rotated keys and values; the written keys, then their features in their place; q and
// phi_q, then P in their place; both maps; at d = 128 the chunk's rows of cos and sin (at d = 64 they wait in registers, so
// that two blocks fit). d = 64, F = 64, w = 128: 107 KB; d = 128: 211 KB.
// The next chunk is under way while one is worked on: k and the tables by cp.async once the scores are done, into the
// ring's oldest rows, v at the chunk's end, q and the written keys in registers, since their places are taken.
//
// Decay: G = running sum of log2 gates within the chunk; every exponent is a difference G_i - G_j <= 0, formed first.
// Before the diagonal it is cut in two such differences at the last of each 16 keys, which saves most exponentials.
//
// Recomputed: nothing, but the written keys are read twice (raw, from L2 as a rule), and their rotation is not undone.
//
// Registers: all 255 are used (64 hold S), which allows 8 warps a multiprocessor in either size.
//
// Bound: at d = 128, w = 128, F = 64 about 186 kFLOP a query and head: 0.4 ms for 2^20 of them at the rate of mma.sync on
// an H100, about what device memory needs for q, k, v and y. Neither is reached: with two warps a scheduler, latency and
// instructions beside the products (softmax, features, addresses: 3/4 of all) set the time.
//
// Long sequences with few heads: SEGMENTS. `lizard_states` walks over stretches of `length` tokens at once and leaves
// for each what it writes into an empty S; `lizard_forward` then starts each stretch from the decayed sum of those before.
//
// Defines: D (64, 128), HALF = F (32, 64; 128 with D 64), WINDOW (multiple of 16, 64..128), MODE, IO_FLOAT (q, k, v, y
// float32 instead of bfloat16), MAP_FLOAT (the maps float32), SAVE (write maximum, inverse, argmax), DOCUMENTS.
//
// Launch: grid (B * H * segments), block 2 D threads, dynamic shared memory lizard_shared_bytes (a constant in the
// module). lizard_states: the same with segments - 1 stretches a head.
#include "common.cuh"

#ifndef MODE
#define MODE 0
#endif
#define JOINT 0
#define SUM 1
#define NEAR 2

#ifdef IO_FLOAT
typedef float Io;
#else
typedef u16 Io;
#endif
#ifdef MAP_FLOAT
typedef float Map;
#else
typedef u16 Map;
#endif

using namespace lz;

constexpr int C = 64;                       // queries of a chunk
constexpr int FEATURES = 2 * HALF;          // f
constexpr int WARPS = D / 16;
constexpr int THREADS = 32 * WARPS;
constexpr int PAIR = WARPS / 4;             // warps that share 16 queries
constexpr int RING = WINDOW + C;            // rows of the rings
constexpr int LAG = MODE == JOINT ? WINDOW : 0;
constexpr int BAND = (WINDOW + 16) / 8;     // blocks of 8 keys in the band of 16 queries
constexpr int STEPS = RING / 16;            // of 16 columns of P
constexpr int NF = FEATURES / 8;
constexpr bool FAR = MODE != NEAR;
constexpr int WRITTEN = LAG == 0 ? WINDOW : 0; // column of P at which the written keys stand
constexpr int SHARE = NF / 2 > WARPS ? NF / 2 / WARPS : 1; // pairs of blocks of features whose part of z a warp sums

static_assert(D == 64 || D == 128, "head width");
static_assert(HALF % 16 == 0, "features");
static_assert(WINDOW % 16 == 0 && WINDOW >= 64, "window");

constexpr int panels(int columns) {
    return (columns + 63) / 64;
}

constexpr int CARRY = THREADS * 4 * NF + FEATURES + 4; // floats that a stretch leaves: S, z, decay

constexpr int larger(int a, int b) {
    return a > b ? a : b;
}

// Byte offsets.
constexpr int KEYS = 0;
constexpr int VALUES = KEYS + panels(D) * RING * 128;
constexpr int PHI_K = VALUES + panels(D) * RING * 128;             // first the written keys, raw
constexpr int QUERIES = PHI_K + panels(larger(FEATURES, D)) * C * 128;
constexpr int PHI_Q = QUERIES + panels(D) * C * 128;
constexpr int WEIGHTS = QUERIES;                                   // P, over q and phi_q
constexpr int MAP_Q = QUERIES + larger(panels(D) + panels(FEATURES), panels(RING)) * C * 128;
constexpr int MAP_K = MAP_Q + panels(HALF) * D * 128;
constexpr bool TABLES = D == 128;                                 // cos and sin by shared memory, else by registers
constexpr int COSINES = MAP_K + panels(HALF) * D * 128;
constexpr int SINES = COSINES + (TABLES ? C * 2 * D : 0);
constexpr int SMALL = SINES + (TABLES ? C * 2 * D : 0);
constexpr int SHARED = SMALL + (int)sizeof(float) * (FEATURES + 11 * C + 4);

extern "C" __device__ const int lizard_shared_bytes = SHARED;
extern "C" __device__ const int lizard_threads = THREADS;
extern "C" __device__ const int lizard_carry_floats = CARRY;

/** Small arrays in shared memory. */
struct Small {
    float z[FEATURES];              // sum of decayed phi_k
    float decay[C];                 // G
    float write[C];                 // weight of a written key at the chunk's end
    float ages[C];                  // decay from a written key to the last of its 16
    float mass[C];                  // phi_q . z
    float factor[C];                // of a query's row of phi_q S
    float top[2][C];                // exchange between the two warps of 16 queries
    float sum[2][C];
    float far[2][C];
    float total[4];                 // G at the chunk's end
};

/** Element strides of batch, token and head; the last axis is contiguous. */
struct Strides {
    long long batch, token, head;
};

/** What belongs to this block's (batch, head). Token 0 is the first query; keys -past .. are before it. */
struct Source {
    const Io* q;
    const Io* k;
    const Io* v;
    const float* gate;     // [T]
    const int* document;   // [T] or null
    int qt, kt, vt;        // token strides
    int tokens, past;
};

/** Part of a tile of 64 rows that a thread copies: one piece of every 16th row, COPIES in all. */
constexpr int COPIES = 4;
static_assert(THREADS == 2 * D, "a pass of copies is 16 rows");

__device__ __forceinline__ int ownRow() {
    return threadIdx.x / (D / 8);
}

__device__ __forceinline__ int ownPiece() {
    return threadIdx.x % (D / 8);
}

__device__ __forceinline__ bool within(int row, int lowest, int end) {
    return (u32)(row - lowest) < (u32)(end - lowest);
}

/** Rows from .. from + 63 of k or v into a ring at row `to`, a multiple of 16. */
__device__ __forceinline__ void stageRows(u32 ring, int to, const Io* x, int stride, const Source& in, int from) {
    const Io* own = x + (long long)(from + ownRow()) * stride + 8 * ownPiece();
    u32 place = ring + at<RING>(ownRow(), ownPiece());
#pragma unroll
    for (int n = 0; n < COPIES; n++) {
        int row = to + 16 * n;
        row -= row >= RING ? RING : 0;
        bool valid = within(from + ownRow() + 16 * n, -in.past, in.tokens);
        stage8(place + row * 128, valid ? own + (long long)(16 * n) * stride : x, valid);
    }
}

/** Rows of the tables from position `from` on. */
__device__ __forceinline__ void stageTables(
        u32 base, const float* cosines, const float* sines, int pitch, int from, int last) {
#pragma unroll
    for (int n = 0; n < COPIES; n++) {
        int row = ownRow() + 16 * n;
        long long at = (long long)min(from + row, last) * pitch + 4 * ownPiece();
        u32 to = Rotation<D>::tableAt(row, ownPiece());
        copy16(base + COSINES + to, cosines + at, true);
        copy16(base + SINES + to, sines + at, true);
    }
}

/** The w rows before `from` into the ring's first rows. */
__device__ __forceinline__ void stageWindow(u32 ring, const Io* x, int stride, const Source& in, int from) {
    for (int row = ownRow(); row < WINDOW; row += 16) {
        bool valid = within(from - WINDOW + row, -in.past, in.tokens);
        stage8(ring + at<RING>(row, ownPiece()),
               valid ? x + (long long)(from - WINDOW + row) * stride + 8 * ownPiece() : x, valid);
    }
}

/** A tile of 64 rows on its way through registers. */
struct Held {
    uint4 x[COPIES];

    __device__ __forceinline__ void read(const Io* from, int stride, int row, int lowest, int end) {
        const Io* own = from + (long long)(row + ownRow()) * stride + 8 * ownPiece();
#pragma unroll
        for (int n = 0; n < COPIES; n++) {
            bool valid = within(row + ownRow() + 16 * n, lowest, end);
            x[n] = read8(valid ? own + (long long)(16 * n) * stride : from, valid);
        }
    }

    __device__ __forceinline__ void write(u32 tile) const {
        u32 own = tile + at<C>(ownRow(), ownPiece());
#pragma unroll
        for (int n = 0; n < COPIES; n++) {
            store16(own + n * 16 * 128, x[n]);
        }
    }
};

__device__ __forceinline__ void stageMap(u32 tile, const Map* w) {
    for (int t = threadIdx.x; t < D * (HALF / 8); t += THREADS) {
        int row = t / (HALF / 8), piece = t % (HALF / 8);
        stage8(tile + at<D>(row, piece), w + row * HALF + 8 * piece, true);
    }
}

/** Features of 16 rows into a tile, rounded; their product with z, if wanted, into mass. */
template <bool withMass>
__device__ __forceinline__ void mapRows(u32 x, u32 map, u32 to, Small& small, int row, int lane) {
    float plus[HALF / 8][4], minus[HALF / 8][4];
    features<D, HALF, C>(plus, minus, x, row, map, lane);
    __syncwarp(); // the features of keys overwrite the keys
    float above = 0.f, below = 0.f;
#pragma unroll
    for (int n = 0; n < HALF / 8; n++) {
        if (n % 2 == 0) {
            storeC2<C>(to, row, n / 2, lane, pack(plus[n][0], plus[n][1]), pack(plus[n][2], plus[n][3]),
                       pack(plus[n + 1][0], plus[n + 1][1]), pack(plus[n + 1][2], plus[n + 1][3]));
            storeC2<C>(to, row, HALF / 16 + n / 2, lane, pack(minus[n][0], minus[n][1]), pack(minus[n][2], minus[n][3]),
                       pack(minus[n + 1][0], minus[n + 1][1]), pack(minus[n + 1][2], minus[n + 1][3]));
        }
        if (withMass) {
            int column = 8 * n + 2 * (lane & 3);
            float2 zp = *reinterpret_cast<const float2*>(small.z + column);
            float2 zm = *reinterpret_cast<const float2*>(small.z + HALF + column);
            above += plus[n][0] * zp.x + plus[n][1] * zp.y + minus[n][0] * zm.x + minus[n][1] * zm.y;
            below += plus[n][2] * zp.x + plus[n][3] * zp.y + minus[n][2] * zm.x + minus[n][3] * zm.y;
        }
    }
    if (withMass) {
        above = quadSum(above), below = quadSum(below);
        if ((lane & 3) == 0) {
            small.mass[row + (lane >> 2)] = above;
            small.mass[row + 8 + (lane >> 2)] = below;
        }
    }
}

/** One warp: sums the chunk's log-gates. first = time of the first query; queries from `end` on neither decay nor write. */
__device__ __forceinline__ void sumGates(Small& small, float2 gates, const Source& in, int first, int lane) {
    float a = gates.x, b = gates.x + gates.y; // lane l: tokens 2 l, 2 l + 1
#pragma unroll
    for (int n = 1; n < 32; n *= 2) {
        float before = __shfl_up_sync(0xffffffffu, b, n);
        if (lane >= n) {
            a += before, b += before;
        }
    }
    float end = __shfl_sync(0xffffffffu, b, 31);
    int j = first - LAG + 2 * lane;
    small.decay[2 * lane] = a;
    small.decay[2 * lane + 1] = b;
    bool keepA = j >= -in.past && first + 2 * lane < in.tokens;
    bool keepB = j + 1 >= -in.past && first + 2 * lane + 1 < in.tokens;
    float keep = 1.f;
#ifdef DOCUMENTS
    int last = in.document[min(first + C, in.tokens) - 1];
    keepA = keepA && in.document[max(j, 0)] == last;
    keepB = keepB && in.document[max(j + 1, 0)] == last;
    keep = first == 0 || in.document[first - 1] == last ? 1.f : 0.f;
#endif
    small.write[2 * lane] = keepA ? exp2Fast(end - a) : 0.f;
    small.write[2 * lane + 1] = keepB ? exp2Fast(end - b) : 0.f;
    float sixteenth = __shfl_sync(0xffffffffu, b, lane | 7);
    small.ages[2 * lane] = exp2Fast(sixteenth - a);
    small.ages[2 * lane + 1] = exp2Fast(sixteenth - b);
    if (lane == 0) {
        small.total[0] = keep * exp2Fast(end);
        small.total[1] = end;
    }
}

__device__ __forceinline__ float2 readGates(const Source& in, int first, int lane) {
    int t = first + 2 * lane;
    float a = t < in.tokens ? fmaxf(in.gate[t], -30.f) * LOG2E : 0.f;
    float b = t + 1 < in.tokens ? fmaxf(in.gate[t + 1], -30.f) * LOG2E : 0.f;
    return make_float2(a, b);
}

/** The matrix S of a block, transposed: this warp's 16 columns of d as rows. */
struct State {
    float s[NF][4];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int n = 0; n < NF; n++) {
            s[n][0] = s[n][1] = s[n][2] = s[n][3] = 0.f;
        }
    }

    /** Adds what `put` wrote. */
    __device__ __forceinline__ void add(const float* from) {
        const float4* x = reinterpret_cast<const float4*>(from);
#pragma unroll
        for (int n = 0; n < NF; n++) {
            float4 y = x[n * THREADS + threadIdx.x];
            s[n][0] += y.x, s[n][1] += y.y, s[n][2] += y.z, s[n][3] += y.w;
        }
    }

    /** In the order of registers: no one but add() reads it. */
    __device__ __forceinline__ void put(float* to) const {
        float4* x = reinterpret_cast<float4*>(to);
#pragma unroll
        for (int n = 0; n < NF; n++) {
            x[n * THREADS + threadIdx.x] = make_float4(s[n][0], s[n][1], s[n][2], s[n][3]);
        }
    }

    /** Place of element i of s[n] in [f][d + 1]. */
    __device__ __forceinline__ static int place(int n, int i) {
        int lane = threadIdx.x & 31;
        int feature = 8 * n + 2 * (lane & 3) + (i & 1);
        return feature * (D + 1) + 16 * (threadIdx.x >> 5) + (lane >> 2) + 8 * (i >> 1);
    }

    /** From [f][d + 1]. */
    __device__ __forceinline__ void read(const float* from) {
#pragma unroll
        for (int n = 0; n < NF; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                s[n][i] = from[place(n, i)];
            }
        }
    }

    /** To [f][d + 1]; z must be in `small`. */
    __device__ __forceinline__ void write(float* to, const Small& small) const {
#pragma unroll
        for (int n = 0; n < NF; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                to[place(n, i)] = s[n][i];
            }
        }
        for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
            to[t * (D + 1) + D] = small.z[t];
        }
    }

    __device__ __forceinline__ void decay(float by) {
#pragma unroll
        for (int n = 0; n < NF; n++) {
            s[n][0] *= by, s[n][1] *= by, s[n][2] *= by, s[n][3] *= by;
        }
    }

    /**
     * Adds V^T phi_k over 16 keys, v fragments as loadBt gives them, each key with its weight; and to z, this warp's
     * share of the features, the weights times phi_k.
     */
    __device__ __forceinline__ void learn(
            const u32 (&v)[4], u32 phi, const float* weights, float (&z)[2 * SHARE][4], int step, int warp, int lane) {
        float2 a = *reinterpret_cast<const float2*>(weights + 16 * step + 2 * (lane & 3));
        float2 b = *reinterpret_cast<const float2*>(weights + 16 * step + 8 + 2 * (lane & 3));
        u32 a0 = pack(low(v[0]) * a.x, high(v[0]) * a.y), a1 = pack(low(v[2]) * a.x, high(v[2]) * a.y);
        u32 a2 = pack(low(v[1]) * b.x, high(v[1]) * b.y), a3 = pack(low(v[3]) * b.x, high(v[3]) * b.y);
        u32 w0 = lane < 4 ? pack(a.x, a.y) : 0, w2 = lane < 4 ? pack(b.x, b.y) : 0; // one row of weights
#pragma unroll
        for (int n = 0; n < NF / 2; n++) {
            u32 x[4];
            loadBt<C>(x, phi, 16 * step, n, lane);
            mma(s[2 * n], a0, a1, a2, a3, x[0], x[1]);
            mma(s[2 * n + 1], a0, a1, a2, a3, x[2], x[3]);
        }
#pragma unroll
        for (int n = 0; n < SHARE; n++) {
            u32 x[4];
            loadBt<C>(x, phi, 16 * step, min(warp * SHARE + n, NF / 2 - 1), lane);
            mma(z[2 * n], w0, 0, w2, 0, x[0], x[1]);
            mma(z[2 * n + 1], w0, 0, w2, 0, x[2], x[3]);
        }
    }
};

/** z = decay z + what learn() summed. */
__device__ __forceinline__ void keepSums(const float (&z)[2 * SHARE][4], Small& small, int warp, int lane) {
    if (lane < 4 && warp * SHARE < NF / 2) {
#pragma unroll
        for (int n = 0; n < 2 * SHARE; n++) {
            float2* to = reinterpret_cast<float2*>(small.z + 16 * SHARE * warp + 8 * n + 2 * lane);
            float2 old = *to;
            *to = make_float2(old.x * small.total[0] + z[n][0], old.y * small.total[0] + z[n][1]);
        }
    }
}

__device__ __forceinline__ void clearSums(float (&z)[2 * SHARE][4]) {
#pragma unroll
    for (int n = 0; n < 2 * SHARE; n++) {
        z[n][0] = z[n][1] = z[n][2] = z[n][3] = 0.f;
    }
}

/** z from a state [f][d + 1], or zeros. */
__device__ __forceinline__ void startSums(Small& small, const float* from) {
    for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
        small.z[t] = from == nullptr ? 0.f : from[t * (D + 1) + D];
    }
}

/** What phase 1 needs to know. */
struct Row {
    u32 keys, queries, phiQ, phiK;
    int first;      // time of the chunk's first query
    int ring;       // ring row of column 0 of P, which is time first - WINDOW
    float sink;     // in powers of two
    float share;
    float scale;    // log2(e) / sqrt(d)
    float* maximum; // [T] of this head, or null
    float* inverse;
    int* argmax;
};

/**
 * Scores of 16 queries against the blocks FROM .. TO - 1 of their band and, if WITH_FAR, against the written keys:
 * leaves the packed weights P of both.
 */
template <int FROM, int TO, bool WITH_FAR>
struct Scores {
    static constexpr int N = TO - FROM;
    static constexpr int M = WITH_FAR ? C / 8 : 1;
    u32 near[N][2];
    u32 far[M][2];

    /** Block of the band that stands at the same columns as the u-th written block before the diagonal, or -1. */
    __device__ __forceinline__ static constexpr int twin(int u) {
        int slot = MODE == JOINT ? 1 - u : BAND - 1 - u;
        return slot >= FROM && slot < TO ? slot - FROM : -1;
    }

    __device__ __forceinline__ void compute(const Row& in, const Source& source, Small& small, int warp, int lane) {
        int rows = 16 * (warp & 3);    // first query in the chunk
        int side = warp >> 2;
        float x[N][4], a[M][4];
#pragma unroll
        for (int n = 0; n < N; n++) {
            x[n][0] = x[n][1] = x[n][2] = x[n][3] = 0.f;
        }
#pragma unroll
        for (int step = 0; step < D / 32; step++) {
            u32 p[4], q[4];
            loadA<C>(p, in.queries, rows, 2 * step, lane);
            loadA<C>(q, in.queries, rows, 2 * step + 1, lane);
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
                loadA<C>(p, in.phiQ, rows, 2 * step, lane);
                loadA<C>(q, in.phiQ, rows, 2 * step + 1, lane);
#pragma unroll
                for (int u = 0; u < M; u++) {
                    int block = rows / 8 + 1 - u;
                    if (block >= 0) {
                        u32 b[4];
                        loadB<C>(b, in.phiK, 8 * block, step, lane);
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
            float best = NONE;
#pragma unroll
            for (int n = 0; n < N; n++) {
                best = fmaxf(best, fmaxf(x[n][2 * y], x[n][2 * y + 1]));
            }
            best = quadMax(best);
            where[y] = 1 << 20; // none of this lane's
#ifdef SAVE
#pragma unroll
            for (int n = N - 1; n >= 0; n--) {
                where[y] = x[n][2 * y + 1] == best ? 8 * n + 1 : where[y];
                where[y] = x[n][2 * y] == best ? 8 * n : where[y];
            }
            where[y] += in.first - WINDOW + rows + 8 * FROM + c;
            where[y] = quadMin(where[y]);
#endif
            top[y] = best = best * in.scale;
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
            if ((lane & 3) == 0) {
#pragma unroll
                for (int y = 0; y < 2; y++) {
                    int row = rows + r + 8 * y;
                    small.top[side][row] = top[y], small.sum[side][row] = sum[y];
                    if (WITH_FAR) {
                        small.far[0][row] = lin[y];
                    }
#ifdef SAVE
                    if (side == 1) {
                        small.far[1][row] = __int_as_float(where[y]);
                    }
#endif
                }
            }
            barrier(1 + (warp & 3), 64);
        }
#pragma unroll
        for (int y = 0; y < 2; y++) {
            int row = rows + r + 8 * y;
            [[maybe_unused]] int time = in.first + row;
            float mine = top[y], other = NONE, all = sum[y];
            if (PAIR == 2) {
                other = small.top[1 - side][row];
                lin[y] = FAR ? small.far[0][row] : 0.f;
            }
            float best = fmaxf(fmaxf(mine, other), in.sink);
            float mineFactor = exp2Fast(mine - best);
            all *= mineFactor;
            if (PAIR == 2) {
                all += small.sum[1 - side][row] * exp2Fast(other - best);
            }
            all += exp2Fast(in.sink - best);
            float g = FAR ? exp2Fast(small.decay[row]) : 0.f;
#ifdef DOCUMENTS
            g = in.first == 0 || source.document[in.first - 1] == source.document[min(time, source.tokens - 1)] ? g : 0.f;
#endif
            float linear = FAR ? lin[y] + g * small.mass[row] : 0.f;
            float nearFactor, farFactor, inverse;
            if (MODE == JOINT) {
                inverse = reciprocal(linear + in.share * all);
                nearFactor = in.share * inverse, farFactor = inverse;
            } else if (MODE == SUM) {
                inverse = reciprocal(all);
                nearFactor = (1.f - in.share) * inverse, farFactor = in.share * reciprocal(linear);
            } else {
                inverse = reciprocal(all);
                nearFactor = inverse, farFactor = 0.f;
            }
            if (side == 0 && (lane & 3) == 0) {
                small.factor[row] = farFactor * g;
#ifdef SAVE
                if (time < source.tokens) {
                    int at = where[y];
                    if (PAIR == 2 && other > mine) {
                        at = __float_as_int(small.far[1][row]);
                    }
                    in.maximum[time] = best * LN2;
                    in.inverse[time] = inverse;
                    in.argmax[time] = in.sink >= best ? -1 : at + source.past;
                }
#endif
            }
            nearFactor *= mineFactor;
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
            storeC2<C>(p, rows, rows / 16 + (FROM + n) / 2, lane, near[n][0], near[n][1], near[n + 1][0], near[n + 1][1]);
        }
        if (WITH_FAR) {
#pragma unroll
            for (int u = 1; u < M; u += 2) {
                int pair = rows / 16 - u / 2;
                if (twin(u) < 0 && pair >= 0) {
                    storeC2<C>(p, rows, WRITTEN / 16 + pair, lane, far[u][0], far[u][1], far[u - 1][0], far[u - 1][1]);
                }
            }
        }
    }
};

/** O = phi_q S: 64 queries, this warp's 16 columns. */
__device__ __forceinline__ void recall(float (&o)[4][2][4], const State& state, u32 phiQ, int lane) {
#pragma unroll
    for (int step = 0; step < FEATURES / 16; step++) {
        const float(&a)[4] = state.s[2 * step];
        const float(&b)[4] = state.s[2 * step + 1];
        u32 l0 = pack(a[0], a[1]), l1 = pack(b[0], b[1]), h0 = pack(a[2], a[3]), h1 = pack(b[2], b[3]);
#pragma unroll
        for (int m = 0; m < 4; m++) {
            u32 p[4];
            loadA<C>(p, phiQ, 16 * m, step, lane);
            mma(o[m][0], p, l0, l1);
            mma(o[m][1], p, h0, h1);
        }
    }
}

/** Whether P has anything at 16 columns for 16 queries. */
__device__ __forceinline__ constexpr bool filled(int m, int step) {
    int lowest = MODE == JOINT ? 0 : m;
    return step >= lowest && step <= m + WINDOW / 16;
}

__device__ __forceinline__ void clear(float (&o)[4][2][4]) {
#pragma unroll
    for (int m = 0; m < 4; m++) {
#pragma unroll
        for (int n = 0; n < 2; n++) {
            o[m][n][0] = o[m][n][1] = o[m][n][2] = o[m][n][3] = 0.f;
        }
    }
}

/** O to y: two lanes swap halves so that four lanes write 32 consecutive bytes of a row. */
__device__ __forceinline__ void writeOut(const float (&o)[4][2][4], Io* y, long long stride, int first, int tokens, int lane) {
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
            u32 given = __shfl_xor_sync(0xffffffffu, c & 1 ? a : b, 1);
            if (time < tokens) {
                if (c & 1) {
                    write4(to + 8 + 2 * (c - 1), given, b);
                } else {
                    write4(to + 2 * c, a, given);
                }
            }
#endif
        }
    }
}

extern "C" __global__ void __launch_bounds__(THREADS, D == 64 ? 2 : 1) lizard_forward(
        const Io* q, const Io* k, const Io* v, Io* y, // [B, T, H, D], [B, P + T, G, D] twice, [B, T, H, D] by strides
        const float* cosines, const float* sines,     // [P + T, D / 2], rows `pitch` apart; row P: first query
        const float* gates,                           // log gamma [B, H, T]
        const float* sinks,                           // [H] or null
        const float* shares,                          // [H]
        const Map* mapQ, const Map* mapK,             // [H, D, HALF]
        const float* initial,                         // S before the first query [B, H, f, D + 1] or null
        float* final,                                 // S after the last [B, H, f, D + 1] or null
        float* maximum, float* inverse, int* argmax,  // [B, H, T] each, with SAVE; argmax counts rows of k
        const int* documents,                         // [B, T] with DOCUMENTS, P = 0
        const float* carry,                           // [B, H, segments - 1, lizard_carry_floats] of lizard_states
        int heads, int group, int tokens, int past, int segments, int length, int pitch,
        int qb, int qt, int qh, int kb, int kt, int kh, int vb, int vt, int vh, int yb, int yt, int yh) {
    const Strides qs = {qb, qt, qh}, ks = {kb, kt, kh}, vs = {vb, vt, vh}, ys = {yb, yt, yh};
    extern __shared__ __align__(1024) char memory[];
    Small& small = *reinterpret_cast<Small*>(memory + SMALL);
    const u32 base = sharedAddress(memory);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int segment = blockIdx.x % segments;
    const int bh = blockIdx.x / segments;
    const int batch = bh / heads, head = bh % heads;
    const int begin = segment * length, end = min(tokens, begin + length);

    Source in;
    in.q = q + batch * qs.batch + head * qs.head;
    in.k = k + batch * ks.batch + (head / group) * ks.head + past * ks.token;
    in.v = v + batch * vs.batch + (head / group) * vs.head + past * vs.token;
    in.gate = gates + (long long)bh * tokens;
    in.document = documents == nullptr ? nullptr : documents + (long long)batch * tokens;
    in.qt = qs.token, in.kt = ks.token, in.vt = vs.token;
    in.tokens = tokens, in.past = past;
    y += batch * ys.batch + head * ys.head + 16 * warp;

    Row row;
    row.keys = base + KEYS, row.queries = base + QUERIES, row.phiQ = base + PHI_Q, row.phiK = base + PHI_K;
    row.sink = sinks == nullptr ? 2 * NONE : sinks[head] * LOG2E;
    row.share = shares == nullptr ? 0.f : shares[head];
    row.scale = LOG2E * rsqrtf((float)D);
    row.maximum = maximum + (long long)bh * tokens;
    row.inverse = inverse + (long long)bh * tokens;
    row.argmax = argmax + (long long)bh * tokens;

    State state;
    state.clear();
    if (FAR) {
        stageMap(base + MAP_Q, mapQ + head * D * HALF);
        stageMap(base + MAP_K, mapK + head * D * HALF);
    }
    stageWindow(base + KEYS, in.k, in.kt, in, begin);
    stageRows(base + KEYS, WINDOW, in.k, in.kt, in, begin);
    stageWindow(base + VALUES, in.v, in.vt, in, begin);
    if (TABLES) {
        stageTables(base, cosines, sines, pitch, past + begin, past + tokens - 1);
    }
    copyCommit();
    Held heldQ, heldK;
    float2 gate = make_float2(0.f, 0.f);
    heldQ.read(in.q, in.qt, begin, 0, tokens);
    if (FAR) {
        heldK.read(in.k, in.kt, begin - LAG, -past, tokens);
        gate = readGates(in, begin, lane);
        const float* old = segment == 0 && initial != nullptr ? initial + (long long)bh * FEATURES * (D + 1) : nullptr;
        if (old != nullptr) {
            state.read(old);
        }
        startSums(small, old);
        for (int s = 0; s < segment; s++) { // older stretches decay by the younger ones
            const float* from = carry + ((long long)bh * (segments - 1) + s) * CARRY;
            float by = from[CARRY - 4];
            state.decay(by);
            state.add(from);
            for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
                small.z[t] = small.z[t] * by + from[THREADS * 4 * NF + t];
            }
        }
    }
    copyWait<0>();
    __syncthreads();
    for (int r = 16 * warp; r < WINDOW; r += 16 * WARPS) { // the window before the first query
        Rotation<D> before;
        before.load(cosines, sines, pitch, past + begin - WINDOW + r, past + tokens - 1, lane);
        before.template apply<RING>(base + KEYS, r, lane);
    }

    Rotation<D> rotation;
    if (!TABLES) {
        rotation.load(cosines, sines, pitch, past + begin + 16 * (warp & 3), past + tokens - 1, lane);
    }
    int ring = 0; // ring row of time first - WINDOW
    for (int first = begin; first < end; first += C) {
        const int fresh = ring + WINDOW >= RING ? ring + WINDOW - RING : ring + WINDOW;
        row.first = first, row.ring = ring;
        // 0: rows
        heldQ.write(base + QUERIES);
        if (FAR) {
            heldK.write(base + PHI_K);
        }
        copyWait<0>(); // the chunk's keys
        __syncthreads();
        stageRows(base + VALUES, fresh, in.v, in.vt, in, first);
        copyCommit();
        {
            const int rows = 16 * (warp & 3);
            const int fresher = fresh + rows >= RING ? fresh + rows - RING : fresh + rows;
            if (FAR) {
                if (warp == WARPS - 1) {
                    sumGates(small, gate, in, first, lane);
                }
                if (PAIR == 1 || warp < 4) {
                    mapRows<true>(base + QUERIES, base + MAP_Q, base + PHI_Q, small, rows, lane);
                }
                if (PAIR == 1 || warp >= 4) {
                    mapRows<false>(base + PHI_K, base + MAP_K, base + PHI_K, small, rows, lane);
                }
            }
            if (TABLES) {
                rotation.fetch(base + COSINES, base + SINES, rows, lane);
            }
            if (PAIR == 1 || warp < 4) {
                rotation.template apply<C>(base + QUERIES, rows, lane);
            }
            if (PAIR == 1 || warp >= 4) {
                rotation.template apply<RING>(base + KEYS, fresher, lane);
            }
        }
        __syncthreads();

        // 1: rows, then columns
        float o[4][2][4];
        if (PAIR == 1) {
            Scores<0, BAND, FAR> scores;
            scores.compute(row, in, small, warp, lane);
            clear(o);
            if (FAR) {
                recall(o, state, row.phiQ, lane);
            }
            __syncthreads();
            scores.store(base + WEIGHTS, warp, lane);
        } else {
            constexpr bool start = MODE != SUM; // the half that also does the far part
            constexpr int cut = start ? BAND / 6 * 2 : BAND - C / 8; // SUM: all twins of written blocks in one half
            if (warp < 4) {
                Scores<0, cut, FAR && start> scores;
                scores.compute(row, in, small, warp, lane);
                clear(o);
                if (FAR) {
                    recall(o, state, row.phiQ, lane);
                }
                barrier(5, THREADS);
                scores.store(base + WEIGHTS, warp, lane);
            } else {
                Scores<cut, BAND, FAR && !start> scores;
                scores.compute(row, in, small, warp, lane);
                clear(o);
                if (FAR) {
                    recall(o, state, row.phiQ, lane);
                }
                barrier(5, THREADS);
                scores.store(base + WEIGHTS, warp, lane);
            }
        }
        const bool more = first + C < end;
        if (more) { // the oldest keys are done with
            stageRows(base + KEYS, ring, in.k, in.kt, in, first + C);
            if (TABLES) {
                stageTables(base, cosines, sines, pitch, past + first + C, past + tokens - 1);
            }
        }
        copyCommit();
        if (FAR) {
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
        copyWait<1>(); // the chunk's values
        __syncthreads();

        // 2: columns
        if (more) {
            heldQ.read(in.q, in.qt, first + C, 0, tokens);
            if (FAR) {
                heldK.read(in.k, in.kt, first + C - LAG, -past, tokens);
                gate = readGates(in, first + C, lane);
            }
            if (!TABLES) {
                rotation.load(cosines, sines, pitch, past + first + C + 16 * (warp & 3), past + tokens - 1, lane);
            }
        }
        float z[2 * SHARE][4];
        if (FAR) {
            state.decay(small.total[0]);
            clearSums(z);
        }
#pragma unroll
        for (int step = 0; step < STEPS; step++) {
            int r = ring + 16 * step;
            r -= r >= RING ? RING : 0;
            u32 b[4];
            loadBt<RING>(b, base + VALUES, r, warp, lane);
#pragma unroll
            for (int m = 0; m < 4; m++) {
                if (filled(m, step)) {
                    u32 p[4];
                    loadA<C>(p, base + WEIGHTS, 16 * m, step, lane);
                    mma(o[m][0], p, b[0], b[1]);
                    mma(o[m][1], p, b[2], b[3]);
                }
            }
            if (FAR && step >= WRITTEN / 16 && step < WRITTEN / 16 + C / 16) {
                state.learn(b, row.phiK, small.write, z, step - WRITTEN / 16, warp, lane);
            }
        }
        if (FAR) {
            keepSums(z, small, warp, lane);
        }
        writeOut(o, y, ys.token, first, tokens, lane);
        __syncthreads();
        ring = ring + C >= RING ? ring + C - RING : ring + C;
    }
    if (FAR && final != nullptr && end == tokens) {
        state.write(final + (long long)bh * FEATURES * (D + 1), small);
    }
}

/** What each stretch but the last writes into an empty S, and its whole decay. Grid B * H * (segments - 1). */
extern "C" __global__ void __launch_bounds__(THREADS, D == 64 ? 2 : 1) lizard_states(
        const Io* k, const Io* v, const float* gates, const Map* mapK, const float* initial, float* carry,
        const int* documents, int heads, int group, int tokens, int past, int segments, int length,
        int kb, int kt, int kh, int vb, int vt, int vh) {
    const Strides ks = {kb, kt, kh}, vs = {vb, vt, vh};
    extern __shared__ __align__(1024) char memory[];
    Small& small = *reinterpret_cast<Small*>(memory + SMALL);
    const u32 base = sharedAddress(memory);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int segment = blockIdx.x % (segments - 1);
    const int bh = blockIdx.x / (segments - 1);
    const int batch = bh / heads, head = bh % heads;
    const int begin = segment * length, end = begin + length;
    Source in;
    in.q = nullptr;
    in.k = k + batch * ks.batch + (head / group) * ks.head + past * ks.token;
    in.v = v + batch * vs.batch + (head / group) * vs.head + past * vs.token;
    in.gate = gates + (long long)bh * tokens;
    in.document = documents == nullptr ? nullptr : documents + (long long)batch * tokens;
    in.qt = 0, in.kt = ks.token, in.vt = vs.token;
    in.tokens = tokens, in.past = past;
    State state;
    state.clear();
    float whole = 1.f;
    const float* old = segment == 0 && initial != nullptr ? initial + (long long)bh * FEATURES * (D + 1) : nullptr;
    if (old != nullptr) {
        state.read(old);
    }
    startSums(small, old);
    stageMap(base + MAP_K, mapK + head * D * HALF);
    Held held;
    held.read(in.k, in.kt, begin - LAG, -past, tokens);
    float2 gate = readGates(in, begin, lane);
    stageRows(base + VALUES, 0, in.v, in.vt, in, begin - LAG);
    copyCommit();
    int place = 0;
    for (int first = begin; first < end; first += C) {
        held.write(base + PHI_K);
        copyWait<0>();
        __syncthreads();
        if (first + C < end) {
            stageRows(base + VALUES, C - place, in.v, in.vt, in, first + C - LAG);
            copyCommit();
            held.read(in.k, in.kt, first + C - LAG, -past, tokens);
        }
        if (warp == WARPS - 1) {
            sumGates(small, gate, in, first, lane);
        }
        if (first + C < end) {
            gate = readGates(in, first + C, lane);
        }
        if (warp < 4) {
            mapRows<false>(base + PHI_K, base + MAP_K, base + PHI_K, small, 16 * warp, lane);
        }
        __syncthreads();
        state.decay(small.total[0]);
        whole *= small.total[0];
        float z[2 * SHARE][4];
        clearSums(z);
#pragma unroll
        for (int step = 0; step < C / 16; step++) {
            u32 b[4];
            loadBt<RING>(b, base + VALUES, place + 16 * step, warp, lane);
            state.learn(b, base + PHI_K, small.write, z, step, warp, lane);
        }
        keepSums(z, small, warp, lane);
        __syncthreads();
        place = C - place;
    }
    float* to = carry + ((long long)bh * (segments - 1) + segment) * CARRY;
    state.put(to);
    for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
        to[THREADS * 4 * NF + t] = small.z[t];
    }
    if (threadIdx.x == 0) {
        to[CARRY - 4] = whole;
    }
}
