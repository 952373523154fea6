// What a training step does to parameters a layer at a time: so little that it is one launch in place of many that counts.
// Compiled with BF16 = 1 for bfloat16 activations, without it for float32.
#include "common.cuh"

#if BF16
typedef u16 Number;
__device__ __forceinline__ Number rounded(float x) { return (u16)lz::pack(x, 0.f); }
#else
typedef float Number;
__device__ __forceinline__ Number rounded(float x) { return x; }
#endif

// ---- low-rank factors: down [ranks, width] has every a below the other, up [outputs, ranks] every scale b as a block ----

#define MOST 4
struct Factors {
    struct { const float *a, *b; } factor[MOST]; // [rank, width], [rows, rank]
    Number *down, *up;
    struct { int before, rank, first, rows; } place[MOST]; // ranks before its own, its ranks, its outputs
    int count, width, outputs, ranks;
    float scale;
    int unused;
};

extern "C" __global__ void stackFactors(const Factors f) {
    const int downs = f.ranks * f.width;
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    const bool isDown = i < downs;
    if (!isDown) i -= downs;
    if (i >= (isDown ? downs : f.outputs * f.ranks)) return;
    const int columns = isDown ? f.width : f.ranks, row = i / columns, column = i % columns;
    float value = 0.f;
#pragma unroll
    for (int k = 0; k < MOST; k++) {
        const int rank = (isDown ? row : column) - f.place[k].before, output = row - f.place[k].first;
        if (k >= f.count || rank < 0 || rank >= f.place[k].rank) continue;
        if (isDown) {
            value = f.factor[k].a[(size_t)rank * f.width + column];
        } else if (output >= 0 && output < f.place[k].rows) {
            value = f.scale * f.factor[k].b[(size_t)output * f.place[k].rank + rank];
        }
    }
    (isDown ? f.down : f.up)[i] = rounded(value);
}

// ---- sums: to += from for many small matrices, those of bfloat16 too; a row of blocks for each ----

#define MOST_SUMS 100
struct Sum {
    float* to;        // [rows, columns], contiguous
    const void* from; // its rows `stride` numbers apart
    int rows, columns, stride, half;
};
struct Sums { Sum sum[MOST_SUMS]; };

extern "C" __global__ void addSums(const Sums sums) {
    const Sum& s = sums.sum[blockIdx.y];
    const int count = s.rows * s.columns;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += gridDim.x * blockDim.x) {
        const size_t at = (size_t)(i / s.columns) * s.stride + i % s.columns;
        s.to[i] += s.half ? lz::low(((const u16*)s.from)[at]) : ((const float*)s.from)[at];
    }
}

// ---- a head's few numbers: e = exp(l) of l [heads], z = log sum exp s of s [rows, m], a row a head or one for all ----

/** The largest of a row, and the sum of exp(s - largest). */
__device__ __forceinline__ float2 mass(const float* s, int m) {
    float top = s[0], sum = 0.f;
    for (int i = 1; i < m; i++) top = fmaxf(top, s[i]);
    for (int i = 0; i < m; i++) sum += expf(s[i] - top);
    return make_float2(top, sum);
}

extern "C" __global__ void headLogs(const float* l, const float* s, float* e, float* z, int heads, int rows, int m) {
    for (int h = threadIdx.x; h < heads; h += blockDim.x) {
        e[h] = expf(l[h]);
        if (!s) continue;
        const float2 all = mass(s + (size_t)(rows == 1 ? 0 : h) * m, m);
        z[h] = all.x + logf(all.y);
    }
}

/** dl = e de, ds = softmax(s) dz. */
extern "C" __global__ void headLogSlopes(
    const float* e, const float* s, const float* de, const float* dz, float* dl, float* ds, int heads, int rows, int m) {
    for (int h = threadIdx.x; h < heads; h += blockDim.x) dl[h] = e[h] * de[h];
    if (!s) return;
    for (int r = threadIdx.x; r < rows; r += blockDim.x) {
        float d = dz[r];
        if (rows == 1) {
            for (int h = 1; h < heads; h++) d += dz[h];
        }
        const float* row = s + (size_t)r * m;
        const float2 all = mass(row, m);
        for (int i = 0; i < m; i++) ds[(size_t)r * m + i] = d * expf(row[i] - all.x) / all.y;
    }
}
