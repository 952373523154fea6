// What sample.cu draws from: a row's settings, its penalised logits, and the order of its tokens.
#pragma once
#include "common.cuh"

#ifndef THREADS
#define THREADS 1024
#endif
#define BINS THREADS          // one a thread
#define PER_NAT (BINS / 32)   // bins; they end beyond LIMIT
#define LIMIT 30.49f
#define SCALE 17592186044416.f // 2^44
#define ALL 0xffffffffu
#define FAILED -1
#define AHEAD 8 // loads of a thread under way
#define INFINITE __int_as_float(0x7f800000)

#if BF16
typedef u16 Number;
__device__ __forceinline__ float widened(Number x) { return lz::low(x); }
#else
typedef float Number;
__device__ __forceinline__ float widened(Number x) { return x; }
#endif

/** How a row draws; 64 bytes, as TokenDraw writes them. */
struct Row {
    u64 random;         // state of the stream, advanced by each draw
    double temperature; // 0: the largest logit
    double topP, minP;  // 1, 0: none
    double repetition, presence, frequency; // 1, 0, 0: none
    long long topK;     // 0: none; below: the row is empty
};

/** A number whose order is that of the logits, NaN above all. */
__device__ __forceinline__ u32 ordered(float x) {
    if (x != x) return 0xffffffffu;
    const u32 u = __float_as_uint(x == 0.f ? 0.f : x);
    return u & 0x80000000u ? ~u : u | 0x80000000u;
}

__device__ __forceinline__ float unordered(u32 u) {
    return __uint_as_float(u & 0x80000000u ? u & 0x7fffffffu : ~u);
}

/** Where a token stands: smaller is earlier. */
__device__ __forceinline__ u64 placeOf(float x, int id) {
    return (u64)~ordered(x) << 32 | (u32)id;
}

__device__ __forceinline__ float logitAt(u64 place) {
    return unordered(~(u32)(place >> 32));
}

/** The logits of this block's row, penalised; history: 2 times how often a token was drawn, plus 1 if it was read. */
struct Logits {
    const Number* x;
    const int* history;
    int vocabulary;
    double repetition, presence, frequency;
    float top, inverse; // of the temperature

    __device__ Logits(const Number* logits, const int* histories, const Row& row, int v) {
        const size_t first = (size_t)blockIdx.y * v;
        const bool penalised = row.repetition != 1 || row.presence != 0 || row.frequency != 0;
        x = logits + first;
        history = histories && penalised ? histories + first : nullptr;
        vocabulary = v;
        repetition = row.repetition, presence = row.presence, frequency = row.frequency;
        inverse = (float)min(1 / row.temperature, 1e30);
    }

    __device__ __forceinline__ float at(int id) const {
        const float raw = widened(x[id]);
        const int past = history ? history[id] : 0;
        if (past == 0) return raw;
        double y = raw > 0 ? raw / repetition : raw * repetition;
        if (past > 1) y -= presence + frequency * (past >> 1);
        return (float)y;
    }

    /** How far below the largest, in nats. */
    __device__ __forceinline__ float distance(float logit) const { return (top - logit) * inverse; }

    /** Calls visit(id, logit, distance) for all tokens of a range that weigh anything; they are read some at a time. */
    template <class Visit>
    __device__ __forceinline__ void each(int from, int to, Visit visit) const {
        for (int first = from + threadIdx.x; first < to; first += AHEAD * THREADS) {
            float read[AHEAD];
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                const int id = first + i * THREADS;
                read[i] = id < to ? at(id) : -INFINITE;
            }
#pragma unroll
            for (int i = 0; i < AHEAD; i++) {
                const float d = distance(read[i]);
                if (d <= LIMIT) visit(first + i * THREADS, read[i], d);
            }
        }
    }
};

__device__ __forceinline__ u64 weight(float distance) {
    return max(__float2ull_rn(expf(-distance) * SCALE), 1ull);
}

__device__ __forceinline__ int binOf(float distance) {
    return (int)(distance * PER_NAT);
}
