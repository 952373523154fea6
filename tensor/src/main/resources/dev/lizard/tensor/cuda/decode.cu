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
// A block is D / SLICES columns of v of one head of one sequence, grid (H SLICES, B). What a step reads from memory was
// there before the step, but for q, k, v and x. So a block first fetches all of it into registers, which the kernel before
// does not delay (overlap.cuh), and maps the leaving key; what follows the wait is a chain of latencies, kept short:
//
//   before   S, ring keys and values, both maps, the gate's weights, angles; zk = k_{t-w} W_k
//   1. read      q, k, v and x, by each thread what it needs; q and k are turned in registers (eight lanes hold a key)
//      products  q W_q (a thread: one column, d f/2 / THREADS rows); scores; partial sums of the gate's logit x . W_gamma
//   2. softmax   warps 0-3: the four softmaxes of both maps' signs; warp 4: the window's maximum and sum
//   3. matrices  S is updated and read (a thread: one column of v, ROWS rows), probabilities times values
//   4. join      sums over the groups of rows, one division, y
//
// with a barrier after each of 1 to 3. Two forms:
//
//   few blocks    SLICES 2 or 4, so that the bytes are spread over more multiprocessors; ring values are read before the
//                 wait too (LATE 0). Slices of a head repeat the scores and the products with maps.
//   many blocks   SLICES 1; values and W_q follow the scores, into the keys' registers (LATE 1).
//
// Bound with few blocks: latencies. After the wait a read from L2, 3 + 5 shuffles, 2 x 10 in the softmax, 5 for the masses,
// three barriers, one write.
// Bound with many blocks: memory. A block at d 64, f 128, w 128 reads and writes S once, 2 f (d + 1) 4 bytes, 66 KB; it
// reads 64 KB of keys and values, which the R heads of a group share through L2, and from L2 32 KB of maps.
// Registers: ROWS for S; KEYS keys of D / 8 numbers, VALUES values, 8 QUADS of the maps. What does not fit (a long window)
// is read where it is needed. 128 at d 64, f 128, w 128 in bfloat16, so that two blocks share a multiprocessor. Shared
// memory: under 12 KB and w floats. Slots of the ring that no token has taken hold finite numbers.
//
// R SLICES blocks read the leaving slot and one of them must overwrite it: the last to have read it, told by a counter
// that returns to zero; the masses of S, which all slices of a head read, likewise. The last warp asks the counters right
// after the wait and looks at their answer at the end. So no block waits for another, and nothing but the ring, S and y
// is written. A slot's row that is fetched while it is overwritten is not used: the new token's is in registers.
//
// Positions, one a row, come from device memory, so that a recorded graph can be replayed: decode_tick, once a step before
// all layers, turns them into the tables of angles and the slots. Angles are formed in float64 for the position itself,
// as on the CPU. As they are read before the wait, the step right after the tick must be an ordinary launch, which starts
// when the tick has ended.
//
// Defines: D head width, HALF_F = f/2 (columns of a map), R heads of a group, BF16 type of q, k, v, x and y (1: bfloat16,
// 0: float32), THREADS, SLICES, KEYS, VALUES, LATE as above. State, maps and ring are float32.
// THREADS a multiple of D / SLICES, f/2 and 32, between 160 and d f / 8. q, k and v of a head and the ring start at
// multiples of 16 bytes.
//
// Launch: decode_tick   grid B, block D / 2
//         decode_step   grid (H SLICES, B), block THREADS, dynamic shared 4 max(w, GROUPS VALUES) bytes
#include "decode_parts.cuh"
#include "overlap.cuh"

// read [B]: tokens a row has read, the position of its next. tables [B][4][D/2]: cos, sin of that position; cos, sin of
// the evicted token's, divided by the scale, which turning back undoes. now [B][2]: the slot, tokens in the ring.
extern "C" __global__ void decode_tick(const long long* read, const double* frequencies, double scale, int window, float* tables, int* now) {
    int i = threadIdx.x, row = blockIdx.x;
    long long position = read[row];
    tables += row * 2 * D;
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
        now[2 * row] = (int)(position % window);
        now[2 * row + 1] = (int)(position < window ? position : window);
    }
}

// q [B, H, D], k, v [B, G, D], x [B, width]: rows of a sequence apart by the given strides (elements). gateWeight
// [H, width], gateBias and sink [H] or null, share [H] (the window's factor e), queryMap [H, d, f/2], keyMap
// [G, d, R, f/2], ring* [B, G, w, D], memory [B, H, f, D + 1], arrived [B G + B H] zeros, y [B, H, D].
extern "C" __global__ void __launch_bounds__(THREADS, BLOCKS) decode_step(
    const io* q, const io* k, const io* v, const io* x, int qStride, int kStride, int vStride, int xStride, int width,
    const float* gateWeight, const float* gateBias, const float* sink, const float* share, const float* queryMap,
    const float* keyMap, float* ringKeys, float* ringValues, float* memory, const float* tables, const int* now,
    int* arrived, io* y, int window) {
    extern __shared__ __align__(16) float weights[];        // scores, then exp(score - m), then zeros
    __shared__ __align__(16) float leaving[D];
    __shared__ __align__(16) float feature[2][2 * HALF_F];  // of q, of the leaving key
    __shared__ float part[2][PARTS][HALF_F], sums[GROUPS][COLUMNS], masses[2 * HALF_F], leavingValue[COLUMNS];
    __shared__ __align__(16) float gatePart[WARPS];
    __shared__ float farPart[2 * HALF_F / 32], nearMass;
    admit();

    const int head = blockIdx.x / SLICES, first = blockIdx.x % SLICES * COLUMNS, batch = blockIdx.y;
    const int heads = gridDim.x / SLICES, group = head / R, groups = heads / R;
    const int tid = threadIdx.x, lane = tid & 31, warp = tid >> 5, eighth = 4 * (lane & 7);
    const int column = tid % COLUMNS, stretch = tid / COLUMNS, c = tid % HALF_F, p = tid / HALF_F;
    float* const myKeys = ringKeys + (size_t)(batch * groups + group) * window * D;
    float* const myValues = ringValues + (size_t)(batch * groups + group) * window * D + first;
    float* const state = memory + (size_t)(batch * heads + head) * (2 * HALF_F) * (D + 1);
    float* const mine = state + stretch * ROWS * (D + 1) + first + column;
    const float* const wq = queryMap + ((size_t)head * D + 4 * p) * HALF_F + c;
    const float* const wk = keyMap + ((size_t)group * D + 4 * p) * R * HALF_F + (head % R) * HALF_F + c;

    // What was there before the step: first what is needed first.
    tables += batch * 2 * D;
    const int slot = current(now + 2 * batch), held = current(now + 2 * batch + 1);
    Quad ofKey[QUADS], ofQuery[QUADS];
#pragma unroll
    for (int i = 0; i < QUADS; i++) ofKey[i].read(wk + (size_t)4 * PARTS * i * R * HALF_F, R * HALF_F);
    float4 cos[FOURS / 2], sin[FOURS / 2];
#pragma unroll
    for (int m = 0; m < FOURS / 2; m++) {
        cos[m] = current((const float4*)(tables + 32 * m + eighth));
        sin[m] = current((const float4*)(tables + D / 2 + 32 * m + eighth));
    }
    float4 keys[KEYS][FOURS];
#pragma unroll
    for (int i = 0; i < KEYS; i++) {
        const int j = min(i * OCTETS + (tid >> 3), window - 1); // what is too many is not used
#pragma unroll
        for (int m = 0; m < FOURS; m++) keys[i][m] = current((const float4*)(myKeys + j * D + 32 * m + eighth));
    }
    auto fetchMap = [&]() {
#pragma unroll
        for (int i = 0; i < QUADS; i++) ofQuery[i].read(wq + (size_t)4 * PARTS * i * HALF_F, HALF_F);
    };
    if (!LATE) fetchMap();
    float gates[GATES];
#pragma unroll
    for (int i = 0; i < GATES; i++) {
        const int at = i * THREADS + tid;
        gates[i] = at < width ? gateWeight[(size_t)head * width + at] : 0.f;
    }
    const float bias = gateBias ? gateBias[head] : 0.f, top = sink ? sink[head] : -1e30f, e = share[head];
    float s[ROWS], mass = 0.f;
#pragma unroll
    for (int i = 0; i < ROWS; i++) s[i] = current(mine + i * (D + 1));
    if (tid < 2 * HALF_F) mass = current(state + tid * (D + 1) + D);
    float values[VALUES];
    auto fetchValues = [&]() {
#pragma unroll
        for (int i = 0; i < VALUES; i++) {
            const int j = stretch * VALUES + i; // what is too many has no weight
            if (LATE) values[i] = j < window ? myValues[j * D + column] : 0.f;
            if (!LATE) values[i] = current(myValues + min(j, window - 1) * D + column);
        }
    };
    if (!LATE) fetchValues();
    __syncthreads(); // what needs the slot is read last: so all else is under way when the slot arrives
    if (tid < D) {
        const int pair = tid % (D / 2), other = tid < D / 2 ? tid + D / 2 : tid - D / 2;
        const float sign = tid < D / 2 ? -1.f : 1.f;
        const float* old = myKeys + slot * D;
        const float there = current(old + tid), partner = current(old + other);
        leaving[tid] = there * current(tables + D + pair) - sign * partner * current(tables + D + D / 2 + pair);
        if (tid < COLUMNS) leavingValue[tid] = current(myValues + slot * D + tid);
    }
    if (tid < 2 * HALF_F) masses[tid] = mass;
    __syncthreads();
    if (READERS > 1 && warp == CLERK) __threadfence(); // this block has read what others may now overwrite
    const bool leaves = held == window;
    const int count = leaves ? window : held + 1;
    if (leaves) {
        float z = 0.f;
#pragma unroll
        for (int i = 0; i < QUADS; i++) z += ofKey[i].times(*(const float4*)(leaving + 4 * (p + PARTS * i)));
        for (int i = QUADS; i < ALL_QUADS; i++) {
            Quad w;
            w.read(wk + (size_t)4 * PARTS * i * R * HALF_F, R * HALF_F);
            z += w.times(*(const float4*)(leaving + 4 * (p + PARTS * i)));
        }
        part[1][p][c] = z;
    } else {
        part[1][p][c] = 0.f;
    }
    await();

    // 1. read, products
    const io* const myQuery = q + (size_t)batch * qStride + head * D;
    const io* const myKey = k + (size_t)batch * kStride + group * D;
    const io* const myValue = v + (size_t)batch * vStride + group * D;
    const io* const myInput = x + (size_t)batch * xStride;
    float4 turned[FOURS], fresh[FOURS], ofPart[QUADS];
    float inputs[GATES];
#pragma unroll
    for (int m = 0; m < FOURS; m++) {
        turned[m] = load4(myQuery + 32 * m + eighth);
        fresh[m] = load4(myKey + 32 * m + eighth);
    }
    auto fetchPart = [&]() {
#pragma unroll
        for (int i = 0; i < QUADS; i++) ofPart[i] = load4(myQuery + 4 * (p + PARTS * i));
    };
    if (!LATE) fetchPart();
#pragma unroll
    for (int i = 0; i < GATES; i++) {
        const int at = i * THREADS + tid;
        inputs[i] = at < width ? load(myInput[at]) : 0.f;
    }
    const float freshValue = load(myValue[first + column]);
    float4 tail[FOURS];
    auto fetchTail = [&]() {
#pragma unroll
        for (int m = 0; m < FOURS; m++) tail[m] = load4(myValue + 32 * m + eighth);
    };
    if (!LATE) fetchTail();
    int before = 0; // blocks that have read, of the group (lane 0) and of the head (lane 1)
    int* const counter = arrived + (lane == 0 ? batch * groups + group : gridDim.y * groups + batch * heads + head);
    if (warp == CLERK && lane < (READERS > 1) + (SLICES > 1)) before = arrive(counter);

    turn(turned, cos, sin);
    turn(fresh, cos, sin);
    const float scale = rsqrtf((float)D);
#pragma unroll
    for (int i = 0; i < KEYS; i++) {
        const int j = i * OCTETS + (tid >> 3);
        float4 sum = make_float4(0.f, 0.f, 0.f, 0.f);
#pragma unroll
        for (int m = 0; m < FOURS; m++) sum = sum + (j == slot ? fresh[m] : keys[i][m]) * turned[m];
        float score = total(sum);
        for (int n = 4; n > 0; n >>= 1) score += __shfl_xor_sync(0xffffffffu, score, n);
        if ((lane & 7) == 0 && j < count) weights[j] = score * scale;
    }
#pragma unroll 2
    for (int j = KEYS * OCTETS + (tid >> 3); j < count; j += OCTETS) {
        float4 sum = make_float4(0.f, 0.f, 0.f, 0.f);
#pragma unroll
        for (int m = 0; m < FOURS; m++)
            sum = sum + (j == slot ? fresh[m] : *(const float4*)(myKeys + j * D + 32 * m + eighth)) * turned[m];
        float score = total(sum);
        const unsigned eight = 0xffu << (lane & 24); // the number of keys need not fill the last warp
        for (int n = 4; n > 0; n >>= 1) score += __shfl_xor_sync(eight, score, n);
        if ((lane & 7) == 0) weights[j] = score * scale;
    }
    if (LATE) { // into the keys' registers
        fetchMap();
        fetchPart();
        fetchValues();
    }
    float z = 0.f, gate = 0.f;
#pragma unroll
    for (int i = 0; i < QUADS; i++) z += ofQuery[i].times(ofPart[i]);
    for (int i = QUADS; i < ALL_QUADS; i++) {
        Quad w;
        w.read(wq + (size_t)4 * PARTS * i * HALF_F, HALF_F);
        z += w.times(load4(myQuery + 4 * (p + PARTS * i)));
    }
    part[0][p][c] = z;
#pragma unroll
    for (int i = 0; i < GATES; i++) gate += inputs[i] * gates[i];
#pragma unroll 4
    for (int i = GATES * THREADS + tid; i < width; i += THREADS)
        gate += load(myInput[i]) * gateWeight[(size_t)head * width + i];
    gate = warpSum(gate);
    if (lane == 0) gatePart[warp] = gate;
    __syncthreads();

    // 2. softmax
    if (warp < 4) {
        const int which = warp >> 1;
        const float sign = warp & 1 ? -1.f : 1.f;
        float z[HALF_F / 32], highest = -1e30f, sum = 0.f;
#pragma unroll
        for (int i = 0; i < HALF_F / 32; i++) {
            z[i] = 0.f;
#pragma unroll
            for (int n = 0; n < PARTS; n++) z[i] += part[which][n][lane + 32 * i];
            z[i] *= sign;
            highest = fmaxf(highest, z[i]);
        }
        highest = warpMax(highest);
#pragma unroll
        for (int i = 0; i < HALF_F / 32; i++) {
            z[i] = __expf(z[i] - highest);
            sum += z[i];
        }
        const float share = 1.f / warpSum(sum);
#pragma unroll
        for (int i = 0; i < HALF_F / 32; i++)
            feature[which][(warp & 1) * HALF_F + lane + 32 * i] = fmaxf(z[i] * share, SMALLEST);
    } else if (warp == 4) {
        float highest = top, sum = 0.f;
#pragma unroll 4
        for (int j = lane; j < count; j += 32) highest = fmaxf(highest, weights[j]);
        highest = warpMax(highest);
#pragma unroll 4
        for (int j = lane; j < count; j += 32) {
            const float weight = __expf(weights[j] - highest);
            weights[j] = weight;
            sum += weight;
        }
        for (int j = count + lane; j < GROUPS * VALUES; j += 32) weights[j] = 0.f;
        sum = warpSum(sum);
        if (lane == 0) nearMass = sum + (sink ? __expf(top - highest) : 0.f);
    }
    float logit = bias; // by all others in the meantime
#pragma unroll
    for (int i = 0; i < WARPS; i++) logit += gatePart[i];
    const float decay = 1.f / (1.f + __expf(-logit));
    __syncthreads();

    // 3. matrices
    if (tid < 2 * HALF_F) {
        mass = masses[tid];
        if (leaves) mass = decay * mass + feature[1][tid];
        if (leaves && SLICES == 1) state[tid * (D + 1) + D] = mass;
        if (SLICES > 1) masses[tid] = mass; // the last slice writes it
        mass = warpSum(mass * feature[0][tid]);
        if (lane == 0) farPart[warp] = mass;
    }
    float sum = 0.f, near = 0.f;
    if (leaves) {
        const float value = leavingValue[column];
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
            s[i] = decay * s[i] + feature[1][stretch * ROWS + i] * value;
            mine[i * (D + 1)] = s[i];
        }
    }
#pragma unroll
    for (int i = 0; i < ROWS; i++) sum += feature[0][stretch * ROWS + i] * s[i];
#pragma unroll
    for (int i = 0; i < VALUES; i++) {
        const int j = stretch * VALUES + i;
        near += weights[j] * (j == slot ? freshValue : values[i]);
    }
#pragma unroll 4
    for (int j = GROUPS * VALUES + stretch; j < count; j += GROUPS)
        near += weights[j] * (j == slot ? freshValue : myValues[j * D + column]);
    sums[stretch][column] = sum + e * near;
    __syncthreads();

    // 4. join
    if (tid < COLUMNS) {
        float numerator = 0.f, whole = e * nearMass;
#pragma unroll
        for (int i = 0; i < GROUPS; i++) numerator += sums[i][tid];
#pragma unroll
        for (int i = 0; i < 2 * HALF_F / 32; i++) whole += farPart[i];
        y[(size_t)(batch * heads + head) * D + first + tid] = store(numerator / whole);
    }
    if (warp == CLERK) {
        if (__shfl_sync(0xffffffffu, before, 0) == READERS - 1) { // lanes 0-7: the key, 8-15: the value
            if (LATE) fetchTail();
            float* to = (lane < 8 ? myKeys : myValues - first) + slot * D + eighth;
#pragma unroll
            for (int m = 0; m < FOURS; m++) {
                if (lane < 16) *(float4*)(to + 32 * m) = lane < 8 ? fresh[m] : tail[m];
            }
            if (READERS > 1 && lane == 0) *counter = 0;
        }
        if (SLICES > 1 && __shfl_sync(0xffffffffu, before, 1) == SLICES - 1) {
            if (leaves) {
#pragma unroll
                for (int i = 0; i < 2 * HALF_F / 32; i++) state[(lane + 32 * i) * (D + 1) + D] = masses[lane + 32 * i];
            }
            if (lane == 1) *counter = 0;
        }
    }
}
