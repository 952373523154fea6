// One token of exact memory (first tokens, window, slots; nothing else far) for a whole batch, two kernels a layer.
//
// What happens to token t of key/value head g, whose R query heads share all that is read:
//
//   leaving  the token in the ring's place of t, if the ring is full, is rounded and takes the worst slot if its score is not
//            below that one's: a free slot is the worst, of equal ones the earliest token's
//   reading  ring with the new token, and slots with the one that came in, under one softmax, the sink in its mass;
//            a key at distance n is turned back by n: q . k = sum cos(n o) (p a + r b) + sin(n o) (p b - r a) with halves
//            (a, b) of the key and (p, r) of the query. First tokens and slots stand at the limit at most.
//   writing  the new token into the ring, the one that came in into its slot
//
// A block reads a part of the places (ring, then slots) of one key/value head of one sequence, grid (G parts, B), leaves
// maxima, masses and sums of its part behind, and the last of a head to do so joins them, divides, and writes: by then all
// have read. So no block waits for another. All blocks of a head look for the worst slot, each for itself: that is 16 bytes
// a slot, from L2 but once.
//
// slot_score, before it, gives the new token's score, of which nothing is asked before it leaves: r = W2 silu(W1 u c + b1) + b2
// with u = [x | k | v] and c = 1 / rms(u). A warp is a hidden unit, for up to ROWS_AT_ONCE sequences; the last block of these
// adds up what the units give, rounds it to a 64th and counts its age.
//
// Eight threads hold a key (4 pairs each at D 64), D / 4 a value. Angles are formed of whole numbers: n times the turns a token
// as a fraction of 2^64, which is exact at any distance. Bound: bytes of slots with many blocks, latencies with few.
//
// Defines: D head width, R heads of a group, BF16 type of q, k, v and y (1: bfloat16, 0: float32), INT8 slots of whole numbers
// with scales (1) or of that type (0), THREADS. The ring is float32.
//
// Launch: slot_score  grid (units / WARPS, B / rows), block THREADS, dynamic shared 4 rows (width + 2 G D) bytes
//         slot_step   grid (G parts, B), block THREADS, dynamic shared 4 R (each + WARPS D) bytes
#include "slot_decode_score.cuh"

// q [B, H, D], k, v [B, G, D]: rows of a sequence apart by the given strides (elements). score [B, G] of the new token, as it
// competes. sink [H] or null. ringKeys, ringValues [B, G, m + w, D], ringScores [B, G, m + w], pairs [B, G, K, 2 D],
// marks [B, G, K, MARKS], positions [B, G, K], from 1. read [B]: tokens read before. turns [D/2]: of 2^64. parts
// [B, G, gridDim.x / G, R, D + 2] and arrived [B G] zeros. each: places of a block. factor: what q.k is multiplied by.
extern "C" __global__ void __launch_bounds__(THREADS) slot_step(
    const io* q, const io* k, const io* v, const float* score, int qStride, int kStride, int vStride, const float* sink,
    float* ringKeys, float* ringValues, float* ringScores, held* pairs, float* marks, int* positions,
    const long long* read, const unsigned long long* turns, float* parts, int* arrived, io* y, int groups, int window,
    int first, int slots, int limit, int each, float factor) {
    extern __shared__ __align__(16) float weights[];  // [R][each], then sums [WARPS][R][D]
    __shared__ __align__(16) float query[R][D], fresh[2][D], leaving[2][D], leavingScale[2];
    __shared__ unsigned long long turn[D / 2];
    __shared__ Rank ranks[WARPS];
    __shared__ float tops[R], masses[R];
    __shared__ int last;
    admit();
    await();

    const int share = gridDim.x / groups, group = blockIdx.x / share, part = blockIdx.x % share, batch = blockIdx.y;
    const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, ring = first + window;
    const int head = batch * groups + group; // of all key/value heads
    const long long t = read[batch];
    float* const myKeys = ringKeys + (size_t)head * ring * D;
    float* const myValues = ringValues + (size_t)head * ring * D;
    held* const myPairs = pairs + (size_t)head * slots * 2 * D;
    float* const myMarks = marks + (size_t)head * slots * MARKS;
    int* const myPositions = positions + (size_t)head * slots;
    const int place = (int)(t < first ? t : first + (t - first) % window);
    const bool leaves = t >= ring;

    // 1. what is needed of the new token and of the one that leaves; the worst slot
    for (int i = tid; i < R * D; i += THREADS) query[i / D][i % D] = load(q[(size_t)batch * qStride + group * R * D + i]) * factor;
    for (int i = tid; i < D; i += THREADS) {
        fresh[0][i] = load(k[(size_t)batch * kStride + group * D + i]);
        fresh[1][i] = load(v[(size_t)batch * vStride + group * D + i]);
    }
    for (int i = tid; i < D / 2; i += THREADS) turn[i] = turns[i];
    if (leaves && warp < 2) {
        const float* from = (warp == 0 ? myKeys : myValues) + (size_t)place * D;
        float x[D / 32], most = 0.f;
#pragma unroll
        for (int i = 0; i < D / 32; i++) {
            x[i] = from[lane + 32 * i];
            most = fmaxf(most, fabsf(x[i]));
        }
        const float scale = fmaxf(warpMax(most), 1e-30f) * (float)(1.0 / 127);
#pragma unroll
        for (int i = 0; i < D / 32; i++) leaving[warp][lane + 32 * i] = INT8 ? rintf(__fdiv_rn(x[i], scale)) : load(store(x[i]));
        if (lane == 0) leavingScale[warp] = INT8 ? scale : 1.f;
    }
    Rank worst = {0.f, 0x7fffffff, slots};
    if (leaves) {
        worst.score = __int_as_float(0x7f800000); // above all
        for (int i = tid; i < slots; i += THREADS) {
            const Rank mine = {myMarks[(size_t)i * MARKS], myPositions[i], i};
            if (mine.below(worst)) worst = mine;
        }
        for (int i = 16; i > 0; i >>= 1) {
            const Rank other = {
                __shfl_xor_sync(0xffffffffu, worst.score, i), __shfl_xor_sync(0xffffffffu, worst.position, i),
                __shfl_xor_sync(0xffffffffu, worst.slot, i)};
            if (other.below(worst)) worst = other;
        }
        if (lane == 0) ranks[warp] = worst;
    }
    __syncthreads();
    float leavingScore = 0.f;
    if (leaves) {
        worst = ranks[0];
        for (int i = 1; i < WARPS; i++)
            if (ranks[i].below(worst)) worst = ranks[i];
        leavingScore = ringScores[(size_t)head * ring + place];
    }
    const bool wins = leaves && slots > 0 && (worst.position == 0 || worst.score <= leavingScore);
    const int entering = wins ? worst.slot : -1, entered = (int)(t - window + 1);

    // 2. products
    const int from = part * each, count = min(each, ring + slots - from);
    for (int base = 0; base < count; base += THREADS / 8) { // whole warps, for the shuffles
        const int j = base + (tid >> 3), at = from + j;
        const bool there = j < count;
        const int slot = at - ring;
        long long n = 0;
        bool full = there && at <= t;
        const float* wide = myKeys + (size_t)min(at, ring - 1) * D;
        float scale = 1.f;
        if (there && slot >= 0) {
            const int position = slot == entering ? entered : myPositions[slot];
            full = position > 0;
            n = t + 1 - position;
            if (limit > 0 && n > limit) n = limit;
            if (INT8) scale = slot == entering ? leavingScale[0] : myMarks[(size_t)slot * MARKS + 1];
        } else if (there) {
            n = at < first ? (limit > 0 && t > limit ? limit : t) - at : (t - at) % window;
            if (at == place) wide = fresh[0];
        }
        if (slot >= 0 && slot == entering) wide = leaving[0];
        const bool narrow = there && slot >= 0 && slot != entering;
        float sum[R];
#pragma unroll
        for (int r = 0; r < R; r++) sum[r] = 0.f;
        if (full) {
#pragma unroll
            for (int m = 0; m < FOURS; m++) {
                const int i = 32 * m + 4 * (lane & 7);
                const held* packed = myPairs + (size_t)max(slot, 0) * 2 * D + i;
                const float4 a = narrow ? load4(packed) : load4(wide + i);
                const float4 b = narrow ? load4(packed + D / 2) : load4(wide + i + D / 2);
                float c[4], s[4];
#pragma unroll
                for (int p = 0; p < 4; p++) {
                    const int angle = (int)(((unsigned long long)n * turn[i + p]) >> 32);
                    __sincosf(angle * 1.4629180792671596e-9f, &s[p], &c[p]); // 2 pi / 2^32
                }
                const float4 x = make_float4(
                    a.x * c[0] + b.x * s[0], a.y * c[1] + b.y * s[1], a.z * c[2] + b.z * s[2], a.w * c[3] + b.w * s[3]);
                const float4 z = make_float4(
                    b.x * c[0] - a.x * s[0], b.y * c[1] - a.y * s[1], b.z * c[2] - a.z * s[2], b.w * c[3] - a.w * s[3]);
#pragma unroll
                for (int r = 0; r < R; r++) {
                    const float4 p = *(const float4*)(query[r] + i), o = *(const float4*)(query[r] + i + D / 2);
                    sum[r] += p.x * x.x + p.y * x.y + p.z * x.z + p.w * x.w + o.x * z.x + o.y * z.y + o.z * z.z + o.w * z.w;
                }
            }
        }
#pragma unroll
        for (int r = 0; r < R; r++) {
            for (int i = 4; i > 0; i >>= 1) sum[r] += __shfl_xor_sync(0xffffffffu, sum[r], i);
            if ((lane & 7) == 0 && there) weights[r * each + j] = full ? sum[r] * scale : NONE;
        }
    }
    __syncthreads();

    // 3. softmax of the part
    for (int r = warp; r < R; r += WARPS) {
        float highest = NONE, sum = 0.f;
        for (int j = lane; j < count; j += 32) highest = fmaxf(highest, weights[r * each + j]);
        highest = warpMax(highest);
        for (int j = lane; j < count; j += 32) {
            const float logit = weights[r * each + j];
            float weight = logit <= NONE ? 0.f : __expf(logit - highest);
            sum += weight;
            const int slot = from + j - ring;
            if (INT8 && slot >= 0) weight *= slot == entering ? leavingScale[1] : myMarks[(size_t)slot * MARKS + 2];
            weights[r * each + j] = weight;
        }
        sum = warpSum(sum);
        if (lane == 0) {
            tops[r] = highest;
            masses[r] = sum;
        }
    }
    __syncthreads();

    // 4. values
    const int column = 4 * (tid % COLUMNS);
    float4 sums[R];
#pragma unroll
    for (int r = 0; r < R; r++) sums[r] = make_float4(0.f, 0.f, 0.f, 0.f);
#pragma unroll 2
    for (int j = tid / COLUMNS; j < count; j += ROWS) {
        const int at = from + j, slot = at - ring;
        const float4 x = slot >= 0 && slot != entering ? load4(myPairs + ((size_t)slot * 2 + 1) * D + column)
                         : slot >= 0                   ? load4(leaving[1] + column)
                         : at == place                 ? load4(fresh[1] + column)
                                                       : load4(myValues + (size_t)at * D + column);
#pragma unroll
        for (int r = 0; r < R; r++) {
            const float weight = weights[r * each + j];
            sums[r].x += weight * x.x;
            sums[r].y += weight * x.y;
            sums[r].z += weight * x.z;
            sums[r].w += weight * x.w;
        }
    }
    float* const gathered = weights + R * each; // [WARPS][R][D]
#pragma unroll
    for (int r = 0; r < R; r++) {
        if (COLUMNS == 16) {
            sums[r].x += __shfl_xor_sync(0xffffffffu, sums[r].x, 16);
            sums[r].y += __shfl_xor_sync(0xffffffffu, sums[r].y, 16);
            sums[r].z += __shfl_xor_sync(0xffffffffu, sums[r].z, 16);
            sums[r].w += __shfl_xor_sync(0xffffffffu, sums[r].w, 16);
        }
        if (lane < COLUMNS) {
            float* const to = gathered + (warp * R + r) * D + column;
            to[0] = sums[r].x;
            to[1] = sums[r].y;
            to[2] = sums[r].z;
            to[3] = sums[r].w;
        }
    }
    __syncthreads();
    float* const mine = parts + (size_t)(head * share + part) * R * (D + 2);
    for (int i = tid; i < R * D; i += THREADS) {
        float sum = 0.f;
#pragma unroll
        for (int n = 0; n < WARPS; n++) sum += gathered[n * R * D + i];
        mine[(i / D) * (D + 2) + i % D] = sum;
    }
    if (tid < R) {
        mine[tid * (D + 2) + D] = tops[tid];
        mine[tid * (D + 2) + D + 1] = masses[tid];
    }
    __threadfence();
    __syncthreads();
    if (tid == 0) last = atomicAdd(arrived + head, 1) == share - 1;
    __syncthreads();
    if (!last) return;
    __threadfence();

    // 5. the last of the head joins the parts and writes
    const float* const all = parts + (size_t)head * share * R * (D + 2);
    for (int i = tid; i < R * D; i += THREADS) {
        const int r = i / D;
        const float* const own = all + r * (D + 2);
        const float rest = sink ? sink[group * R + r] : NONE;
        float highest = rest;
        for (int n = 0; n < share; n++) highest = fmaxf(highest, current(own + (size_t)n * R * (D + 2) + D));
        float sum = 0.f, mass = sink ? __expf(rest - highest) : 0.f;
        for (int n = 0; n < share; n++) {
            const float* const one = own + (size_t)n * R * (D + 2);
            const float factor = __expf(current(one + D) - highest);
            sum += factor * current(one + i % D);
            mass += factor * current(one + D + 1);
        }
        y[(size_t)head * R * D + i] = store(sum / mass);
    }
    for (int i = tid; i < D; i += THREADS) {
        myKeys[(size_t)place * D + i] = fresh[0][i];
        myValues[(size_t)place * D + i] = fresh[1][i];
        if (wins) {
            held* const to = myPairs + (size_t)entering * 2 * D + i;
#if INT8
            to[0] = (held)leaving[0][i];
            to[D] = (held)leaving[1][i];
#else
            to[0] = store(leaving[0][i]);
            to[D] = store(leaving[1][i]);
#endif
        }
    }
    if (tid == 0) {
        if (slots > 0) ringScores[(size_t)head * ring + place] = score[head];
        if (wins) {
            float* const to = myMarks + (size_t)entering * MARKS;
            to[0] = leavingScore;
            if (INT8) {
                to[1] = leavingScale[0];
                to[MARKS - 1] = leavingScale[1];
            }
            myPositions[entering] = entered;
        }
        arrived[head] = 0;
    }
}
