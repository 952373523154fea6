// What the kernels of slots.cu share: the problem, who reads whom, tiles of keys that stand anywhere, rotation back.
#pragma once
#include "tiles.cuh"

#ifndef D
#define D 64 // d: head width, 64 or 128
#endif

constexpr int ROWS = 128; // queries of a block, two warpgroups
constexpr int WIDE = 256; // its threads
constexpr int HALF = 64;  // queries or keys of a warpgroup
constexpr int X_BYTES = D / 64 * CHUNK * 128; // a tile of 64 rows of d
constexpr int CLASSES = 16; // of lifetimes
constexpr float LEAST = -1e30f; // below every score, and finite
constexpr float SCALE = D == 64 ? .125f : .08838834764831845f; // 1 / sqrt(d)
constexpr float SCALE2 = SCALE * LOG2E;

struct Strides {
    i64 batch, token, head;
};
// A key of a list, and the time from which on it is read no more; key -1 where a tile is filled up.
struct Entry {
    int key, until;
};

struct Problem {
    const bf16 *q, *k, *v, *dy;          // [B, H or G, T, d] by strides
    const float *cosine, *sine;          // [T, d/2], rows `angles` apart
    const float *sink;                   // [H] or null
    const float *scores;                 // [B, G, T] or null
    bf16 *turnedQ, *turnedK, *oldK, *oldV; // [B, H, T, d], [B, G, T, d] three times
    bf16 *y;                             // [B, T, H, d]
    float *lse, *delta;                  // [B, H, T] twice; log2 of the normaliser
    int *until;                          // [B, G, T]
    Entry *lists;                        // [B, G, N, places]
    int *lengths;                        // [B, G, N, 2]: whole ones, all
    int *order;                          // [B, G, T + 64 CLASSES] keys by lifetime
    float *slopeK, *slopeV;              // [B, G, T, d] twice, of keys that were ever old
    bf16 *dq, *dk, *dv;                  // [B, T, H or G, d], rows of tokens as `beside` says
    float *most;                         // [B, G, T]
    Strides sq, sk, sv, sdy;
    int batch, tokens, heads, keyHeads, window, first, slots, places, angles;
    int rounded; // the first token that slots hold as whole numbers
    int beside; // numbers from one token's dq to the next where dq, dk, dv share rows; 0: each is contiguous
};

// Where the gradient of a row of so many heads lies.
DEVICE i64 slope_at(const Problem& p, int b, int t, int heads, int head) {
    return ((i64)b * p.tokens + t) * (p.beside ? p.beside : heads * D) + head * D;
}

DEVICE int tiles_of(int n, int size) { return (n + size - 1) / size; }

template <int N>
DEVICE void clear(float (*c)[4]) {
#pragma unroll
    for (int n = 0; n < N / 8; n++) c[n][0] = c[n][1] = c[n][2] = c[n][3] = 0;
}

// The times at which a key is read: `length` from `from` on.
struct Span {
    int from, length;
};
DEVICE bool reads(int t, Span s) { return (u32)(t - s.from) < (u32)s.length; }
DEVICE Span span_between(int from, int until) {
    Span s;
    s.from = from, s.length = until > from ? until - from : 0;
    return s;
}
DEVICE Span near_span(int key, int window, int tokens) {
    return span_between(key, key < 0 || key >= tokens ? key : min(key + window, tokens));
}
DEVICE Span old_span(Entry e, int window) { return span_between(e.key + window, e.key < 0 ? 0 : e.until); }

// Columns of accumulators that are a row's 64 keys or queries: this thread has 8 n + column(), and the next.
DEVICE int column() { return (lane() & 3) * 2; }

// Gradients of turned rows, two of a pair d/2 apart, to those of the rows as they were.
DEVICE void turn_back(float (*c)[4], const Problem& p, int t0, int t1) {
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int t = r ? t1 : t0;
        const float* cosine = p.cosine + (i64)t * p.angles;
        const float* sine = p.sine + (i64)t * p.angles;
#pragma unroll
        for (int n = 0; n < D / 16; n++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                int i = n * 8 + column() + e;
                float x = c[n][2 * r + e], y = c[n + D / 16][2 * r + e], u = cosine[i], w = sine[i];
                c[n][2 * r + e] = x * u + y * w;
                c[n + D / 16][2 * r + e] = y * u - x * w;
            }
        }
    }
}

// A row of accumulators, rounded.
DEVICE void store_row(bf16* to, const float (*c)[4], int r) {
    u32* row = (u32*)to + (lane() & 3);
#pragma unroll
    for (int n = 0; n < D / 8; n++) row[n * 4] = pack(c[n][2 * r], c[n][2 * r + 1]);
}

// 64 rows of a matrix in memory as a tile, by COUNT threads; rows outside [0, end) become zeros.
template <int COUNT>
DEVICE void stage(u32 tile, const bf16* from, i64 stride, int first, int end) {
    constexpr int PIECES = D / 8;
#pragma unroll
    for (int i = threadIdx.x; i < CHUNK * PIECES; i += COUNT) {
        int row = i / PIECES, p = i % PIECES, at = first + row;
        bool valid = at >= 0 && at < end;
        copy16(piece<CHUNK>(tile, row, p), from + (valid ? at * stride + p * 8 : 0), valid);
    }
}

// What the queries of a block of 128 read, 64 keys at a time: those of their window, from the diagonal back, then old ones.
struct Reading {
    const bf16 *nearK, *nearV, *oldK, *oldV;
    const Entry* list;
    i64 stride; // of nearV
    int first, tokens, window, near, all, whole;

    DEVICE Reading(const Problem& p, int b, int g, int tile) {
        const int row = b * p.keyHeads + g, part = row * tiles_of(p.tokens, ROWS) + tile;
        nearK = p.turnedK + (i64)row * p.tokens * D, oldK = p.oldK + (i64)row * p.tokens * D;
        nearV = p.v + b * p.sv.batch + g * p.sv.head, oldV = p.oldV + (i64)row * p.tokens * D;
        stride = p.sv.token, tokens = p.tokens, window = p.window, first = tile * ROWS;
        near = highest() - max(0, first - window + 1) / CHUNK + 1;
        list = p.lists + (i64)part * p.places;
        whole = p.lists ? near + p.lengths[2 * part] / CHUNK : near;
        all = near + (p.lists ? tiles_of(p.lengths[2 * part + 1], CHUNK) : 0);
    }
    DEVICE int highest() const { return (min(first + ROWS, tokens) - 1) / CHUNK; }
    // First key of a tile of the window.
    DEVICE int key(int u) const { return (highest() - u) * CHUNK; }

    // Keys of a tile whose rows this thread copies, and the one whose span it writes.
    static constexpr int PIECES = D / 8, COPIES = CHUNK * PIECES / WIDE;
    struct Ahead {
        int keys[COPIES];
        Entry own;
    };
    // Reads them from the list before they are needed.
    DEVICE void look(Ahead& to, int u) const {
        const Entry* entries = list + (u - near) * CHUNK;
        if (u >= all) return;
#pragma unroll
        for (int n = 0; n < COPIES; n++) {
            int row = (threadIdx.x + n * WIDE) / PIECES;
            to.keys[n] = u < near ? key(u) + row : entries[row].key;
        }
        if (u >= near && threadIdx.x < CHUNK) to.own = entries[threadIdx.x];
    }
    // Starts copies of tile u; its spans are there after the next barrier.
    DEVICE void load(u32 k, u32 v, Span* spans, int u, const Ahead& of) const {
        const bool old = u >= near;
#pragma unroll
        for (int n = 0; n < COPIES; n++) {
            int i = threadIdx.x + n * WIDE, row = i / PIECES, c = i % PIECES, j = of.keys[n];
            bool valid = j >= 0 && j < tokens;
            i64 at = valid ? j : 0;
            copy16(piece<CHUNK>(k, row, c), (old ? oldK : nearK) + at * D + c * 8, valid);
            copy16(piece<CHUNK>(v, row, c), (old ? oldV + at * D : nearV + at * stride) + c * 8, valid);
        }
        if (threadIdx.x < CHUNK) {
            spans[threadIdx.x] = old ? old_span(of.own, window) : near_span(key(u) + threadIdx.x, window, tokens);
        }
    }
    // Whether 64 queries from `own` on read nothing of tile u, or all of it.
    DEVICE bool nothing(int u, int own) const {
        return u < near && (key(u) > own + HALF - 1 || own - key(u) - CHUNK + 1 >= window);
    }
    DEVICE bool everything(int u, int own) const {
        return u < near ? key(u) + CHUNK - 1 <= own && own + HALF - 1 - key(u) < window : u < whole;
    }
};

// Scores that are not read to -infinity; t0: the thread's first row, the other one 8 below.
DEVICE void hide(float (*s)[4], const Span* spans, int t0) {
#pragma unroll
    for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
            Span span = spans[n * 8 + column() + e];
            s[n][e] = reads(t0, span) ? s[n][e] : -__int_as_float(0x7f800000);
            s[n][2 + e] = reads(t0 + 8, span) ? s[n][2 + e] : -__int_as_float(0x7f800000);
        }
    }
}
