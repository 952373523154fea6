// Of lizard_forward.cu: what each stretch of a long sequence writes, for the stretches after it.
#pragma once
#include "forward_memory.cuh"

/** What each stretch but the last writes into an empty S, and its whole decay. Grid B * H * (segments - 1). */
extern "C" __global__ void __launch_bounds__(THREADS, D == 64 ? 2 : 1) lizard_states(
        const Io* k, const Io* v, const float* gates, const Map* mapK, const float* initial, float* carry,
        const int* documents, int heads, int group, int tokens, int past, int segments, int length,
        int kb, int kt, int kh, int vb, int vt, int vh) {
    const Strides ks = {kb, kt, kh}, vs = {vb, vt, vh};
    extern __shared__ __align__(1024) char memory[];
    Small& small = *reinterpret_cast<Small*>(memory + SMALL);
    const u32 base = sharedAddress(memory);
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    const int segment = blockIdx.x % (segments - 1);
    const int bh = blockIdx.x / (segments - 1);
    const int batch = bh / heads, head = bh % heads;
    const int begin = segment * length, end = begin + length;
    Source in;
    in.q = nullptr;
    in.k = k + batch * ks.batch + (head / group) * ks.head + past * ks.token;
    in.v = v + batch * vs.batch + (head / group) * vs.head + past * vs.token;
    in.gate = gates + (long long)bh * tokens;
    in.document = documents == nullptr ? nullptr : documents + (long long)batch * tokens;
    in.qt = 0, in.kt = ks.token, in.vt = vs.token;
    in.tokens = tokens, in.past = past;
    State state;
    state.clear();
    float whole = 1.f;
    const float* old = segment == 0 && initial != nullptr ? initial + (long long)bh * FEATURES * (D + 1) : nullptr;
    if (old != nullptr) {
        state.read(old);
    }
    startSums(small, old);
    stageMap(base + MAP_K, mapK + head * D * HALF_F);
    Held held;
    held.read(in.k, in.kt, begin - LAG, -past, tokens);
    float2 gate = readGates(in, begin, lane);
    stageRows(base + VALUES, 0, in.v, in.vt, in, begin - LAG);
    copyCommit();
    int place = 0;
    for (int first = begin; first < end; first += CHUNK) {
        held.write(base + PHI_K);
        copyWait<0>();
        __syncthreads();
        if (first + CHUNK < end) {
            stageRows(base + VALUES, CHUNK - place, in.v, in.vt, in, first + CHUNK - LAG);
            copyCommit();
            held.read(in.k, in.kt, first + CHUNK - LAG, -past, tokens);
        }
        if (warp == WARPS - 1) {
            sumGates(small, gate, in, first, lane);
        }
        if (first + CHUNK < end) {
            gate = readGates(in, first + CHUNK, lane);
        }
        if (warp < 4) {
            float x[HALF_F / 8][4];
            project(x, base + PHI_K, 16 * warp, base + MAP_K, lane);
            mapRows<false>(x, base + PHI_K, small, 16 * warp, lane);
        }
        __syncthreads();
        state.decay(small.total[0]);
        whole *= small.total[0];
        float z[2 * SHARE][4];
        clearSums(z);
#pragma unroll
        for (int step = 0; step < CHUNK / 16; step++) {
            u32 b[4];
            loadBt<RING>(b, base + VALUES, place + 16 * step, warp, lane);
            state.learn(b, base + PHI_K, small.write, z, step, warp, lane);
        }
        keepSums(z, small, warp, lane);
        __syncthreads();
        place = CHUNK - place;
    }
    float* to = carry + ((long long)bh * (segments - 1) + segment) * CARRY;
    state.put(to);
    for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
        to[THREADS * 4 * NF + t] = small.z[t];
    }
    if (threadIdx.x == 0) {
        to[CARRY - 4] = whole;
    }
}
