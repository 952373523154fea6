// Of slots.cu: which old tokens are read, from when to when, and lists of them.
#pragma once
#include "slots_parts.cuh"

// How many of 256 threads before this one, and of all, raise a flag; uses 8 ints.
DEVICE int rank(bool flag, int* counts, int& all) {
    int x = flag;
#pragma unroll
    for (int o = 1; o < 32; o *= 2) {
        int y = __shfl_up_sync(~0u, x, o);
        x += lane() >= o ? y : 0;
    }
    __syncthreads(); // who counted before has read
    if (lane() == 31) counts[threadIdx.x >> 5] = x;
    __syncthreads();
    int before = x - flag;
    all = 0;
#pragma unroll
    for (int w = 0; w < WIDE / 32; w++) {
        before += w < threadIdx.x >> 5 ? counts[w] : 0;
        all += counts[w];
    }
    return before;
}

// until_j = w + the token by which K better ones were read, of those from m on, and j at least; T where none does. Better:
// a larger score, or the same and later. Grid (T / 128 rounded up, G, B), 128 threads.
extern "C" __global__ void __launch_bounds__(THREADS) slots_until(const __grid_constant__ Problem p) {
    __shared__ __align__(16) float row[THREADS];
    const float4* four = (const float4*)row;
    const i64 at = ((i64)blockIdx.z * p.keyHeads + blockIdx.y) * p.tokens;
    const int begin = blockIdx.x * THREADS, j = begin + threadIdx.x, last = p.tokens - p.window; // who leaves is before
    const bool races = p.scores != nullptr;
    const float own = races && j < p.tokens ? p.scores[at + j] : 0;
    int better = 0, found = -1;
    for (int from = p.first; races && from < last; from += THREADS) {
        int i = from + threadIdx.x;
        __syncthreads();
        row[threadIdx.x] = i < last ? p.scores[at + i] : -__int_as_float(0x7f800000);
        __syncthreads();
        int more = 0, n = min(THREADS, last - from);
        if (n == THREADS && from + THREADS <= begin) {
#pragma unroll 8
            for (int c = 0; c < THREADS / 4; c++) {
                float4 x = four[c];
                more += (own < x.x) + (own < x.y) + (own < x.z) + (own < x.w);
            }
        } else if (n == THREADS && from >= begin + THREADS) {
#pragma unroll 8
            for (int c = 0; c < THREADS / 4; c++) {
                float4 x = four[c];
                more += (own <= x.x) + (own <= x.y) + (own <= x.z) + (own <= x.w);
            }
        } else {
            for (int c = 0; c < n; c++) more += own < row[c] || (own == row[c] && from + c > j);
        }
        if (found < 0 && better + more >= p.slots) {
            int count = better;
            for (int c = 0; found < 0; c++) {
                count += own < row[c] || (own == row[c] && from + c > j);
                if (count >= p.slots) found = from + c;
            }
        }
        better += more;
    }
    if (j < p.tokens) {
        int end = j < p.first || j >= last ? p.tokens
                : !races ? j + p.window
                : found < 0 ? p.tokens : max(found, j) + p.window;
        p.until[at + j] = end;
    }
}

// For 128 queries the old tokens that any of them reads: first those that all do, then the others, filled up to whole
// tiles. Grid (N, G, B), 256 threads.
extern "C" __global__ void __launch_bounds__(WIDE) slots_lists(const __grid_constant__ Problem p) {
    __shared__ int counts[8];
    const int head = blockIdx.z * p.keyHeads + blockIdx.y, part = head * tiles_of(p.tokens, ROWS) + blockIdx.x;
    const int* until = p.until + (i64)head * p.tokens;
    Entry* list = p.lists + (i64)part * p.places;
    const int start = blockIdx.x * ROWS, last = min(start + ROWS, p.tokens) - 1;
    int length = 0;
    for (int turn = 0; turn < 2; turn++) {
        for (int from = 0; from <= last - p.window; from += WIDE) {
            Entry e;
            e.key = from + threadIdx.x;
            e.until = e.key <= last - p.window ? until[e.key] : 0;
            int since = max(start, e.key + p.window);
            bool whole = since == start && e.until > last;
            int all, before = rank(e.until > since && whole == (turn == 0), counts, all);
            if (e.until > since && whole == (turn == 0) && length + before < p.places) list[length + before] = e;
            length += all;
        }
        if (turn == 0 && threadIdx.x == 0) p.lengths[2 * part] = length;
    }
    if (threadIdx.x == 0) p.lengths[2 * part + 1] = length;
    for (int i = length + threadIdx.x; i < tiles_of(length, CHUNK) * CHUNK; i += WIDE) {
        Entry none;
        none.key = -1, none.until = 0;
        if (i < p.places) list[i] = none;
    }
}

// By how long it is read when old: the longest first; -1 where never.
DEVICE int lifetime(const Problem& p, const int* until, int j) {
    int life = j < p.tokens ? until[j] - j - p.window : 0;
    if (life <= 0) return -1;
    int c = 0;
    for (int x = life >> 7; x > 0; x >>= 1) c++; // below 128, 256, ...
    return CLASSES - 1 - min(c, CLASSES - 1);
}

// Keys that are ever old, class by class, each begun at a multiple of 64 and in order, so that a tile's keys are read by
// much the same queries; -1 between and behind. Grid (CLASSES, G, B), 256 threads.
extern "C" __global__ void __launch_bounds__(WIDE) slots_order(const __grid_constant__ Problem p) {
    __shared__ int counts[8];
    const int own = blockIdx.x, head = blockIdx.z * p.keyHeads + blockIdx.y;
    const int* until = p.until + (i64)head * p.tokens;
    const int room = tiles_of(p.tokens, CHUNK) * CHUNK + CHUNK * CLASSES;
    int* order = p.order + (i64)head * room;
    int counted[CLASSES];
#pragma unroll
    for (int c = 0; c < CLASSES; c++) counted[c] = 0;
    for (int j = threadIdx.x; j < p.tokens; j += WIDE) {
        int mine = lifetime(p, until, j);
#pragma unroll
        for (int c = 0; c < CLASSES; c++) counted[c] += mine == c;
    }
    __shared__ int sums[8];
    int begin = 0;
#pragma unroll
    for (int c = 0; c < CLASSES; c++) {
        int x = counted[c];
#pragma unroll
        for (int o = 16; o > 0; o /= 2) x += __shfl_xor_sync(~0u, x, o);
        __syncthreads();
        if (lane() == 0) sums[threadIdx.x >> 5] = x;
        __syncthreads();
        int all = 0;
#pragma unroll
        for (int w = 0; w < 8; w++) all += sums[w];
        begin += c < own ? tiles_of(all, CHUNK) * CHUNK : 0;
    }
    int end = begin;
    for (int from = 0; from < p.tokens; from += WIDE) {
        int j = from + threadIdx.x, all;
        bool mine = lifetime(p, until, j) == own;
        int before = rank(mine, counts, all);
        if (mine) order[end + before] = j;
        end += all;
    }
    int stop = own == CLASSES - 1 ? room : begin + tiles_of(end - begin, CHUNK) * CHUNK;
    for (int i = end + threadIdx.x; i < stop; i += WIDE) order[i] = -1;
}

// ---- rows as they are read ------------------------------------------------------------------------------------------

DEVICE float number(bf16 x) { return low(x); }
DEVICE bf16 rounded(float x) { return (bf16)pack(x, 0.f); }
DEVICE float warp_max(float x) {
#pragma unroll
    for (int o = 16; o > 0; o /= 2) x = fmaxf(x, __shfl_xor_sync(~0u, x, o));
    return x;
}
// x as one byte holds it, `scale` of its vector.
DEVICE float held(float x, float scale) { return fminf(fmaxf(rintf(x / scale), -127.f), 127.f) * scale; }

// Turns queries and keys; and, of keys and values, what is read of them when old. A warp a row; grid (B T (H + G) / 8
// rounded up), 256 threads.
extern "C" __global__ void __launch_bounds__(WIDE) slots_prepare(const __grid_constant__ Problem p) {
    const int each = p.heads + p.keyHeads;
    const i64 row = (i64)blockIdx.x * (WIDE / 32) + (threadIdx.x >> 5);
    if (row >= (i64)p.batch * p.tokens * each) return;
    const int h = row % each, t = row / each % p.tokens, b = row / each / p.tokens, g = h - p.heads;
    const bool query = h < p.heads, rounds = t >= p.rounded;
    const bf16* x = query ? p.q + b * p.sq.batch + t * p.sq.token + h * p.sq.head
                          : p.k + b * p.sk.batch + t * p.sk.token + g * p.sk.head;
    const i64 to = query ? (((i64)b * p.heads + h) * p.tokens + t) * D : (((i64)b * p.keyHeads + g) * p.tokens + t) * D;
    const float* cosine = p.cosine + (i64)t * p.angles;
    const float* sine = p.sine + (i64)t * p.angles;
    float a[D / 64], c[D / 64], top = 0;
#pragma unroll
    for (int n = 0; n < D / 64; n++) {
        int i = lane() + 32 * n;
        a[n] = number(x[i]), c[n] = number(x[i + D / 2]);
        top = fmaxf(top, fmaxf(fabsf(a[n]), fabsf(c[n])));
        (query ? p.turnedQ : p.turnedK)[to + i] = rounded(a[n] * cosine[i] - c[n] * sine[i]);
        (query ? p.turnedQ : p.turnedK)[to + i + D / 2] = rounded(c[n] * cosine[i] + a[n] * sine[i]);
    }
    if (query || p.oldK == nullptr) return;
    const float scale = fmaxf(warp_max(top), 1e-30f) * (float)(1 / 127.);
    const bf16* v = p.v + b * p.sv.batch + t * p.sv.token + g * p.sv.head;
    float u[D / 32], most = 0;
#pragma unroll
    for (int n = 0; n < D / 32; n++) {
        u[n] = number(v[lane() + 32 * n]);
        most = fmaxf(most, fabsf(u[n]));
    }
    const float scaleV = fmaxf(warp_max(most), 1e-30f) * (float)(1 / 127.);
#pragma unroll
    for (int n = 0; n < D / 64; n++) {
        int i = lane() + 32 * n;
        float y = rounds ? held(a[n], scale) : a[n], z = rounds ? held(c[n], scale) : c[n];
        p.oldK[to + i] = rounded(y * cosine[i] - z * sine[i]);
        p.oldK[to + i + D / 2] = rounded(z * cosine[i] + y * sine[i]);
    }
#pragma unroll
    for (int n = 0; n < D / 32; n++) p.oldV[to + lane() + 32 * n] = rounded(rounds ? held(u[n], scaleV) : u[n]);
}
