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

// ---- logits ------------------------------------------------------------------------------------------------------------

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
