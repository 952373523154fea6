// Products of a few rows with large matrices, as a decoding step needs them: y = x W^T for up to 16 rows x [B, K] and
// bfloat16 weights W [N, K], with what stands before and after in the same kernel:
//
//   NORM      x is first divided by its root mean square and multiplied by a weight g [K]
//   GLU       two matrices: y = silu(x Wg^T) * (x Wu^T)
//   RESIDUAL  y = residual + x W^T
//   else up to three matrices side by side, each with an output of its own (q, k, v)
//
// Every weight is read once and used for all rows: the kernel reads 2 N K bytes of W. A block makes 8 columns of y; its
// WARPS warps share the sum over k in pieces of 64 and add their parts up in shared memory.
//
// Tensor cores multiply: mma m16n8k16, rows of x as A, rows of W as B. The order of k within a piece is free, as both
// operands are read in the same order; it is chosen so that a lane reads 16 bytes at a time, which are four operands.
//
// W and g depend on nothing that the kernel before computes, so a block reads the first EARLY pieces of each warp before
// it waits for that kernel (overlap.cuh). For small matrices nothing else is as dear as that wait and what follows it, a
// chain of latencies. Hence two forms:
//
//   direct   every piece is an early one (WARPS EARLY >= K / 64). After the wait each lane reads its operands of x where
//            they lie, multiplies by g and by W; 1 / rms of the row is a factor of the sum and meets it at the end,
//            together with the residual, which was read beside x. So the chain is one read, four products, one barrier,
//            one sum over the warps, one write.
//   STAGED   for longer rows, bound by reading W: x, normed, lies in shared memory, and W streams past it.
//
// Registers (sm_90): direct 42 to 82, where a warp has one piece, or two without a norm; staged up to 88. Rows
// beyond B are zeros in registers and cost no loads. Shared memory: 512 bytes a warp (twice that with GLU), staged B rows
// of 2 K + 16 bytes too (16 so that the rows' reads hit different banks).
//
// Launch: grid (N0 + N1 + N2) / 8, block 32 WARPS, dynamic shared B (2 K + 16) if staged, else 0. K a multiple of 64,
//         N of 8.
// Defines: NORM, GLU, RESIDUAL, STAGED as 0 or 1; WARPS at least 4, EARLY.
#include "common.cuh"
#include "overlap.cuh"

// Where a lane's operands of a piece lie: two times 8 numbers. Direct: four lanes read 64 bytes that lie together; staged:
// 32 bytes a lane, so that eight rows of shared memory do not meet in a bank.
#define FIRST (STAGED ? 16 : 8)
#define SECOND (STAGED ? 8 : 32)

__device__ __forceinline__ float square(u32 pair) {
    return lz::low(pair) * lz::low(pair) + lz::high(pair) * lz::high(pair);
}

__device__ __forceinline__ float square(const uint4& v) {
    return square(v.x) + square(v.y) + square(v.z) + square(v.w);
}

__device__ __forceinline__ u32 scaled(u32 pair, float factor, u32 weight) {
    return lz::pack(lz::low(pair) * factor * lz::low(weight), lz::high(pair) * factor * lz::high(weight));
}

__device__ __forceinline__ uint4 scaled(const uint4& v, float factor, const uint4& g) {
    return {scaled(v.x, factor, g.x), scaled(v.y, factor, g.y), scaled(v.z, factor, g.z), scaled(v.w, factor, g.w)};
}

/** A lane's operands of one row of a piece. */
struct Operands {
    uint4 first, second;

    __device__ __forceinline__ void read(const u16* from) {
        first = *(const uint4*)from;
        second = *(const uint4*)(from + SECOND);
    }

    /** What another kernel has just written, or zeros. */
    __device__ __forceinline__ void fetch(const u16* from, bool there) {
        first = second = {0, 0, 0, 0};
        if (there) {
            first = current((const uint4*)from);
            second = current((const uint4*)(from + SECOND));
        }
    }

    __device__ __forceinline__ Operands times(float factor, const Operands& g) const {
        return {scaled(first, factor, g.first), scaled(second, factor, g.second)};
    }

    __device__ __forceinline__ void write(u16* to) const {
        *(uint4*)to = first;
        *(uint4*)(to + SECOND) = second;
    }
};

/** Adds the products of rows r (top) and r + 8 (low) with a piece of W. */
__device__ __forceinline__ void multiply(float (&sum)[4], const Operands& top, const Operands& low, const Operands& w) {
    lz::mma(sum, top.first.x, low.first.x, top.first.y, low.first.y, w.first.x, w.first.y);
    lz::mma(sum, top.first.z, low.first.z, top.first.w, low.first.w, w.first.z, w.first.w);
    lz::mma(sum, top.second.x, low.second.x, top.second.y, low.second.y, w.second.x, w.second.y);
    lz::mma(sum, top.second.z, low.second.z, top.second.w, low.second.w, w.second.z, w.second.w);
}

/** x, normed, into shared memory: a warp a row. */
__device__ __forceinline__ void stage(
    unsigned char* staged, int stride, const u16* x, int count, int width, const u16* norm, float epsilon, u16* normed,
    int warp, int lane) {
    for (int row = warp; row < count; row += WARPS) {
        const uint4* from = (const uint4*)(x + (size_t)row * width);
        uint4* to = (uint4*)(staged + row * stride);
        float squares = 0.f;
#pragma unroll 4
        for (int i = lane; i < width / 8; i += 32) {
            const uint4 v = from[i];
            to[i] = v;
            if (NORM) squares += square(v);
        }
        if (NORM) {
            for (int i = 16; i > 0; i >>= 1) squares += __shfl_xor_sync(0xffffffffu, squares, i);
            const float factor = rsqrtf(squares / width + epsilon);
#pragma unroll 4
            for (int i = lane; i < width / 8; i += 32) {
                const uint4 v = scaled(to[i], factor, ((const uint4*)norm)[i]);
                to[i] = v;
                if (normed && blockIdx.x == 0) ((uint4*)(normed + (size_t)row * width))[i] = v;
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(32 * WARPS) rows(
    const u16* x, int count, int width, const u16* norm, float epsilon, u16* normed, const u16* w0, const u16* w1,
    const u16* w2, int n0, int n1, u16* y0, u16* y1, u16* y2, const u16* residual, int n2) {
    extern __shared__ __align__(16) unsigned char staged[];
    __shared__ __align__(16) float parts[1 + GLU][WARPS][16][8];
    __shared__ float squares[WARPS][16];
    admit();
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, r = lane >> 2, c = lane & 3;

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
    const u16* mine = w + (size_t)(column + r) * width + FIRST * c;
    const u16* other = GLU ? w1 + (size_t)(column + r) * width + FIRST * c : nullptr;
    const int pieces = width / 64;
    Operands early[EARLY], also[GLU ? EARLY : 1], g[NORM ? EARLY : 1];
#pragma unroll
    for (int i = 0; i < EARLY; i++) {
        const int piece = warp + WARPS * i;
        if (piece < pieces) {
            early[i].read(mine + 64 * piece);
            if (GLU) also[GLU ? i : 0].read(other + 64 * piece);
            if (NORM && !STAGED) g[NORM ? i : 0].read(norm + 64 * piece + FIRST * c);
        }
    }
    await();

    const bool tall = count > 8;
    const int row = threadIdx.x >> 3, n = threadIdx.x & 7; // of the result that this thread will write
    const size_t place = (size_t)row * columns + column + n;
    float added = 0.f;
    if (RESIDUAL && row < count) added = lz::low(current(residual + place));

    float sum[4] = {0.f, 0.f, 0.f, 0.f}, gated[4] = {0.f, 0.f, 0.f, 0.f};
    Operands top[STAGED ? 1 : EARLY], low[STAGED ? 1 : EARLY]; // rows r and r + 8 of x
    if (STAGED) {
        const int stride = 2 * width + 16;
        stage(staged, stride, x, count, width, norm, epsilon, normed, warp, lane);
        __syncthreads();
        const unsigned char* from = staged + r * stride + 2 * FIRST * c;
        const Operands none = {{0, 0, 0, 0}, {0, 0, 0, 0}};
        auto add = [&](int piece, const Operands& b, const Operands& u) {
            Operands t = none, l = none;
            if (r < count) t.read((const u16*)(from + 128 * piece));
            if (r + 8 < count) l.read((const u16*)(from + 8 * stride + 128 * piece));
            multiply(sum, t, l, b);
            if (GLU) multiply(gated, t, l, u);
        };
#pragma unroll
        for (int i = 0; i < EARLY; i++) {
            const int piece = warp + WARPS * i;
            if (piece < pieces) add(piece, early[i], also[GLU ? i : 0]);
        }
#pragma unroll 4
        for (int piece = warp + WARPS * EARLY; piece < pieces; piece += WARPS) {
            Operands b, u;
            b.read(mine + 64 * piece);
            if (GLU) u.read(other + 64 * piece);
            add(piece, b, u);
        }
    } else {
        float topSquares = 0.f, lowSquares = 0.f;
        const u16* from = x + (size_t)r * width + FIRST * c;
#pragma unroll
        for (int i = 0; i < EARLY; i++) {
            const int piece = warp + WARPS * i;
            top[STAGED ? 0 : i].fetch(from + 64 * piece, piece < pieces && r < count);
            low[STAGED ? 0 : i].fetch(from + 8 * width + 64 * piece, piece < pieces && r + 8 < count);
        }
#pragma unroll
        for (int i = 0; i < EARLY; i++) {
            const Operands &t = top[STAGED ? 0 : i], &l = low[STAGED ? 0 : i];
            const Operands& weight = g[NORM ? i : 0];
            if (warp + WARPS * i < pieces) {
                const Operands a = NORM ? t.times(1.f, weight) : t, b = NORM && tall ? l.times(1.f, weight) : l;
                float s[4] = {0.f, 0.f, 0.f, 0.f}, u[4] = {0.f, 0.f, 0.f, 0.f}; // pieces do not wait for one another
                multiply(s, a, b, early[i]);
                if (GLU) multiply(u, a, b, also[GLU ? i : 0]);
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    sum[k] += s[k];
                    if (GLU) gated[k] += u[k];
                }
            }
            if (NORM) {
                topSquares += square(t.first) + square(t.second);
                if (tall) lowSquares += square(l.first) + square(l.second);
            }
        }
        if (NORM) {
            topSquares = lz::quadSum(topSquares);
            lowSquares = lz::quadSum(lowSquares);
            if (c == 0) {
                squares[warp][r] = topSquares;
                squares[warp][r + 8] = lowSquares;
            }
        }
    }
    *(float2*)&parts[0][warp][r][2 * c] = make_float2(sum[0], sum[1]);
    if (GLU) *(float2*)&parts[GLU][warp][r][2 * c] = make_float2(gated[0], gated[1]);
    if (tall) {
        *(float2*)&parts[0][warp][r + 8][2 * c] = make_float2(sum[2], sum[3]);
        if (GLU) *(float2*)&parts[GLU][warp][r + 8][2 * c] = make_float2(gated[2], gated[3]);
    }
    __syncthreads();

    auto factor = [&](int i) { // 1 / root mean square of row i
        float whole = 0.f;
#pragma unroll
        for (int j = 0; j < WARPS; j++) whole += squares[j][i];
        return rsqrtf(whole / width + epsilon);
    };
    if (row < count) {
        float value = 0.f, up = 0.f;
#pragma unroll
        for (int i = 0; i < WARPS; i++) {
            value += parts[0][i][row][n];
            if (GLU) up += parts[GLU][i][row][n];
        }
        if (NORM && !STAGED) {
            const float f = factor(row);
            value *= f;
            up *= f;
        }
        if (GLU) value = value / (1.f + __expf(-value)) * up;
        y[place] = (u16)lz::pack(value + added, 0.f);
    }
    if (NORM && !STAGED && normed && blockIdx.x == 0) {
        const float f = factor(r), h = factor(r + 8);
        u16* to = normed + (size_t)r * width + FIRST * c;
#pragma unroll
        for (int i = 0; i < EARLY; i++) {
            const int piece = warp + WARPS * i;
            const Operands& weight = g[NORM ? i : 0];
            if (piece < pieces && r < count) top[STAGED ? 0 : i].times(f, weight).write(to + 64 * piece);
            if (piece < pieces && r + 8 < count)
                low[STAGED ? 0 : i].times(h, weight).write(to + 8 * width + 64 * piece);
        }
    }
}
