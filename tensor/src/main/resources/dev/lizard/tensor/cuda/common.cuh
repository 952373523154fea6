// What the kernels of this folder share: tensor-core fragments, swizzled tiles in shared memory, asynchronous copies,
// the rotary embedding and the feature map. No header of CUDA is included, so NVRTC needs nothing beside this file.
// Needs compute capability 8.0 or later.
//
// Fragments of mma m16n8k16 (a warp; lane = 4 r + c, r in 0..7, c in 0..3), each register two bfloat16:
//   A [16 x 16]  a0 (row r, columns 2c..), a1 (row r + 8), a2 (row r, columns 2c + 8..), a3 (row r + 8, same)
//   B [16 x 8]   b0 (rows 2c, 2c + 1, column r), b1 (rows 2c + 8, 2c + 9, column r)
//   C [16 x 8]   c0, c1 (row r, columns 2c, 2c + 1), c2, c3 (row r + 8)
// Hence two neighbouring C tiles, rounded, are an A tile; and a C tile [n x k] is, rounded, a B tile [k x n].
//
// A tile of shared memory [rows x columns] of bfloat16 is cut into panels of 64 columns, [rows x 128 bytes] each; the
// 16-byte piece p of row i stands at place p ^ (i & 7). So eight rows at one column never share a bank, and ldmatrix
// as well as 4-byte stores of C fragments run without conflicts. Rows must start at a multiple of 128 bytes.
#pragma once

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64;

#define LOG2E 1.4426950408889634f
#define LN2 0.6931471805599453f
#define NONE -1e30f // below every score, and still finite, so that NONE - NONE is 0

namespace lz {

__device__ __forceinline__ u32 sharedAddress(const void* p) {
    return (u32)__cvta_generic_to_shared(p);
}

__device__ __forceinline__ float exp2Fast(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

__device__ __forceinline__ float reciprocal(float x) {
    float y;
    asm("rcp.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// ---- bfloat16 ----

/** Two floats as bfloat16, the first in the low half. */
__device__ __forceinline__ u32 pack(float low, float high) {
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}

__device__ __forceinline__ float low(u32 x) {
    return __uint_as_float(x << 16);
}

__device__ __forceinline__ float high(u32 x) {
    return __uint_as_float(x & 0xffff0000u);
}

// ---- tiles ----

/** Byte offset of the 16-byte piece `piece` (columns 8 piece ..) of row `row` in a tile whose panels have `rows` rows. */
template <int rows>
__device__ __forceinline__ u32 at(int row, int piece) {
    return (u32)((piece >> 3) * (rows * 128) + row * 128 + (((piece & 7) ^ (row & 7)) << 4));
}

__device__ __forceinline__ void load4(u32 (&r)[4], u32 address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

__device__ __forceinline__ void load4t(u32 (&r)[4], u32 address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(address)
                 : "memory");
}

/**
 * Address for ldmatrix and stmatrix of 16 rows and the two pieces 2 step, 2 step + 1, matrices in the order: upper rows,
 * lower rows, then the second piece. The swizzle of the lane's row meets the step only as an exclusive or with a
 * constant, and all else is added: so few instructions, provided `row` is a multiple of 8.
 */
template <int rows>
__device__ __forceinline__ u32 block16(u32 tile, int row, int step, int lane) {
    u32 own = (lane & 15) * 128 + (((lane >> 4) ^ (lane & 7)) << 4);
    return (own ^ ((step & 3) << 5)) + tile + row * 128 + (step >> 2) * (rows * 128);
}

/** A fragment of rows row..row+15, columns 16 step..: stored [m][k]. */
template <int rows>
__device__ __forceinline__ void loadA(u32 (&a)[4], u32 tile, int row, int step, int lane) {
    load4(a, block16<rows>(tile, row, step, lane));
}

/** B fragments of two steps of k (32 step ..) for the 8 columns n = row..row+7: stored [n][k]. b0 b1 | b0 b1. */
template <int rows>
__device__ __forceinline__ void loadB(u32 (&b)[4], u32 tile, int row, int step, int lane) {
    u32 own = (lane & 7) * 128 + (((lane >> 3) ^ (lane & 7)) << 4);
    load4(b, (own ^ ((step & 1) << 6)) + tile + row * 128 + (step >> 1) * (rows * 128));
}

/**
 * Stored [k][n], k = row..row+15, n = 16 block ..: B fragments of two neighbouring blocks of 8 columns, b0 b1 | b0 b1.
 * Also the A fragment of the transpose (m = 16 block .., the k above), in the order a0 a2 a1 a3.
 */
template <int rows>
__device__ __forceinline__ void loadBt(u32 (&b)[4], u32 tile, int row, int block, int lane) {
    load4t(b, block16<rows>(tile, row, block, lane));
}

__device__ __forceinline__ void mma(float (&c)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

__device__ __forceinline__ void mma(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    mma(c, a[0], a[1], a[2], a[3], b0, b1);
}

__device__ __forceinline__ void store4(u32 address, u32 x) {
    asm volatile("st.shared.b32 [%0], %1;" ::"r"(address), "r"(x) : "memory");
}

__device__ __forceinline__ void store16(u32 address, uint4 x) {
    asm volatile("st.shared.v4.b32 [%0], {%1,%2,%3,%4};" ::"r"(address), "r"(x.x), "r"(x.y), "r"(x.z), "r"(x.w) : "memory");
}

__device__ __forceinline__ uint4 fetch16(u32 address) {
    uint4 x;
    asm volatile("ld.shared.v4.b32 {%0,%1,%2,%3}, [%4];" : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w) : "r"(address) : "memory");
    return x;
}

__device__ __forceinline__ u32 fetch4(u32 address) {
    u32 x;
    asm volatile("ld.shared.b32 %0, [%1];" : "=r"(x) : "r"(address) : "memory");
    return x;
}

/** Stores a C fragment, rounded, at rows row + r and row + r + 8, columns 8 piece .. ; row a multiple of 8. */
template <int rows>
__device__ __forceinline__ void storeC(u32 tile, int row, int piece, int lane, u32 top, u32 bottom) {
    u32 own = (lane >> 2) * 128 + ((lane >> 2) << 4) + 4 * (lane & 3);
    u32 address = (own ^ ((piece & 7) << 4)) + tile + row * 128 + (piece >> 3) * (rows * 128);
    store4(address, top);
    store4(address + 1024, bottom);
}

/** Stores two neighbouring C fragments, rounded, columns 16 block .. : top and bottom of the first, of the second. */
template <int rows>
__device__ __forceinline__ void storeC2(u32 tile, int row, int block, int lane, u32 a, u32 b, u32 c, u32 d) {
#if __CUDA_ARCH__ >= 900
    asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1,%2,%3,%4};" ::"r"(block16<rows>(tile, row, block, lane)),
                 "r"(a), "r"(b), "r"(c), "r"(d)
                 : "memory");
#else
    storeC<rows>(tile, row, 2 * block, lane, a, b);
    storeC<rows>(tile, row, 2 * block + 1, lane, c, d);
#endif
}

/** The transpose of 8 x 8 bfloat16 that a warp holds: lane 4 r + c has columns 2 c, 2 c + 1 of row r. */
__device__ __forceinline__ u32 transpose(u32 x) {
    u32 y;
    asm volatile("movmatrix.sync.aligned.m8n8.trans.b16 %0, %1;" : "=r"(y) : "r"(x));
    return y;
}

// ---- sums over the four lanes that hold a row ----

__device__ __forceinline__ float quadSum(float x) {
    x += __shfl_xor_sync(0xffffffffu, x, 1);
    return x + __shfl_xor_sync(0xffffffffu, x, 2);
}

__device__ __forceinline__ float quadMax(float x) {
    x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 1));
    return fmaxf(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

__device__ __forceinline__ float quadMin(float x) {
    return -quadMax(-x);
}

__device__ __forceinline__ int quadMin(int x) {
    x = min(x, __shfl_xor_sync(0xffffffffu, x, 1));
    return min(x, __shfl_xor_sync(0xffffffffu, x, 2));
}

// ---- barriers and copies ----

/** Waits for `threads` threads at barrier `id` (1..15; 0 is __syncthreads). */
__device__ __forceinline__ void barrier(int id, int threads) {
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

/** 16 bytes from global to shared memory without waiting; zeros where not `valid` (the source is then not read). */
__device__ __forceinline__ void copy16(u32 to, const void* from, bool valid) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(valid ? 16 : 0) : "memory");
}

__device__ __forceinline__ void copyCommit() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

/** Waits until at most `pending` of this thread's committed groups are under way. */
template <int pending>
__device__ __forceinline__ void copyWait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

/** Eight consecutive elements in bfloat16; zeros where not valid. */
__device__ __forceinline__ uint4 read8(const u16* from, bool valid) {
    return valid ? *reinterpret_cast<const uint4*>(from) : make_uint4(0, 0, 0, 0);
}

__device__ __forceinline__ uint4 read8(const float* from, bool valid) {
    if (!valid) {
        return make_uint4(0, 0, 0, 0);
    }
    float4 a = reinterpret_cast<const float4*>(from)[0];
    float4 b = reinterpret_cast<const float4*>(from)[1];
    return make_uint4(pack(a.x, a.y), pack(a.z, a.w), pack(b.x, b.y), pack(b.z, b.w));
}

/** Eight consecutive elements into shared memory, bfloat16: asynchronous for bfloat16, rounded on the way for float. */
__device__ __forceinline__ void stage8(u32 to, const u16* from, bool valid) {
    copy16(to, from, valid);
}

__device__ __forceinline__ void stage8(u32 to, const float* from, bool valid) {
    store16(to, read8(from, valid));
}

__device__ __forceinline__ void write4(u16* to, u32 a, u32 b) {
    *reinterpret_cast<uint2*>(to) = make_uint2(a, b);
}

// ---- rotary embedding ----

/**
 * A warp rotates 16 rows of a tile in place. Pairs are (i, i + width/2). Lane l takes row (l & 7), pieces l >> 3, + 4..;
 * so eight lanes that work together touch eight rows at one column.
 *
 * load() reads the tables early, so that the latency can be hidden; they are float32, a row of width/2 a position, rows
 * `pitch` elements apart.
 */
template <int width>
struct Rotation {
    static constexpr int PIECES = width / 16;           // of the half row
    static constexpr int TASKS = 2 * PIECES / 4;        // of a lane
    float c[TASKS][8];
    float s[TASKS][8];

    __device__ __forceinline__ static int row(int task, int lane) {
        return (task & 1) * 8 + (lane & 7);
    }

    __device__ __forceinline__ static int piece(int task, int lane) {
        return (task >> 1) * 4 + (lane >> 3);
    }

    __device__ __forceinline__ void load(
            const float* cosines, const float* sines, int pitch, int position, int last, int lane) {
#pragma unroll
        for (int t = 0; t < TASKS; t++) {
            int p = min(max(position + row(t, lane), 0), last);
            long long from = (long long)p * pitch + 8 * piece(t, lane);
            const float4* a = reinterpret_cast<const float4*>(cosines + from);
            const float4* b = reinterpret_cast<const float4*>(sines + from);
            float4 x = a[0], y = a[1], z = b[0], w = b[1];
            c[t][0] = x.x, c[t][1] = x.y, c[t][2] = x.z, c[t][3] = x.w, c[t][4] = y.x, c[t][5] = y.y, c[t][6] = y.z, c[t][7] = y.w;
            s[t][0] = z.x, s[t][1] = z.y, s[t][2] = z.z, s[t][3] = z.w, s[t][4] = w.x, s[t][5] = w.y, s[t][6] = w.z, s[t][7] = w.w;
        }
    }

    /** From tiles of the tables in shared memory, laid out by tableAt(). */
    __device__ __forceinline__ void fetch(u32 cosines, u32 sines, int first, int lane) {
#pragma unroll
        for (int t = 0; t < TASKS; t++) {
#pragma unroll
            for (int h = 0; h < 2; h++) {
                u32 at = tableAt(first + row(t, lane), 2 * piece(t, lane) + h);
                uint4 x = fetch16(cosines + at), y = fetch16(sines + at);
                c[t][4 * h] = __uint_as_float(x.x), c[t][4 * h + 1] = __uint_as_float(x.y);
                c[t][4 * h + 2] = __uint_as_float(x.z), c[t][4 * h + 3] = __uint_as_float(x.w);
                s[t][4 * h] = __uint_as_float(y.x), s[t][4 * h + 1] = __uint_as_float(y.y);
                s[t][4 * h + 2] = __uint_as_float(y.z), s[t][4 * h + 3] = __uint_as_float(y.w);
            }
        }
    }

    /** Byte offset of 4 floats of a table's row: swizzled like bfloat16 tiles. */
    __device__ __forceinline__ static u32 tableAt(int row, int quad) {
        return (u32)(row * (2 * width) + ((quad ^ (row & 7)) << 4));
    }

    /** Rotates a task's pieces of rows first .. of a tile: to x the one, to y its partner. */
    template <int rows>
    __device__ __forceinline__ void turn(uint4& x, uint4& y, u32 tile, int first, int t, int lane) const {
        int r = first + row(t, lane);
        uint4 p = fetch16(tile + at<rows>(r, piece(t, lane)));
        uint4 q = fetch16(tile + at<rows>(r, piece(t, lane) + PIECES));
        u32 a[4] = {p.x, p.y, p.z, p.w}, b[4] = {q.x, q.y, q.z, q.w};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            float c0 = c[t][2 * i], c1 = c[t][2 * i + 1], s0 = s[t][2 * i], s1 = s[t][2 * i + 1];
            float x0 = low(a[i]), x1 = high(a[i]), y0 = low(b[i]), y1 = high(b[i]);
            a[i] = pack(x0 * c0 - y0 * s0, x1 * c1 - y1 * s1);
            b[i] = pack(y0 * c0 + x0 * s0, y1 * c1 + x1 * s1);
        }
        x = make_uint4(a[0], a[1], a[2], a[3]), y = make_uint4(b[0], b[1], b[2], b[3]);
    }

    template <int rows>
    __device__ __forceinline__ static void put(const uint4& x, const uint4& y, u32 tile, int first, int t, int lane) {
        int r = first + row(t, lane);
        store16(tile + at<rows>(r, piece(t, lane)), x);
        store16(tile + at<rows>(r, piece(t, lane) + PIECES), y);
    }

    template <int rows>
    __device__ __forceinline__ void apply(u32 tile, int first, int lane) const {
#pragma unroll
        for (int t = 0; t < TASKS; t++) {
            uint4 x, y;
            turn<rows>(x, y, tile, first, t, lane);
            put<rows>(x, y, tile, first, t, lane);
        }
    }
};

// ---- features ----

/**
 * phi = max([softmax(x W), softmax(-x W)], 1e-12) of 16 rows, in C fragments: plus[n] holds features 8 n.., minus[n]
 * features half_f + 8 n.. .
 *
 * @param plus at first x W
 */
template <int half_f>
__device__ __forceinline__ void features(float (&plus)[half_f / 8][4], float (&minus)[half_f / 8][4]) {
#pragma unroll
    for (int side = 0; side < 2; side++) { // row r, row r + 8
        float top = NONE, bottom = -NONE;
#pragma unroll
        for (int n = 0; n < half_f / 8; n++) {
            top = fmaxf(top, fmaxf(plus[n][2 * side], plus[n][2 * side + 1]));
            bottom = fminf(bottom, fminf(plus[n][2 * side], plus[n][2 * side + 1]));
        }
        top = quadMax(top) * LOG2E, bottom = quadMin(bottom) * LOG2E;
        float up = 0.f, down = 0.f;
#pragma unroll
        for (int n = 0; n < half_f / 8; n++) {
#pragma unroll
            for (int i = 0; i < 2; i++) {
                float z = plus[n][2 * side + i];
                up += plus[n][2 * side + i] = exp2Fast(fmaf(z, LOG2E, -top));
                down += minus[n][2 * side + i] = exp2Fast(fmaf(z, -LOG2E, bottom));
            }
        }
        up = reciprocal(quadSum(up)), down = reciprocal(quadSum(down));
#pragma unroll
        for (int n = 0; n < half_f / 8; n++) {
#pragma unroll
            for (int i = 0; i < 2; i++) {
                plus[n][2 * side + i] = fmaxf(plus[n][2 * side + i] * up, 1e-12f);
                minus[n][2 * side + i] = fmaxf(minus[n][2 * side + i] * down, 1e-12f);
            }
        }
    }
}

} // namespace lz
