// Draws a token for each row of logits [B, V]: penalties, temperature, top-k, top-p, min-p, then one draw; the law and the
// order of filters are those of generate.SamplerSettings. A row has settings and a stream of random numbers of its own,
// so what is drawn depends on nothing else in the batch.
//
// Tokens have an order: larger logits first, lower ids first among equals. Every filter leaves the first n of it, and the
// draw takes the first token at which the sum of weights passes u times the whole. So all but min-p ask one thing: where
// in the order do the sums of counts or weights pass a bound (find)? It is answered without sorting:
//
//   tops   largest logit of each slice of the vocabulary; many blocks a row
//   draw   weights w = exp((x - top) / T) are summed by distance from the top into BINS bins, by the same blocks. The last
//          block of a row to end has all bins: their running sums name the bin in which a bound is passed, and only its
//          few tokens are fetched and sorted. Where they are many (flat logits), bins of bins come first.
//
// Weights are whole numbers of 2^-44, so that their sums are exact in any order and equal runs draw equal tokens; V may be
// 2^18 and more (sums below 2^63). Tokens further than LIMIT = 44 ln 2 from the top weigh nothing.
//
// Launch: grid (slices, B), block THREADS, for both; `tops` first. Defines: BF16 (1: bfloat16 logits, else float32).
#include "sample_find.cuh"

/** A row's memory for one draw: tops [slices], masses [BINS], counts [BINS], ticket. */
struct Work {
    u64 *tops, *masses;
    u32 *counts, *ticket;

    __device__ Work(u64* words, int slices) {
        tops = words + (size_t)blockIdx.y * (slices + BINS + BINS / 2 + 1);
        masses = tops + slices;
        counts = (u32*)(masses + BINS);
        ticket = counts + BINS;
    }
};

// ---- kernels -------------------------------------------------------------------------------------------------------------

extern "C" __global__ void __launch_bounds__(THREADS) tops(
    const Number* x, const int* histories, const Row* rows, u64* words, int vocabulary, int slice) {
    const Row row = rows[blockIdx.y];
    const Work work(words, gridDim.x);
    for (int i = blockIdx.x * THREADS + threadIdx.x; i < BINS; i += gridDim.x * THREADS) {
        work.masses[i] = 0, work.counts[i] = 0;
    }
    if (blockIdx.x == 0 && threadIdx.x == 0) *work.ticket = 0;
    if (row.topK < 0) return;
    const Logits logits(x, histories, row, vocabulary);
    const int from = blockIdx.x * slice, to = min(vocabulary, from + slice);
    u64 first = ~0ull;
#pragma unroll 4
    for (int id = from + threadIdx.x; id < to; id += THREADS) first = min(first, placeOf(logits.at(id), id));
    first = least(first);
    if (threadIdx.x == 0) work.tops[blockIdx.x] = first;
}

__device__ __forceinline__ u64 mixed(u64 z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

/** Among all bins of the row; `own` is this thread's. */
__device__ int drawn(const Logits& logits, const Row& row, u64 random, const Sum& own) {
    __shared__ Sum whole;
    const Sum upTo = running(own);
    if (threadIdx.x == THREADS - 1) whole = upTo;
    __syncthreads();
    Sum kept = whole;
    u64 last = ~0ull;
    if (row.topK > 0 && row.topK < kept.count) {
        const Found found = find(logits, {false, (u64)row.topK}, own, upTo);
        kept = found.sum, last = found.place;
    }
    if (row.topP < 1) {
        const u64 wanted = max((u64)ceil(row.topP * (double)kept.mass), 1ull);
        const Found found = find(logits, {true, min(wanted, kept.mass) - 1}, own, upTo);
        kept = found.sum, last = found.place;
    }
    if (row.minP > 0) {
        const float furthest = (float)-log(row.minP);
        Sum near = {0, 0};
        logits.each(0, logits.vocabulary, [&](int id, float x, float d) {
            if (d <= furthest && placeOf(x, id) <= last) near = near.plus({1, weight(d)});
        });
        near = running(near);
        if (threadIdx.x == THREADS - 1) whole = near;
        __syncthreads();
        kept = whole;
    }
    const u64 share = __umul64hi(random >> 11 << 11, kept.mass);
    return (int)(u32)find(logits, {true, share}, own, upTo).place;
}

extern "C" __global__ void __launch_bounds__(THREADS) draw(
    const Number* x, int* histories, Row* rows, u64* words, int vocabulary, int slice, long long* next, long long* told) {
    const Row row = rows[blockIdx.y];
    const Work work(words, gridDim.x);
    const bool speaks = blockIdx.x == 0 && threadIdx.x == 0;
    if (row.topK < 0) {
        if (speaks) next[blockIdx.y] = 0, told[blockIdx.y] = 0;
        return;
    }
    u64 first = ~0ull;
    for (int i = threadIdx.x; i < gridDim.x; i += THREADS) first = min(first, work.tops[i]);
    first = least(first);
    Logits logits(x, histories, row, vocabulary);
    logits.top = logitAt(first);
    if (!(fabsf(logits.top) < INFINITE)) { // NaN, infinite, or nothing above -infinity
        if (speaks) next[blockIdx.y] = 0, told[blockIdx.y] = FAILED; // 0 is fit to be read in any case
        return;
    }
    int id = (int)(u32)first;
    bool last = blockIdx.x == 0;
    if (row.temperature > 0) {
        Bins bins;
        const int from = blockIdx.x * slice;
        logits.each(from, min(vocabulary, from + slice), [&](int, float, float d) { bins.add(binOf(d), weight(d)); });
        __syncthreads();
        const int t = threadIdx.x;
        const Sum own = bins.own();
        if (own.count) atomicAdd(work.masses + t, own.mass), atomicAdd(work.counts + t, own.count);
        __threadfence();
        __shared__ bool all;
        __syncthreads();
        if (t == 0) all = atomicAdd(work.ticket, 1u) == gridDim.x - 1;
        __syncthreads();
        last = all;
        if (last) {
            __threadfence();
            const u64 state = row.random + 0x9E3779B97F4A7C15ull;
            id = drawn(logits, row, mixed(state), {__ldcg(work.counts + t), __ldcg(work.masses + t)});
            if (t == 0) rows[blockIdx.y].random = state;
        }
    }
    if (last && threadIdx.x == 0) {
        next[blockIdx.y] = told[blockIdx.y] = id;
        if (logits.history) histories[(size_t)blockIdx.y * vocabulary + id] += 2;
    }
}
