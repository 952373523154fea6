// One token of the Lizard mixer (joint form) for a whole batch: gate, feature maps, rotation, the window, the matrix
// memory and their common normaliser, in one kernel a layer.
//
// What happens to token t of a head h with key/value head g = h / R:
//
//   the key that leaves the window (ring slot t mod w holds token t - w) is turned back and mapped; then
//     S <- gamma S + phi_k(k_{t-w})^T [v_{t-w} | 1]        far = phi_q(q_t) S          [f, d + 1], one matrix a head
//   the new key is turned and takes that slot; then
//     s_j = q_t . k_j / sqrt d over the ring               near = sum_j exp(s_j - m) [v_j | 1], the sink in its mass
//   y = (far + e near) numerators / (far + e near) masses
//
// A block is one head of one sequence, grid (H, B). Its THREADS threads change roles between four barriers:
//
//   1. load       q, new k and v, the leaving k and v, the partial sums of the gate's logit (x . W_gamma)
//   2. products   x W of both maps (a thread: one column, D F / THREADS rows); scores (8 lanes a key)
//   3. softmax    warps 0-3: the four softmaxes of both maps' signs; warp 4: the window's maximum and sum
//   4. matrices   S is updated and read (a thread: one column of v, every GROUPS-th row), probabilities times values
//   5. join       sums over the groups of rows, one division, y
//
// Bound: device memory at large batches, where S is read and written once: 2 f (d + 1) 4 bytes, 66 KB at d 64, f 128,
// against 32 KB (bfloat16 ring: half) of keys and of values, which the R heads of a group read from L2. At batch 1 the
// bound is the chain of barriers and loads, so S, which depends on nothing, is fetched into registers before them.
// Registers: ROWS = f D / THREADS of them for S (32 at d 64), no arrays in local memory. Shared memory: under 6 KB and
// w floats.
//
// R blocks read the leaving slot and one of them must overwrite it: the last to have read it, told by a counter that
// returns to zero. So no block waits for another, and nothing but the ring, S and y is written.
//
// S and the kernel before have nothing in common, so S is fetched before the block waits for it (overlap.cuh).
//
// Positions come from device memory, so that a recorded graph can be replayed: decode_tick, once a step before all
// layers, turns the clock (position, tokens seen) into the tables of angles and the slot, and moves it on. Angles are
// formed in float64 for the position itself, as on the CPU.
//
// Defines: D head width, F half of the features (f = 2 F), R heads of a group, BF16 type of q, k, v, x and y (1: bfloat16,
// 0: float32), THREADS a multiple of D and of F and at least 160. State, maps and ring are float32.
//
// Launch: decode_tick   grid 1, block D / 2
//         decode_step   grid (H, B), block THREADS, dynamic shared 4 w bytes
#include "overlap.cuh"

#if BF16
typedef unsigned short io;
__device__ __forceinline__ float load(io x) { return __uint_as_float((unsigned)x << 16); }
__device__ __forceinline__ io store(float x) {
    unsigned bits = __float_as_uint(x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return 0x7fc0;
    return (io)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16); // to nearest, ties to even
}
#else
typedef float io;
__device__ __forceinline__ float load(io x) { return x; }
__device__ __forceinline__ io store(float x) { return x; }
#endif

#define WARPS (THREADS / 32)
#define GROUPS (THREADS / D)        // groups of rows of S, and of keys
#define ROWS (2 * F / GROUPS)       // rows of S a thread holds
#define PARTS (THREADS / F)         // parts of the products x W
#define SMALLEST 1e-12f

__device__ __forceinline__ float warpSum(float x) {
    for (int i = 16; i > 0; i >>= 1) x += __shfl_xor_sync(0xffffffffu, x, i);
    return x;
}

__device__ __forceinline__ float warpMax(float x) {
    for (int i = 16; i > 0; i >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, i));
    return x;
}

// clock [2]: position, tokens seen. tables [4][D/2]: cos, sin of the position; cos, sin of the leaving token's, divided
// by the scale, which turning back undoes. now [2]: the slot, tokens in the ring.
extern "C" __global__ void decode_tick(long long* clock, const double* frequencies, double scale, int window, float* tables, int* now) {
    int i = threadIdx.x;
    long long position = clock[0], seen = clock[1];
    __syncthreads();
    if (i < D / 2) {
        double s, c;
        sincos(position * frequencies[i], &s, &c);
        tables[i] = (float)(c * scale);
        tables[D / 2 + i] = (float)(s * scale);
        sincos((position - window) * frequencies[i], &s, &c);
        tables[D + i] = (float)(c / scale);
        tables[D + D / 2 + i] = (float)(s / scale);
    }
    if (i == 0) {
        now[0] = (int)(seen % window);
        now[1] = (int)(seen < window ? seen : window);
        clock[0] = position + 1;
        clock[1] = seen + 1;
    }
}

// q [B, H, D], k, v [B, G, D], x [B, width]: rows of a sequence apart by the given strides (elements). gateWeight
// [H, width], gateBias and sink [H] or null, share [H] (the window's factor e), queryMap [H, D, F], keyMap [G, D, R, F],
// ring* [B, G, w, D], memory [B, H, 2F, D + 1], arrived [B, G] zeros, y [B, H, D].
extern "C" __global__ void __launch_bounds__(THREADS) decode_step(
    const io* q, const io* k, const io* v, const io* x, int qStride, int kStride, int vStride, int xStride, int width,
    const float* gateWeight, const float* gateBias, const float* sink, const float* share, const float* queryMap,
    const float* keyMap, float* ringKeys, float* ringValues, float* memory, const float* tables, const int* now,
    int* arrived, io* y, int window) {
    extern __shared__ float weights[];                      // [w] scores, then exp(score - m)
    __shared__ __align__(16) float turned[D];               // q turned, / sqrt d
    __shared__ __align__(16) float fresh[D];                // the new key, turned
    __shared__ float raw[D], leaving[D], freshValue[D], leavingValue[D], feature[2][2 * F];
    __shared__ float part[2][PARTS][F], sums[GROUPS][D], gatePart[WARPS], farPart[WARPS];
    __shared__ float nearMass;
    __shared__ int last;

    const int head = blockIdx.x, batch = blockIdx.y, heads = gridDim.x;
    const int group = head / R, groups = heads / R, tid = threadIdx.x, lane = tid & 31, warp = tid >> 5;
    float* const myKeys = ringKeys + (size_t)(batch * groups + group) * window * D;
    float* const myValues = ringValues + (size_t)(batch * groups + group) * window * D;
    float* const state = memory + (size_t)(batch * heads + head) * (2 * F) * (D + 1);
    const int column = tid % D, part4 = tid / D;

    // S is fetched first and used last.
    float s[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) s[i] = state[(i * GROUPS + part4) * (D + 1) + column];
    float mass = tid < 2 * F ? state[tid * (D + 1) + D] : 0.f;
    await();
    const int slot = now[0], held = now[1];
    const bool leaves = held == window;
    const int keys = leaves ? window : held + 1;

    // 1. load
    if (tid < D) {
        const int pair = tid % (D / 2);
        const bool upper = tid >= D / 2;
        const int other = upper ? tid - D / 2 : tid + D / 2;
        const float sign = upper ? 1.f : -1.f;
        const io* qRow = q + (size_t)batch * qStride + head * D;
        const io* kRow = k + (size_t)batch * kStride + group * D;
        const float cos = tables[pair], sin = tables[D / 2 + pair];
        const float mine = load(qRow[tid]);
        raw[tid] = mine;
        turned[tid] = (mine * cos + sign * load(qRow[other]) * sin) * rsqrtf((float)D);
        fresh[tid] = load(kRow[tid]) * cos + sign * load(kRow[other]) * sin;
        freshValue[tid] = load(v[(size_t)batch * vStride + group * D + tid]);
        if (leaves) {
            const float* old = myKeys + slot * D;
            leaving[tid] = old[tid] * tables[D + pair] - sign * old[other] * tables[D + D / 2 + pair];
            leavingValue[tid] = myValues[slot * D + tid];
        }
    }
    float gate = 0.f;
    for (int i = tid; i < width; i += THREADS)
        gate += load(x[(size_t)batch * xStride + i]) * gateWeight[(size_t)head * width + i];
    gate = warpSum(gate);
    if (lane == 0) gatePart[warp] = gate;
    __syncthreads();
    if (tid == 0 && leaves) { // this block has read the slot
        __threadfence();
        const int before = R == 1 ? 0 : atomicAdd(arrived + batch * groups + group, 1);
        last = before == R - 1;
    } else if (tid == 0) {
        last = head % R == 0;
    }

    // 2. products
    {
        const int c = tid % F, p = tid / F;
        const float* wq = queryMap + (size_t)head * D * F + c;
        const float* wk = keyMap + (size_t)group * D * R * F + (head % R) * F + c;
        float zq = 0.f, zk = 0.f;
#pragma unroll 8
        for (int i = p; i < D; i += PARTS) {
            zq += raw[i] * wq[(size_t)i * F];
            if (leaves) zk += leaving[i] * wk[(size_t)i * R * F];
        }
        part[0][p][c] = zq;
        part[1][p][c] = zk;
    }
    for (int j = tid >> 3; j < keys; j += THREADS / 8) {
        const float4* key = j == slot ? (const float4*)fresh : (const float4*)(myKeys + j * D);
        const float4* mine = (const float4*)turned;
        float sum = 0.f;
#pragma unroll
        for (int i = lane & 7; i < D / 4; i += 8) {
            const float4 a = key[i], b = mine[i];
            sum += a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
        }
        const unsigned eight = 0xffu << (lane & 24); // the number of keys need not fill the last warp
        for (int i = 4; i > 0; i >>= 1) sum += __shfl_xor_sync(eight, sum, i);
        if ((lane & 7) == 0) weights[j] = sum;
    }
    __syncthreads();

    // 3. softmax
    const float top = sink ? sink[head] : -1e30f;
    if (warp < 4) {
        const int which = warp >> 1;
        const float sign = warp & 1 ? -1.f : 1.f;
        float z[F / 32], highest = -1e30f, sum = 0.f;
#pragma unroll
        for (int i = 0; i < F / 32; i++) {
            z[i] = 0.f;
#pragma unroll
            for (int p = 0; p < PARTS; p++) z[i] += part[which][p][lane + 32 * i];
            z[i] *= sign;
            highest = fmaxf(highest, z[i]);
        }
        highest = warpMax(highest);
#pragma unroll
        for (int i = 0; i < F / 32; i++) {
            z[i] = __expf(z[i] - highest);
            sum += z[i];
        }
        sum = warpSum(sum);
#pragma unroll
        for (int i = 0; i < F / 32; i++)
            feature[which][(warp & 1) * F + lane + 32 * i] = fmaxf(z[i] / sum, SMALLEST);
    } else if (warp == 4) {
        float highest = top, sum = 0.f;
        for (int j = lane; j < keys; j += 32) highest = fmaxf(highest, weights[j]);
        highest = warpMax(highest);
        for (int j = lane; j < keys; j += 32) {
            const float weight = __expf(weights[j] - highest);
            weights[j] = weight;
            sum += weight;
        }
        sum = warpSum(sum);
        if (lane == 0) nearMass = sum + (sink ? __expf(top - highest) : 0.f);
    }
    __syncthreads();

    // 4. matrices
    if (last && tid < D) {
        myKeys[slot * D + tid] = fresh[tid];
        myValues[slot * D + tid] = freshValue[tid];
        if (tid == 0) arrived[batch * groups + group] = 0;
    }
    float logit = gateBias ? gateBias[head] : 0.f;
#pragma unroll
    for (int i = 0; i < WARPS; i++) logit += gatePart[i];
    const float decay = 1.f / (1.f + __expf(-logit)), e = share[head];
    float sum = 0.f;
    if (leaves) {
        const float value = leavingValue[column];
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            const int row = i * GROUPS + part4;
            const float now = decay * s[i] + feature[1][row] * value;
            state[row * (D + 1) + column] = now;
            sum += feature[0][row] * now;
        }
        if (tid < 2 * F) {
            mass = decay * mass + feature[1][tid];
            state[tid * (D + 1) + D] = mass;
        }
    } else {
#pragma unroll
        for (int i = 0; i < ROWS; i++) sum += feature[0][i * GROUPS + part4] * s[i];
    }
    mass = tid < 2 * F ? mass * feature[0][tid] : 0.f;
    float near = 0.f;
#pragma unroll 8
    for (int j = part4; j < keys; j += GROUPS)
        near += weights[j] * (j == slot ? freshValue[column] : myValues[j * D + column]);
    sums[part4][column] = sum + e * near;
    mass = warpSum(mass);
    if (lane == 0) farPart[warp] = mass;
    __syncthreads();

    // 5. join
    if (tid < D) {
        float numerator = 0.f, whole = e * nearMass;
#pragma unroll
        for (int i = 0; i < GROUPS; i++) numerator += sums[i][tid];
#pragma unroll
        for (int i = 0; i < WARPS; i++) whole += farPart[i];
        y[(size_t)(batch * heads + head) * D + tid] = store(numerator / whole);
    }
}
