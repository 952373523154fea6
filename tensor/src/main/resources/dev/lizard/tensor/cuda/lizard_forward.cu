// The Lizard mixer, whole sequence, forward, in one pass: gated linear attention for what is far, a softmax window with
// a sink for what is near, joined.
//
// Formulas (docs/format.md): for head h with key head h / GROUP, time i, w = WINDOW,
//   window  s_ij = rot(q_i).rot(k_j) / sqrt(d) for i - w < j <= i,  m_i = max(max_j s_ij, sink)
//           Nw_i = sum_j exp(s_ij - m_i) v_j,  Dw_i = sum_j exp(s_ij - m_i) + exp(sink - m_i)
//   far     a_ij = phi_q(q_i).phi_k(k_j) exp(sum_{l = j + LAG + 1 .. i} g_l) for j <= i - LAG,  g = max(log gamma, -30)
//           Nl_i = sum_j a_ij v_j,  Dl_i = sum_j a_ij
//   JOINT (MODE 0), LAG = w:  y = (Nl + e Nw) / (Dl + e Dw)        share = e
//   SUM   (MODE 1), LAG = 0:  y = b Nl / Dl + (1 - b) Nw / Dw      share = b
//   WINDOW(MODE 2):           y = Nw / Dw
//
// Work. A block takes one (batch, head), or one stretch of it, and walks over chunks of 64 queries. It holds the matrix
// S = sum of decayed phi_k(k)^T v, transposed, in the accumulators of its warps: warp n owns the columns 16 n .. of d.
// There are d / 16 warps: 4 for d = 64 (two blocks a multiprocessor), 8 for d = 128 (one). A chunk:
//
//   0  rows    rotate the chunk's q and k in place; phi of its q and of the 64 keys that get written in this chunk
//              (with LAG = w those that leave the window, fetched once more, unrotated)
//   1  rows    scores of 16 queries against the w + 16 keys of their band, only the first and the last 16 masked, and
//              against the written keys up to their own; row maximum, both masses, hence the factor of every term
//              *before* any value is touched: no accumulator is ever rescaled. With LAG = w one 16 x 16 block has
//              window terms above its diagonal and far terms below: they share one matrix P.
//      columns O = phi_q S, S as B fragments straight from the accumulators
//   2  columns O = factor O + P V;  S = decay S + (weights V)^T phi_k, with the same fragments of V;  y
//
// "rows": a warp owns 16 queries (with 8 warps two warps share them, and exchange one maximum and two sums a row);
// "columns": a warp owns 16 of the d columns. P, phi_q, phi_k go from one to the other through shared memory.
//
// Shared memory: rings of w + 64 rotated keys and values; the written keys, then their features in their place; q and
// phi_q, then P in their place; both maps; at d = 128 the chunk's rows of cos and sin (at d = 64 they wait in registers, so
// that two blocks fit). d = 64, f = 128, w = 128: 107 KB; d = 128: 211 KB.
// The next chunk is under way while one is worked on: k and the tables by cp.async once the scores are done, into the
// ring's oldest rows, v at the chunk's end, q and the written keys in registers, since their places are taken.
//
// Decay: G = running sum of log2 gates within the chunk; every exponent is a difference G_i - G_j <= 0, formed first.
// Before the diagonal it is cut in two such differences at the last of each 16 keys, which saves most exponentials.
//
// Recomputed: nothing, but the written keys are read twice (raw, from L2 as a rule), and their rotation is not undone.
//
// Products: by warps (forward_warps.cuh, what is said above) or, at d = 128 on cards with wgmma, by warpgroups
// (forward_groups.cuh), which differ in how phases 1 and 2 are cut: one warpgroup has 64 columns of P and the written keys,
// the other w columns, all for 64 queries, and O is transposed. Loading operands takes a warp as many instructions as
// multiplying; a warpgroup's products read them from shared memory.
//
// Registers: all 255 are used (64 hold S), which allows 8 warps a multiprocessor in either size.
//
// Bound: at d = 128, w = 128, f = 128 about 186 kFLOP a query and head: 0.4 ms for 2^20 of them at the rate of mma.sync
// on an H100, about what device memory needs for q, k, v and y. Neither is reached. By warpgroups a chunk takes 16,000 cycles:
// 4,400 features and rotation, 4,500 scores and their exponentials, 1,200 P and the barriers about it, 1,700 fetching
// the next chunk, 2,500 the products of phase 2, 1,800 y. Twice the warps with half the registers take as long.
//
// Long sequences with few heads: SEGMENTS. `lizard_states` walks over stretches of `length` tokens at once and leaves
// for each what it writes into an empty S; `lizard_forward` then starts each stretch from the decayed sum of those before.
//
// Defines: D (64, 128), HALF_F = f/2 (32, 64; 128 with D 64), WINDOW (multiple of 16, 64..128), MODE, IO_FLOAT (q, k, v,
// y float32 instead of bfloat16), MAP_FLOAT (the maps float32), SAVE (write maximum, inverse, argmax), DOCUMENTS, GROUPED (0
// or 1: products by warps or by warpgroups).
//
// Launch: grid (B * H * segments), block 2 D threads, dynamic shared memory lizard_shared_bytes (a constant in the
// module). lizard_states: the same with segments - 1 stretches a head.
#include "forward_groups.cuh"
#include "forward_stretches.cuh"
#include "forward_warps.cuh"

/** Who multiplies. */
template <bool>
struct Choice {
    typedef Warps Way;
};
template <>
struct Choice<true> {
    typedef Groups Way;
};
typedef Choice<GROUPED>::Way Way;

extern "C" __device__ const int lizard_shared_bytes = SHARED;
extern "C" __device__ const int lizard_threads = THREADS;
extern "C" __device__ const int lizard_carry_floats = CARRY;

extern "C" __global__ void __launch_bounds__(THREADS, D == 64 ? 2 : 1) lizard_forward(
        const Io* q, const Io* k, const Io* v, Io* y, // [B, T, H, D], [B, P + T, G, D] twice, [B, T, H, D] by strides
        const float* cosines, const float* sines,     // [P + T, D / 2], rows `pitch` apart; row P: first query
        const float* gates,                           // log gamma [B, H, T]
        const float* sinks,                           // [H] or null
        const float* shares,                          // [H]
        const Map* mapQ, const Map* mapK,             // [H, d, f/2]
        const float* initial,                         // S before the first query [B, H, f, D + 1] or null
        float* final,                                 // S after the last [B, H, f, D + 1] or null
        float* maximum, float* inverse, int* argmax,  // [B, H, T] each, with SAVE; argmax counts rows of k
        const int* documents,                         // [B, T] with DOCUMENTS, P = 0
        const float* carry,                           // [B, H, segments - 1, lizard_carry_floats] of lizard_states
        int heads, int group, int tokens, int past, int segments, int length, int pitch,
        int qb, int qt, int qh, int kb, int kt, int kh, int vb, int vt, int vh, int yb, int yt, int yh) {
    const Strides qs = {qb, qt, qh}, ks = {kb, kt, kh}, vs = {vb, vt, vh}, ys = {yb, yt, yh};
    extern __shared__ __align__(1024) char memory[];
    Small& small = *reinterpret_cast<Small*>(memory + SMALL);
    const u32 base = sharedAddress(memory);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int segment = blockIdx.x % segments;
    const int bh = blockIdx.x / segments;
    const int batch = bh / heads, head = bh % heads;
    const int begin = segment * length, end = min(tokens, begin + length);

    Source in;
    in.q = q + batch * qs.batch + head * qs.head;
    in.k = k + batch * ks.batch + (head / group) * ks.head + past * ks.token;
    in.v = v + batch * vs.batch + (head / group) * vs.head + past * vs.token;
    in.gate = gates + (long long)bh * tokens;
    in.document = documents == nullptr ? nullptr : documents + (long long)batch * tokens;
    in.qt = qs.token, in.kt = ks.token, in.vt = vs.token;
    in.tokens = tokens, in.past = past;
    y += batch * ys.batch + head * ys.head + 16 * warp;

    Row row;
    row.keys = base + KEYS, row.queries = base + QUERIES, row.phiQ = base + PHI_Q, row.phiK = base + PHI_K;
    row.sink = sinks == nullptr ? 2 * NONE : sinks[head] * LOG2E;
    row.share = shares == nullptr ? 0.f : shares[head];
    row.scale = LOG2E * rsqrtf((float)D);
    row.maximum = maximum + (long long)bh * tokens;
    row.inverse = inverse + (long long)bh * tokens;
    row.argmax = argmax + (long long)bh * tokens;

    State state;
    state.clear();
    if (FAR) {
        stageMap(base + MAP_Q, mapQ + head * D * HALF_F);
        stageMap(base + MAP_K, mapK + head * D * HALF_F);
    }
    stageWindow(base + KEYS, in.k, in.kt, in, begin);
    stageRows(base + KEYS, WINDOW, in.k, in.kt, in, begin);
    stageWindow(base + VALUES, in.v, in.vt, in, begin);
    if (TABLES) {
        stageTables(base, cosines, sines, pitch, past + begin, past + tokens - 1);
    }
    copyCommit();
    Held heldQ, heldK;
    float2 gate = make_float2(0.f, 0.f);
    heldQ.read(in.q, in.qt, begin, 0, tokens);
    if (FAR) {
        heldK.read(in.k, in.kt, begin - LAG, -past, tokens);
        gate = readGates(in, begin, lane);
        const float* old = segment == 0 && initial != nullptr ? initial + (long long)bh * FEATURES * (D + 1) : nullptr;
        if (old != nullptr) {
            state.read(old);
        }
        startSums(small, old);
        for (int s = 0; s < segment; s++) { // older stretches decay by the younger ones
            const float* from = carry + ((long long)bh * (segments - 1) + s) * CARRY;
            float by = from[CARRY - 4];
            state.decay(by);
            state.add(from);
            for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
                small.z[t] = small.z[t] * by + from[THREADS * 4 * NF + t];
            }
        }
    }
    copyWait<0>();
    __syncthreads();
    for (int r = 16 * warp; r < WINDOW; r += 16 * WARPS) { // the window before the first query
        Rotation<D> before;
        before.load(cosines, sines, pitch, past + begin - WINDOW + r, past + tokens - 1, lane);
        before.template apply<RING>(base + KEYS, r, lane);
    }

    Rotation<D> rotation;
    if (!TABLES) {
        rotation.load(cosines, sines, pitch, past + begin + 16 * (warp & 3), past + tokens - 1, lane);
    }
    int ring = 0; // ring row of time first - WINDOW
    for (int first = begin; first < end; first += CHUNK) {
        const int fresh = ring + WINDOW >= RING ? ring + WINDOW - RING : ring + WINDOW;
        row.first = first, row.ring = ring;
        heldQ.write(base + QUERIES);
        if (FAR) {
            heldK.write(base + PHI_K);
        }
        copyWait<0>(); // the chunk's keys
        Way::publish();
        stageRows(base + VALUES, fresh, in.v, in.vt, in, first);
        copyCommit();
        if (FAR && warp == WARPS - 1) {
            sumGates(small, gate, in, first, lane);
        }
        Way::prepare(rotation, base, small, fresh, warp, lane); // phase 0
        Way::publish();
        Way::Output o;
        Way::weigh(o, row, in, small, state, base, warp, lane); // phase 1
        const bool more = first + CHUNK < end;
        if (more) { // the oldest keys are done with
            stageRows(base + KEYS, ring, in.k, in.kt, in, first + CHUNK);
            if (TABLES) {
                stageTables(base, cosines, sines, pitch, past + first + CHUNK, past + tokens - 1);
            }
        }
        copyCommit();
        copyWait<1>(); // the chunk's values
        Way::publish();
        if (more) {
            heldQ.read(in.q, in.qt, first + CHUNK, 0, tokens);
            if (FAR) {
                heldK.read(in.k, in.kt, first + CHUNK - LAG, -past, tokens);
                gate = readGates(in, first + CHUNK, lane);
            }
            if (!TABLES) {
                rotation.load(cosines, sines, pitch, past + first + CHUNK + 16 * (warp & 3), past + tokens - 1, lane);
            }
        }
        Way::collect(o, row, state, small, base, y, ys.token, tokens, warp, lane); // phase 2
        __syncthreads();
        ring = ring + CHUNK >= RING ? ring + CHUNK - RING : ring + CHUNK;
    }
    if (FAR && final != nullptr && end == tokens) {
        state.write(final + (long long)bh * FEATURES * (D + 1), small);
    }
}
