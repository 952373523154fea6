// The logits of gates, z = x W^T for a few heads, and their gradients: x [N, D] bfloat16, W [H, D] and z [N, H] float32.
// As products of matrices they are too thin for tensor cores to matter, and float32 ones would first need a wide copy of
// x, twice its size. Here x is read once in each direction and widened in registers; arithmetic is float32.
//
// Heads come in groups of GROUP <= 16 (grid z), the weights of a group lie in shared memory, columns in pieces of 256:
// a lane has 8 of them. So a warp adds 8 GROUP products a row and lane.
//
//   forward   a warp takes ROWS rows at a time; each piece of W is used for all of them; sums over lanes by shuffles
//   inputs    dx = dz W, the same the other way; all groups in one block, since they add up
//   weights   dW = dz^T x, and db the sum of dz: a block takes a share of the rows and up to COLUMNS columns, 8 a thread,
//             some rows at a time; parts are added by the host's next operation, in a fixed order
//
// Bound: reading x, 2 N D bytes, and in `inputs` writing as much: 38 MB and 11 us for 32,768 rows of 576 on an H100.
// Measured there for 9 heads: forward 25 us, inputs 24, weights 34.
//
// Defines: GROUP (heads of a group), ROWS. Launch: block 256 where nothing else is said; D a multiple of 8.
//   logitsForward  grid (any, 1, groups), dynamic shared 4 GROUP D
//   logitsInputs   grid (any),            dynamic shared 4 GROUP D
//   logitsWeights  grid (parts, pieces of columns, groups), block (threads of a row, rows), no dynamic shared
//   logGates, logGateSlopes  a thread a number
#include "common.cuh"

#define WARPS 8
#define PIECE 256
#define COLUMNS 640 // most columns of a block of logitsWeights
#define AHEAD 4     // rows that a thread of it has on their way

/** 8 numbers in bfloat16, widened. */
__device__ __forceinline__ void widen(float* to, uint4 v) {
    to[0] = lz::low(v.x), to[1] = lz::high(v.x), to[2] = lz::low(v.y), to[3] = lz::high(v.y);
    to[4] = lz::low(v.z), to[5] = lz::high(v.z), to[6] = lz::low(v.w), to[7] = lz::high(v.w);
}

/** 8 numbers of shared memory. */
__device__ __forceinline__ void take(float* to, const float* from) {
    const float4 a = *(const float4*)from, b = *(const float4*)(from + 4);
    to[0] = a.x, to[1] = a.y, to[2] = a.z, to[3] = a.w, to[4] = b.x, to[5] = b.y, to[6] = b.z, to[7] = b.w;
}

/** The weights of the heads from `first` on, zeros for heads that are not there. */
__device__ __forceinline__ void stage(float* to, const float* weight, int first, int heads, int width) {
    for (int i = threadIdx.x; i < GROUP * width / 4; i += 32 * WARPS) {
        const bool there = first + 4 * i / width < heads;
        ((float4*)to)[i] = there ? ((const float4*)(weight + (size_t)first * width))[i] : make_float4(0.f, 0.f, 0.f, 0.f);
    }
}

#define LEFT ((ROWS * GROUP + 31) / 32)

/**
 * N sums over the lanes of a warp. In each of five steps a lane hands half of its numbers to its partner and adds those it
 * gets, N shuffles in all where one sum after the other takes 5 N: lane l ends with sums `place` to `place + held - 1`.
 */
template <int N, int APART = 16>
__device__ __forceinline__ void sumLanes(float* x, int lane, int& place, int& held) {
    if constexpr (APART > 0) {
        constexpr int LOWER = (N + 1) / 2;
        const bool upper = lane & APART;
#pragma unroll
        for (int i = 0; i < LOWER; i++) {
            const float high = LOWER + i < N ? x[LOWER + i] : 0.f;
            const float sent = __shfl_xor_sync(~0u, upper ? x[i] : high, APART);
            x[i] = (upper ? high : x[i]) + sent;
        }
        place += upper ? LOWER : 0;
        held = upper ? max(0, held - LOWER) : min(held, LOWER);
        sumLanes<LOWER, APART / 2>(x, lane, place, held);
    }
}

extern "C" __global__ void __launch_bounds__(32 * WARPS) logitsForward(
    const u16* x, const float* weight, float* z, int rows, int width, int heads) {
    extern __shared__ __align__(16) float staged[];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, first = blockIdx.z * GROUP;
    stage(staged, weight, first, heads, width);
    __syncthreads();
    for (int row = (blockIdx.x * WARPS + warp) * ROWS; row < rows; row += gridDim.x * WARPS * ROWS) {
        float sum[ROWS][GROUP] = {};
        for (int column = 8 * lane; column < width; column += PIECE) {
            float a[ROWS][8];
#pragma unroll
            for (int r = 0; r < ROWS; r++) widen(a[r], *(const uint4*)(x + (size_t)min(row + r, rows - 1) * width + column));
#pragma unroll
            for (int h = 0; h < GROUP; h++) {
                float w[8];
                take(w, staged + h * width + column);
#pragma unroll
                for (int r = 0; r < ROWS; r++) {
#pragma unroll
                    for (int i = 0; i < 8; i++) sum[r][h] += a[r][i] * w[i];
                }
            }
        }
        int place = 0, held = ROWS * GROUP; // of this lane's sums
        sumLanes<ROWS * GROUP>(&sum[0][0], lane, place, held);
#pragma unroll
        for (int i = 0; i < LEFT; i++) {
            const int r = row + (place + i) / GROUP, h = first + (place + i) % GROUP;
            if (i < held && r < rows && h < heads) z[(size_t)r * heads + h] = (&sum[0][0])[i];
        }
    }
}

extern "C" __global__ void __launch_bounds__(32 * WARPS) logitsInputs(
    const float* dz, const float* weight, u16* dx, int rows, int width, int heads) {
    extern __shared__ __align__(16) float staged[];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    if (heads <= GROUP) stage(staged, weight, 0, heads, width);
    __syncthreads();
    for (int row = (blockIdx.x * WARPS + warp) * ROWS; row < rows; row += gridDim.x * WARPS * ROWS) {
        for (int column = 8 * lane; column < width; column += PIECE) {
            float sum[ROWS][8] = {};
            for (int h = 0; h < heads; h++) {
                float w[8];
                take(w, (heads <= GROUP ? staged : weight) + (size_t)h * width + column);
#pragma unroll
                for (int r = 0; r < ROWS; r++) {
                    const float d = dz[(size_t)min(row + r, rows - 1) * heads + h];
#pragma unroll
                    for (int i = 0; i < 8; i++) sum[r][i] += d * w[i];
                }
            }
#pragma unroll
            for (int r = 0; r < ROWS; r++) {
                const float* s = sum[r];
                if (row + r < rows) {
                    *(uint4*)(dx + (size_t)(row + r) * width + column) = make_uint4(
                        lz::pack(s[0], s[1]), lz::pack(s[2], s[3]), lz::pack(s[4], s[5]), lz::pack(s[6], s[7]));
                }
            }
        }
    }
}

// parts [gridDim.x, stride]: dW [heads, width], then db [heads]. blockDim: (threads of a row, rows at a time).
extern "C" __global__ void __launch_bounds__(288) logitsWeights(
    const u16* x, const float* dz, float* parts, int rows, int width, int heads, int stride) {
    __shared__ __align__(16) float total[GROUP][COLUMNS];
    __shared__ float ofBias[GROUP];
    const int first = blockIdx.z * GROUP, mine = 8 * threadIdx.x, column = blockIdx.y * 8 * blockDim.x + mine;
    const bool there = column < width;
    const int share = (rows + gridDim.x - 1) / gridDim.x, begin = blockIdx.x * share, end = min(rows, begin + share);
    float sum[GROUP][8] = {}, bias[GROUP] = {};
    for (int row = begin + threadIdx.y; row < end; row += AHEAD * blockDim.y) {
        uint4 held[AHEAD];
#pragma unroll
        for (int r = 0; r < AHEAD; r++) {
            const int own = row + r * blockDim.y;
            held[r] = there && own < end ? *(const uint4*)(x + (size_t)own * width + column) : make_uint4(0, 0, 0, 0);
        }
#pragma unroll
        for (int r = 0; r < AHEAD; r++) {
            const int own = row + r * blockDim.y;
            float a[8];
            widen(a, held[r]);
#pragma unroll
            for (int h = 0; h < GROUP; h++) {
                const float d = own < end && first + h < heads ? dz[(size_t)own * heads + first + h] : 0.f;
#pragma unroll
                for (int i = 0; i < 8; i++) sum[h][i] += d * a[i];
                bias[h] += d;
            }
        }
    }
    for (int turn = 0; turn < blockDim.y; turn++) { // one row of threads after the other: always the same sum
        if (threadIdx.y == turn) {
#pragma unroll
            for (int h = 0; h < GROUP; h++) {
                float before[8] = {};
                if (turn > 0) take(before, &total[h][mine]);
#pragma unroll
                for (int i = 0; i < 8; i++) before[i] += sum[h][i];
                *(float4*)&total[h][mine] = make_float4(before[0], before[1], before[2], before[3]);
                *(float4*)&total[h][mine + 4] = make_float4(before[4], before[5], before[6], before[7]);
                if (mine == 0) ofBias[h] = turn > 0 ? ofBias[h] + bias[h] : bias[h];
            }
        }
        __syncthreads();
    }
    float* to = parts + (size_t)blockIdx.x * stride;
    for (int h = threadIdx.y; h < GROUP && first + h < heads; h += blockDim.y) {
        if (there) {
            *(float4*)(to + (first + h) * width + column) = *(const float4*)&total[h][mine];
            *(float4*)(to + (first + h) * width + column + 4) = *(const float4*)&total[h][mine + 4];
        }
        if (blockIdx.y == 0 && mine == 0) to[heads * width + first + h] = ofBias[h];
    }
}

// g = max(log sigmoid(z + bias), floor) [B, H, T] of z [B, T, H]
extern "C" __global__ void logGates(
    const float* z, const float* bias, float* g, long long count, int tokens, int heads, float floor) {
    const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const int h = i / tokens % heads;
    const float v = z[(i / tokens / heads * tokens + i % tokens) * heads + h] + (bias ? bias[h] : 0.f);
    const float log = fminf(v, 0.f) - log1pf(expf(-fabsf(v)));
    g[i] = log < floor ? floor : log; // what is no number stays so
}

// dz = (1 - exp(g)) dg where g is above the floor: [B, T, H] of [B, H, T]
extern "C" __global__ void logGateSlopes(
    const float* dg, const float* g, float* dz, long long count, int tokens, int heads, float floor) {
    const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const int h = i / tokens % heads;
    dz[(i / tokens / heads * tokens + i % tokens) * heads + h] = g[i] == floor ? 0.f : -expm1f(g[i]) * dg[i];
}
