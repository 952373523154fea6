// Of lizard_forward.cu: the matrix S and the vector z, kept in registers.
#pragma once
#include "forward_features.cuh"

/** Adds to z, this warp's share of the features, phi_k of 16 keys times their weights: fragments of one row. */
__device__ __forceinline__ void addFeatures(
        float (&z)[2 * SHARE][4], u32 w0, u32 w2, u32 phi, int step, int warp, int lane) {
#pragma unroll
    for (int n = 0; n < SHARE; n++) {
        u32 x[4];
        loadBt<CHUNK>(x, phi, 16 * step, min(warp * SHARE + n, NF / 2 - 1), lane);
        mma(z[2 * n], w0, 0, w2, 0, x[0], x[1]);
        mma(z[2 * n + 1], w0, 0, w2, 0, x[2], x[3]);
    }
}

/** The matrix S of a block, transposed: this warp's 16 columns of d as rows. */
struct State {
    float s[NF][4];

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int n = 0; n < NF; n++) {
            s[n][0] = s[n][1] = s[n][2] = s[n][3] = 0.f;
        }
    }

    /** Adds what `put` wrote. */
    __device__ __forceinline__ void add(const float* from) {
        const float4* x = reinterpret_cast<const float4*>(from);
#pragma unroll
        for (int n = 0; n < NF; n++) {
            float4 y = x[n * THREADS + threadIdx.x];
            s[n][0] += y.x, s[n][1] += y.y, s[n][2] += y.z, s[n][3] += y.w;
        }
    }

    /** In the order of registers: no one but add() reads it. */
    __device__ __forceinline__ void put(float* to) const {
        float4* x = reinterpret_cast<float4*>(to);
#pragma unroll
        for (int n = 0; n < NF; n++) {
            x[n * THREADS + threadIdx.x] = make_float4(s[n][0], s[n][1], s[n][2], s[n][3]);
        }
    }

    /** Place of element i of s[n] in [f][d + 1]. */
    __device__ __forceinline__ static int place(int n, int i) {
        int lane = threadIdx.x & 31;
        int feature = 8 * n + 2 * (lane & 3) + (i & 1);
        return feature * (D + 1) + 16 * (threadIdx.x >> 5) + (lane >> 2) + 8 * (i >> 1);
    }

    /** From [f][d + 1]. */
    __device__ __forceinline__ void read(const float* from) {
#pragma unroll
        for (int n = 0; n < NF; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                s[n][i] = from[place(n, i)];
            }
        }
    }

    /** To [f][d + 1]; z must be in `small`. */
    __device__ __forceinline__ void write(float* to, const Small& small) const {
#pragma unroll
        for (int n = 0; n < NF; n++) {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                to[place(n, i)] = s[n][i];
            }
        }
        for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
            to[t * (D + 1) + D] = small.z[t];
        }
    }

    __device__ __forceinline__ void decay(float by) {
#pragma unroll
        for (int n = 0; n < NF; n++) {
            s[n][0] *= by, s[n][1] *= by, s[n][2] *= by, s[n][3] *= by;
        }
    }

    /**
     * Adds V^T phi_k over 16 keys, v fragments as loadBt gives them, each key with its weight; and to z, this warp's
     * share of the features, the weights times phi_k.
     */
    __device__ __forceinline__ void learn(
            const u32 (&v)[4], u32 phi, const float* weights, float (&z)[2 * SHARE][4], int step, int warp, int lane) {
        float2 a = *reinterpret_cast<const float2*>(weights + 16 * step + 2 * (lane & 3));
        float2 b = *reinterpret_cast<const float2*>(weights + 16 * step + 8 + 2 * (lane & 3));
        u32 a0 = pack(low(v[0]) * a.x, high(v[0]) * a.y), a1 = pack(low(v[2]) * a.x, high(v[2]) * a.y);
        u32 a2 = pack(low(v[1]) * b.x, high(v[1]) * b.y), a3 = pack(low(v[3]) * b.x, high(v[3]) * b.y);
        u32 w0 = lane < 4 ? pack(a.x, a.y) : 0, w2 = lane < 4 ? pack(b.x, b.y) : 0; // one row of weights
#pragma unroll
        for (int n = 0; n < NF / 2; n++) {
            u32 x[4];
            loadBt<CHUNK>(x, phi, 16 * step, n, lane);
            mma(s[2 * n], a0, a1, a2, a3, x[0], x[1]);
            mma(s[2 * n + 1], a0, a1, a2, a3, x[2], x[3]);
        }
        addFeatures(z, w0, w2, phi, step, warp, lane);
    }
};

/** z = decay z + what learn() summed. */
__device__ __forceinline__ void keepSums(const float (&z)[2 * SHARE][4], Small& small, int warp, int lane) {
    if (lane < 4 && warp * SHARE < NF / 2) {
#pragma unroll
        for (int n = 0; n < 2 * SHARE; n++) {
            float2* to = reinterpret_cast<float2*>(small.z + 16 * SHARE * warp + 8 * n + 2 * lane);
            float2 old = *to;
            *to = make_float2(old.x * small.total[0] + z[n][0], old.y * small.total[0] + z[n][1]);
        }
    }
}

__device__ __forceinline__ void clearSums(float (&z)[2 * SHARE][4]) {
#pragma unroll
    for (int n = 0; n < 2 * SHARE; n++) {
        z[n][0] = z[n][1] = z[n][2] = z[n][3] = 0.f;
    }
}

/** z from a state [f][d + 1], or zeros. */
__device__ __forceinline__ void startSums(Small& small, const float* from) {
    for (int t = threadIdx.x; t < FEATURES; t += THREADS) {
        small.z[t] = from == nullptr ? 0.f : from[t * (D + 1) + D];
    }
}
