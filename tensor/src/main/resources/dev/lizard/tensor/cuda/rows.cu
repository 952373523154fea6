// Products of a few rows with large matrices, as a decoding step needs them: y = x W^T for up to 16 rows x [B, K] and
// bfloat16 weights W [N, K], with what stands before and after in the same kernel:
//
//   NORM      x is first divided by its root mean square and multiplied by a weight [K] (once a block, into shared memory)
//   GLU       two matrices: y = silu(x Wg^T) * (x Wu^T)
//   RESIDUAL  y = residual + x W^T
//   else up to three matrices side by side, each with an output of its own (q, k, v)
//
// Every weight is read once and used for all rows: the kernel is bound by reading W, 2 N K bytes. A block of 8 warps
// makes 8 columns of y; its warps share the sum over k in pieces of 64, so that all loads of a block are in flight at
// once, and add their parts up in shared memory.
//
// Tensor cores multiply: mma m16n8k16, rows of x as A, rows of W as B. The order of k within a piece is free, as both
// operands are read in the same order; it is chosen so that a lane reads 32 bytes of one row of W at a time: of lane
// 4 r + c, row r, the numbers 16 c .. 16 c + 15 of the piece, four of them for each of four products.
//
// Weights depend on nothing that the kernel before computes, so a block reads its first pieces of W before it waits for
// that kernel (overlap.cuh); it is launched so that it may start while that one ends.
//
// Shared memory: B rows of 2 K + 16 bytes (16 so that the rows' reads hit different banks) and 4 KB (8 with GLU).
// Registers: under 64. Rows beyond B are zeros in registers and cost no loads.
//
// Launch: grid (N0 + N1 + N2) / 8, block 256, dynamic shared B (2 K + 16). K a multiple of 64, N of 8.
// Defines: NORM, GLU, RESIDUAL as 0 or 1.
#include "common.cuh"
#include "overlap.cuh"

#define WARPS 8
#define EARLY 3 // pieces of W that a warp reads before it waits

__device__ __forceinline__ float square(u32 pair) {
    return lz::low(pair) * lz::low(pair) + lz::high(pair) * lz::high(pair);
}

__device__ __forceinline__ u32 scaled(u32 pair, float factor, u32 weight) {
    return lz::pack(lz::low(pair) * factor * lz::low(weight), lz::high(pair) * factor * lz::high(weight));
}

/** 32 bytes of a row of W. */
__device__ __forceinline__ void read(uint4* to, const u16* from) {
    to[0] = *(const uint4*)from;
    to[1] = *(const uint4*)(from + 8);
}

/** Adds the products of all rows with one piece b of W, and with u of the second matrix. */
__device__ __forceinline__ void multiply(
    float (&sum)[4], float (&gated)[4], const uint4* b, const uint4* u, const unsigned char* staged, int stride, int piece,
    int count, int r, int c) {
    uint4 t0 = {0, 0, 0, 0}, t1 = t0, l0 = t0, l1 = t0;
    const unsigned char* top = staged + r * stride + 128 * piece + 32 * c;
    if (r < count) {
        t0 = *(const uint4*)top;
        t1 = *(const uint4*)(top + 16);
    }
    if (r + 8 < count) {
        l0 = *(const uint4*)(top + 8 * stride);
        l1 = *(const uint4*)(top + 8 * stride + 16);
    }
    lz::mma(sum, t0.x, l0.x, t0.y, l0.y, b[0].x, b[0].y);
    lz::mma(sum, t0.z, l0.z, t0.w, l0.w, b[0].z, b[0].w);
    lz::mma(sum, t1.x, l1.x, t1.y, l1.y, b[1].x, b[1].y);
    lz::mma(sum, t1.z, l1.z, t1.w, l1.w, b[1].z, b[1].w);
    if (GLU) {
        lz::mma(gated, t0.x, l0.x, t0.y, l0.y, u[0].x, u[0].y);
        lz::mma(gated, t0.z, l0.z, t0.w, l0.w, u[0].z, u[0].w);
        lz::mma(gated, t1.x, l1.x, t1.y, l1.y, u[1].x, u[1].y);
        lz::mma(gated, t1.z, l1.z, t1.w, l1.w, u[1].z, u[1].w);
    }
}

extern "C" __global__ void __launch_bounds__(32 * WARPS) rows(
    const u16* x, int count, int width, const u16* norm, float epsilon, u16* normed, const u16* w0, const u16* w1,
    const u16* w2, int n0, int n1, u16* y0, u16* y1, u16* y2, const u16* residual, int n2) {
    extern __shared__ __align__(16) unsigned char staged[];
    __shared__ float parts[1 + GLU][WARPS][16][8];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, r = lane >> 2, c = lane & 3;
    const int stride = 2 * width + 16;

    // The matrix of this block's 8 columns.
    int column = blockIdx.x * 8, columns = n0;
    const u16* w = w0;
    u16* y = y0;
    if (!GLU && !RESIDUAL && column >= n0) {
        column -= n0;
        columns = n1;
        w = w1;
        y = y1;
        if (column >= n1) {
            column -= n1;
            columns = n2;
            w = w2;
            y = y2;
        }
    }
    const u16* mine = w + (size_t)(column + r) * width + 16 * c;
    const u16* other = GLU ? w1 + (size_t)(column + r) * width + 16 * c : nullptr;
    const int pieces = width / 64;
    uint4 early[EARLY][2], also[GLU ? EARLY : 1][2];
#pragma unroll
    for (int i = 0; i < EARLY; i++) {
        const int piece = warp + WARPS * i;
        if (piece < pieces) {
            read(early[i], mine + 64 * piece);
            if (GLU) read(also[GLU ? i : 0], other + 64 * piece);
        }
    }
    await();

    // x, normed, into shared memory: a warp a row.
    for (int row = warp; row < count; row += WARPS) {
        const uint4* from = (const uint4*)(x + (size_t)row * width);
        uint4* to = (uint4*)(staged + row * stride);
        float squares = 0.f;
#pragma unroll 4
        for (int i = lane; i < width / 8; i += 32) {
            const uint4 v = from[i];
            to[i] = v;
            if (NORM) squares += square(v.x) + square(v.y) + square(v.z) + square(v.w);
        }
        if (NORM) {
            for (int i = 16; i > 0; i >>= 1) squares += __shfl_xor_sync(0xffffffffu, squares, i);
            const float factor = rsqrtf(squares / width + epsilon);
#pragma unroll 4
            for (int i = lane; i < width / 8; i += 32) {
                const uint4 v = to[i], g = ((const uint4*)norm)[i];
                to[i] = {scaled(v.x, factor, g.x), scaled(v.y, factor, g.y), scaled(v.z, factor, g.z),
                         scaled(v.w, factor, g.w)};
                if (normed && blockIdx.x == 0) ((uint4*)(normed + (size_t)row * width))[i] = to[i];
            }
        }
    }

    float sum[4] = {0.f, 0.f, 0.f, 0.f}, gated[4] = {0.f, 0.f, 0.f, 0.f};
    __syncthreads();
#pragma unroll
    for (int i = 0; i < EARLY; i++) {
        const int piece = warp + WARPS * i;
        if (piece < pieces) multiply(sum, gated, early[i], also[GLU ? i : 0], staged, stride, piece, count, r, c);
    }
#pragma unroll 4
    for (int piece = warp + WARPS * EARLY; piece < pieces; piece += WARPS) {
        uint4 b[2], u[2];
        read(b, mine + 64 * piece);
        if (GLU) read(u, other + 64 * piece);
        multiply(sum, gated, b, u, staged, stride, piece, count, r, c);
    }
    parts[0][warp][r][2 * c] = sum[0];
    parts[0][warp][r][2 * c + 1] = sum[1];
    parts[0][warp][r + 8][2 * c] = sum[2];
    parts[0][warp][r + 8][2 * c + 1] = sum[3];
    if (GLU) {
        parts[GLU][warp][r][2 * c] = gated[0];
        parts[GLU][warp][r][2 * c + 1] = gated[1];
        parts[GLU][warp][r + 8][2 * c] = gated[2];
        parts[GLU][warp][r + 8][2 * c + 1] = gated[3];
    }
    __syncthreads();

    const int row = threadIdx.x >> 3, n = threadIdx.x & 7;
    if (row < count) {
        float value = 0.f, up = 0.f;
#pragma unroll
        for (int i = 0; i < WARPS; i++) {
            value += parts[0][i][row][n];
            if (GLU) up += parts[GLU][i][row][n];
        }
        const size_t place = (size_t)row * columns + column + n;
        if (GLU) value = value / (1.f + __expf(-value)) * up;
        if (RESIDUAL) value += lz::low(residual[place]);
        y[place] = (u16)lz::pack(value, 0.f);
    }
}
