// Where sums over a row's tokens, in their order, pass a bound: the search behind all filters of sample.cu.
#pragma once
#include "sample_logits.cuh"

// ---- the block's threads together ------------------------------------------------------------------------------------------

__device__ u64 least(u64 x) {
    __shared__ u64 parts[32];
    for (int i = 16; i > 0; i >>= 1) x = min(x, __shfl_xor_sync(ALL, x, i));
    __syncthreads();
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = x;
    __syncthreads();
    for (int w = 0; w < THREADS / 32; w++) x = min(x, parts[w]);
    return x;
}

/** Tokens and their weight. */
struct Sum {
    u32 count;
    u64 mass;

    __device__ Sum plus(const Sum& other) const { return {count + other.count, mass + other.mass}; }
    __device__ Sum minus(const Sum& other) const { return {count - other.count, mass - other.mass}; }
};

/** Sums over this thread and those before it. */
__device__ Sum running(Sum x) {
    __shared__ u32 counts[32];
    __shared__ u64 masses[32];
    const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
    for (int i = 1; i < 32; i *= 2) {
        const Sum other = {__shfl_up_sync(ALL, x.count, i), __shfl_up_sync(ALL, x.mass, i)};
        if (lane >= i) x = x.plus(other);
    }
    __syncthreads();
    if (lane == 31) counts[warp] = x.count, masses[warp] = x.mass;
    __syncthreads();
    for (int w = 0; w < warp; w++) x = x.plus({counts[w], masses[w]});
    return x;
}

/** Sums by bin in shared memory; a weight is added as two halves, for which there are fast atomics. */
struct Bins {
    u32 *counts, *low, *high;

    __device__ Bins() {
        __shared__ u32 memory[3 * BINS];
        counts = memory, low = memory + BINS, high = memory + 2 * BINS;
        __syncthreads();
        for (int i = threadIdx.x; i < 3 * BINS; i += THREADS) memory[i] = 0;
        __syncthreads();
    }

    __device__ __forceinline__ void add(int bin, u64 weight) {
        const u32 part = (u32)weight, before = atomicAdd(low + bin, part);
        const u32 rest = (u32)(weight >> 32) + (before + part < before ? 1 : 0);
        if (rest) atomicAdd(high + bin, rest);
        atomicAdd(counts + bin, 1u);
    }

    /** This thread's. */
    __device__ Sum own() const { return {counts[threadIdx.x], (u64)high[threadIdx.x] << 32 | low[threadIdx.x]}; }
};

/** Sorts n numbers of shared memory; those up to the next power of two are above all. */
__device__ void sort(u64* list, int n) {
    const int t = threadIdx.x;
    for (int run = 2; run < 2 * n; run *= 2) {
        for (int step = run / 2; step > 0; step /= 2) {
            const int other = t ^ step;
            __syncthreads();
            if (other > t && t < 2 * n && other < THREADS) {
                const u64 a = list[t], b = list[other];
                if ((a > b) == ((t & run) == 0)) list[t] = b, list[other] = a;
            }
        }
    }
    __syncthreads();
}

// ---- where sums pass a bound ---------------------------------------------------------------------------------------------

/** A bound on the sum of weights, or on the number of tokens. */
struct Bound {
    bool onMass;
    u64 value;

    __device__ bool passed(const Sum& sum) const { return onMass ? sum.mass > value : sum.count >= value; }
};

/** A token, or a bin of them, and the sums up to its end. */
struct Found {
    u64 place;
    Sum sum;
    u32 count; // its own
};

/** What the one thread has at which the running sums pass the bound. */
__device__ Found chosen(const Bound& bound, u64 place, const Sum& upTo, const Sum& own) {
    __shared__ Found found;
    __syncthreads();
    if (bound.passed(upTo) && !bound.passed(upTo.minus(own))) found = {place, upTo, own.count};
    __syncthreads();
    return found;
}

/** The first token at which the sums pass a bound, and the sums up to it. bins: this thread's bin, and up to it. */
__device__ __noinline__ Found find(const Logits& logits, const Bound& bound, const Sum& own, const Sum& upTo) {
    __shared__ u64 list[THREADS];
    __shared__ u32 size;
    const int t = threadIdx.x, v = logits.vocabulary;
    Found found = chosen(bound, t, upTo, own);
    const int bin = (int)found.place;
    const Sum bins = upTo; // up to this thread's
    __shared__ Sum edge;
    if (t == bin) edge = bins.minus(own);
    __syncthreads();
    Sum before = edge;
    u64 first = 0, last = ~0ull;
    if (found.count > THREADS) {
        u64 low = ~0ull, high = ~0ull;
        logits.each(0, v, [&](int id, float x, float d) {
            if (binOf(d) == bin) low = min(low, placeOf(x, id)), high = min(high, ~placeOf(x, id));
        });
        first = least(low), last = ~least(high);
    }
    while (found.count > THREADS) {
        int shift = 64 - __clzll(last - first);
        for (int i = BINS; i > 1; i /= 2) shift--;
        shift = max(shift, 0);
        Bins parts;
        logits.each(0, v, [&](int id, float x, float d) {
            const u64 place = placeOf(x, id);
            if (binOf(d) == bin && place >= first && place <= last) parts.add((int)((place - first) >> shift), weight(d));
        });
        __syncthreads();
        const Sum mine = parts.own(), sum = running(mine).plus(before);
        found = chosen(bound, t, sum, mine);
        if (t == (int)found.place) edge = sum.minus(mine);
        __syncthreads();
        before = edge;
        first += found.place << shift;
        last = min(last, first + ((1ull << shift) - 1));
    }
    if (t == 0) size = 0;
    list[t] = ~0ull;
    __syncthreads();
    logits.each(0, v, [&](int id, float x, float d) {
        const u64 place = placeOf(x, id);
        if (binOf(d) == bin && place >= first && place <= last) list[atomicAdd(&size, 1u)] = place;
    });
    __syncthreads();
    sort(list, found.count);
    const bool real = t < found.count;
    const Sum mine = real ? Sum{1, weight(logits.distance(logitAt(list[t])))} : Sum{0, 0};
    return chosen(bound, list[t], running(mine).plus(before), mine);
}
