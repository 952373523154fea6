// Of slots.cu: gradients of keys and values, and the most that later queries pay to keys.
#pragma once
#include "slots_parts.cuh"

// Shared memory: keys, values, two stages of queries and gradients of outputs with lse and delta, spans, keys' places.
constexpr int K_VALUES = X_BYTES;
constexpr int K_STAGES = 2 * X_BYTES;
constexpr int K_ROWS = K_STAGES + 4 * X_BYTES;
constexpr int K_SPANS = K_ROWS + 4 * CHUNK * 4;
constexpr int K_PLACES = K_SPANS + CHUNK * 8;
constexpr int K_END = K_PLACES + CHUNK * 4;

// The heads of a group, one after the other, and for each those tiles of 64 queries that may read one of 64 keys.
struct Readers {
    int begin, count, heads;

    DEVICE Readers(const Problem& p, const Span* spans) {
        int from = p.tokens, until = 0;
        for (int i = 0; i < CHUNK; i++) {
            Span s = spans[i];
            from = s.length > 0 ? min(from, s.from) : from;
            until = s.length > 0 ? max(until, s.from + s.length) : until;
        }
        begin = from / CHUNK, heads = p.heads / p.keyHeads;
        count = until > from ? (until - 1) / CHUNK - begin + 1 : 0;
    }
    DEVICE int all() const { return count * heads; }
    DEVICE int head(int u) const { return u / count; }
    DEVICE int first(int u) const { return (begin + u % count) * CHUNK; }
};

// OLD 0: keys of a tile as near ones, grid (T / 64 rounded up, G, B), after OLD 1, whose sums it takes up.
// OLD 1: 64 of the order as old ones, grid (T / 64 rounded up + CLASSES, G, B). 128 threads.
template <bool OLD>
DEVICE void key_slopes(const Problem& p, char* memory) {
    const u32 base = shared_address(memory);
    const int g = blockIdx.y, b = blockIdx.z, T = p.tokens, head = b * p.keyHeads + g;
    const int* until = p.until + (i64)head * T;
    Span* spans = (Span*)(memory + K_SPANS);
    int* places = (int*)(memory + K_PLACES);
    if (threadIdx.x < CHUNK) {
        Entry e;
        e.key = blockIdx.x * CHUNK + threadIdx.x;
        if (OLD) {
            e.key = p.order[(i64)head * (tiles_of(T, CHUNK) + CLASSES) * CHUNK + e.key];
            e.until = e.key < 0 ? 0 : until[e.key];
        } else {
            e.key = e.key < T ? e.key : -1;
        }
        places[threadIdx.x] = e.key;
        spans[threadIdx.x] = OLD ? old_span(e, p.window) : near_span(e.key, p.window, T);
    }
    __syncthreads();
    const Readers by(p, spans);
    if (OLD && by.count == 0) return;
    const bf16* keys = (OLD ? p.oldK : p.turnedK) + (i64)head * T * D;
    const bf16* values = OLD ? p.oldV + (i64)head * T * D : p.v + b * p.sv.batch + g * p.sv.head;
    const i64 stride = OLD ? D : p.sv.token;
    constexpr int PIECES = D / 8;
#pragma unroll
    for (int i = threadIdx.x; i < CHUNK * PIECES; i += THREADS) {
        int row = i / PIECES, c = i % PIECES, j = places[row];
        i64 at = j < 0 ? 0 : j;
        copy16(piece<CHUNK>(base, row, c), keys + at * D + c * 8, j >= 0);
        copy16(piece<CHUNK>(base + K_VALUES, row, c), values + at * stride + c * 8, j >= 0);
    }
    auto load = [&](int u) {
        const u32 to = base + K_STAGES + (u & 1) * 2 * X_BYTES, rows = base + K_ROWS + (u & 1) * 2 * CHUNK * 4;
        const int h = g * by.heads + by.head(u), first = by.first(u);
        const i64 row = (i64)b * p.heads + h;
        stage<THREADS>(to, p.turnedQ + row * T * D, D, first, T);
        stage<THREADS>(to + X_BYTES, p.dy + b * p.sdy.batch + h * p.sdy.head, p.sdy.token, first, T);
        const int t = first + (threadIdx.x & 63);
        copy4(rows + threadIdx.x * 4, (threadIdx.x < CHUNK ? p.lse : p.delta) + row * T + (t < T ? t : 0), t < T);
    };
    load(0);
    commit();
    const Span own0 = spans[own_row()], own1 = spans[own_row() + 8];
    float dk[D / 8][4], dv[D / 8][4];
    clear<D>(dk), clear<D>(dv);
    for (int u = 0; u < by.all(); u++) {
        const u32 q = base + K_STAGES + (u & 1) * 2 * X_BYTES, dy = q + X_BYTES;
        if (u + 1 < by.all()) load(u + 1);
        commit();
        wait<1>();
        publish();
        const float* lse = (const float*)(memory + K_ROWS) + (u & 1) * 2 * CHUNK;
        const int first = by.first(u);
        float s[CHUNK / 8][4], ds[CHUNK / 8][4];
        begin<CHUNK, D, CHUNK, false, CHUNK, false>(s, base, q, false);
        begin<CHUNK, D, CHUNK, false, CHUNK, false>(ds, base + K_VALUES, dy, false);
        end<CHUNK, 1>(s);
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int c = n * 8 + column() + (e & 1);
                float x = exp2_fast(fmaf(s[n][e], SCALE2, -lse[c]));
                s[n][e] = reads(first + c, e >> 1 ? own1 : own0) ? x : 0;
            }
        }
        u32 left[CHUNK / 16][4];
        as_operand<CHUNK>(left, s);
        end<CHUNK>(ds);
        begin<D, CHUNK, CHUNK, true>(dv, left, dy, true);
        u32 slopes[CHUNK / 16][4];
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                ds[n][e] = s[n][e] * (ds[n][e] - lse[CHUNK + n * 8 + column() + (e & 1)]);
            }
        }
        as_operand<CHUNK>(slopes, ds);
        begin<D, CHUNK, CHUNK, true>(dk, slopes, q, true);
        end<D, 1>(dv);
        end<D>(dk);
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const int j = places[own_row() + 8 * r];
        if (j < 0) continue;
        const i64 at = ((i64)head * T + j) * D + column();
        const bool was = !OLD && p.slopeK && until[j] > j + p.window;
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
            float2* k = (float2*)(p.slopeK + at) + n * 4;
            float2* v = (float2*)(p.slopeV + at) + n * 4;
            if (OLD) {
                *k = make_float2(dk[n][2 * r], dk[n][2 * r + 1]), *v = make_float2(dv[n][2 * r], dv[n][2 * r + 1]);
            } else if (was) {
                dk[n][2 * r] += k->x, dk[n][2 * r + 1] += k->y, dv[n][2 * r] += v->x, dv[n][2 * r + 1] += v->y;
            }
        }
    }
    if constexpr (!OLD) {
#pragma unroll
        for (int n = 0; n < D / 8; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) dk[n][e] *= SCALE;
        }
        turn_back(dk, p, max(places[own_row()], 0), max(places[own_row() + 8], 0));
#pragma unroll
        for (int r = 0; r < 2; r++) {
            const int j = places[own_row() + 8 * r];
            if (j < 0) continue;
            const i64 at = slope_at(p, b, j, p.keyHeads, g);
            store_row(p.dk + at, dk, r), store_row(p.dv + at, dv, r);
        }
    }
}
extern "C" __global__ void __launch_bounds__(THREADS, 2) slots_near_keys(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    key_slopes<false>(p, memory);
}
extern "C" __global__ void __launch_bounds__(THREADS, 2) slots_old_keys(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    key_slopes<true>(p, memory);
}

// Of keys 64 x .. the most that queries from w tokens later on pay, of all heads of the group. Grid (T / 64 rounded up, G,
// B), 128 threads; shared memory as above.
extern "C" __global__ void __launch_bounds__(THREADS, D == 64 ? 4 : 2) slots_columns(const __grid_constant__ Problem p) {
    extern __shared__ __align__(1024) char memory[];
    const u32 base = shared_address(memory);
    const int g = blockIdx.y, b = blockIdx.z, T = p.tokens, head = b * p.keyHeads + g, start = blockIdx.x * CHUNK;
    const int heads = p.heads / p.keyHeads, begin = (start + p.window) / CHUNK, count = max(0, tiles_of(T, CHUNK) - begin);
    stage<THREADS>(base, p.turnedK + (i64)head * T * D, D, start, T);
    auto load = [&](int u) {
        const i64 row = (i64)b * p.heads + g * heads + u / count;
        const int first = (begin + u % count) * CHUNK, t = first + (threadIdx.x & 63);
        stage<THREADS>(base + K_STAGES + (u & 1) * X_BYTES, p.turnedQ + row * T * D, D, first, T);
        copy4(base + K_ROWS + ((u & 1) * 2 * CHUNK + threadIdx.x) * 4, p.lse + row * T + (t < T ? t : 0), t < T);
    };
    if (count > 0) load(0);
    commit();
    float most[2] = {-__int_as_float(0x7f800000), -__int_as_float(0x7f800000)};
    for (int u = 0; u < count * heads; u++) {
        if (u + 1 < count * heads) load(u + 1);
        commit();
        wait<1>();
        publish();
        const float* lse = (const float*)(memory + K_ROWS) + (u & 1) * 2 * CHUNK;
        const int first = (begin + u % count) * CHUNK;
        float s[CHUNK / 8][4];
        product<CHUNK, D, CHUNK, false, CHUNK, false>(s, base, base + K_STAGES + (u & 1) * X_BYTES, false);
#pragma unroll
        for (int n = 0; n < CHUNK / 8; n++) {
#pragma unroll
            for (int e = 0; e < 4; e++) {
                int c = n * 8 + column() + (e & 1), t = first + c, j = start + own_row() + 8 * (e >> 1);
                float x = fmaf(s[n][e], SCALE2, -lse[c]);
                most[e >> 1] = t < T && t - j >= p.window ? fmaxf(most[e >> 1], x) : most[e >> 1];
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        const float x = quad_max(most[r]);
        const int j = start + own_row() + 8 * r;
        if (j < T && (lane() & 3) == 0) p.most[(i64)head * T + j] = exp2_fast(x);
    }
}
