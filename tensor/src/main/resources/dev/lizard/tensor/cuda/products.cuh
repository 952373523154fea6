// Products of tiles of bf16 in shared memory by the tensor cores, 64 rows at a time, for a warpgroup (128 threads).
//
// A tile [rows][columns] is stored as panels of 64 columns, each row of a panel 128 bytes, whose eight 16-byte pieces
// are permuted by (piece ^ row % 8). That is the 128-byte swizzle of Hopper's wgmma, and it is free of bank conflicts for
// ldmatrix as well, so one layout serves both ways of multiplying:
//   sm_90a        wgmma, operands read from shared memory once for all four warps
//   before that   ldmatrix and mma.sync, the same register layouts
//
// Accumulators c[N / 8][4] of a product with 64 rows: thread (warp w, lane l) holds rows 16 w + l / 4 (entries 0, 1) and
// 8 below (entries 2, 3), columns 8 n + 2 (l % 4) and the next. Two neighbouring n, rounded to bf16, are the left operand
// of a following product as they stand.
#pragma once

typedef unsigned int u32;
typedef unsigned long long u64;

#define DEVICE __device__ __forceinline__

#if defined(__CUDA_ARCH_FEAT_SM90_ALL) && !defined(NO_WGMMA)
#define WGMMA 1
#else
#define WGMMA 0
#endif

DEVICE int lane() { return threadIdx.x & 31; }
// Which of a product's 64 rows are this warp's: a quarter.
DEVICE int quarter() { return threadIdx.x >> 5 & 3; }

// Address of a 16-byte piece of a tile with ROWS rows.
template <int ROWS>
DEVICE u32 piece(u32 tile, int row, int p) {
    return tile + (p >> 3) * (ROWS * 128) + row * 128 + (((p & 7) ^ (row & 7)) << 4);
}
// Barrier after which what ordinary stores and copies wrote may be read by products.
DEVICE void publish() {
#if WGMMA
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
    __syncthreads();
}

// ---- fragments of a warp (the layouts: head of common.cuh) -----------------------------------------------------------

// ldmatrix: four matrices of 8 x 8, T: transposed.
template <bool T>
DEVICE void matrices(u32 (&r)[4], u32 address) {
    if constexpr (T) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(address)
                     : "memory");
    } else {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(address)
                     : "memory");
    }
}
// c [16, 8] += a [16, 16] b [16, 8]
DEVICE void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
                 "{%0,%1,%2,%3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// ---- products -------------------------------------------------------------------------------------------------------

#if WGMMA
// The half of a matrix descriptor that varies; what lies n bytes on has n / 16 more. The other half: 1024 bytes from eight
// rows to the next, 128-byte swizzle.
DEVICE u32 place(u32 address, u32 leading) { return (address & 0x3ffff) >> 4 | leading >> 4 << 16; }
DEVICE u64 descriptor(u32 place) { return (u64)(1024 >> 4 | 1u << 30) << 32 | place; }
DEVICE void arrive() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
DEVICE void leave() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int PENDING>
DEVICE void rejoin() {
    asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(PENDING) : "memory");
}

#define C4(i) "+f"(c[i][0]), "+f"(c[i][1]), "+f"(c[i][2]), "+f"(c[i][3])
#define C8(i) C4(i), C4(i + 1)
#define C16(i) C8(i), C8(i + 2)
#define C32(i) C16(i), C16(i + 4)
#define C64(i) C32(i), C32(i + 8)
#define P4 "%0,%1,%2,%3"
#define P8 P4 ",%4,%5,%6,%7"
#define P16 P8 ",%8,%9,%10,%11,%12,%13,%14,%15"
#define P32 P16 ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define P64                                                                                                            \
    P32 ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47"                                             \
        ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define SHARED_STEP(N, P, C, a, b, s, ta, tb)                                                                          \
    template <bool AT, bool BT>                                                                                        \
    DEVICE void step##N(float (*c)[4], u64 left, u64 right, int more) {                                                \
        asm volatile("{.reg .pred p; setp.ne.b32 p, " s ", 0;\n"                                                       \
                     "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" P "}, " a ", " b ", p, 1, 1, " ta    \
                     ", " tb ";}"                                                                                      \
                     : C(0)                                                                                            \
                     : "l"(left), "l"(right), "r"(more), "n"(AT ? 1 : 0), "n"(BT ? 1 : 0));                            \
    }
#define REGISTER_STEP(N, P, C, a0, a1, a2, a3, b, s, tb)                                                               \
    template <bool BT>                                                                                                 \
    DEVICE void step##N(float (*c)[4], const u32 (&a)[4], u64 right, int more) {                                       \
        asm volatile("{.reg .pred p; setp.ne.b32 p, " s ", 0;\n"                                                       \
                     "wgmma.mma_async.sync.aligned.m64n" #N "k16.f32.bf16.bf16 {" P "}, {" a0 "," a1 "," a2 "," a3     \
                     "}, " b ", p, 1, 1, " tb ";}"                                                                     \
                     : C(0)                                                                                            \
                     : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(right), "r"(more), "n"(BT ? 1 : 0));            \
    }
SHARED_STEP(8, P4, C4, "%4", "%5", "%6", "%7", "%8")
SHARED_STEP(16, P8, C8, "%8", "%9", "%10", "%11", "%12")
SHARED_STEP(32, P16, C16, "%16", "%17", "%18", "%19", "%20")
SHARED_STEP(64, P32, C32, "%32", "%33", "%34", "%35", "%36")
SHARED_STEP(128, P64, C64, "%64", "%65", "%66", "%67", "%68")
REGISTER_STEP(32, P16, C16, "%16", "%17", "%18", "%19", "%20", "%21", "%22")
REGISTER_STEP(64, P32, C32, "%32", "%33", "%34", "%35", "%36", "%37", "%38")
REGISTER_STEP(128, P64, C64, "%64", "%65", "%66", "%67", "%68", "%69", "%70")

template <int ROWS, bool T>
DEVICE u64 right_operand(u32 tile, int n, int k) {
    const u32 bytes = T ? (n >> 6) * (ROWS * 128) + k * 2048 : (k >> 2) * (ROWS * 128) + (k & 3) * 32 + n * 128;
    return descriptor(place(tile, T ? ROWS * 128 : 16) + (bytes >> 4));
}

// Step i of the left operand by step k of the right one, without waiting.
template <int N, int LROWS, bool LT, int RROWS, bool RT>
DEVICE void term(float (*c)[4], u32 left, int i, u32 right, int k, bool more) {
    const u32 bytes = LT ? i * 2048 : (i >> 2) * (LROWS * 128) + (i & 3) * 32;
    const u64 a = descriptor(place(left, LT ? LROWS * 128 : 16) + (bytes >> 4));
    constexpr int B = N / 128 * 128, S = B + (N - B) / 64 * 64;
#pragma unroll
    for (int n = 0; n < B; n += 128) step128<LT, RT>(c + n / 8, a, right_operand<RROWS, RT>(right, n, k), more);
    if constexpr (S > B) step64<LT, RT>(c + B / 8, a, right_operand<RROWS, RT>(right, B, k), more);
    if constexpr (N - S == 32) step32<LT, RT>(c + S / 8, a, right_operand<RROWS, RT>(right, S, k), more);
    if constexpr (N == 16) step16<LT, RT>(c, a, right_operand<RROWS, RT>(right, 0, k), more);
    if constexpr (N == 8) step8<LT, RT>(c, a, right_operand<RROWS, RT>(right, 0, k), more);
}
template <int N, int K, int RROWS, bool RT>
DEVICE void steps(float (*c)[4], const u32 (*left)[4], u32 right, bool more) {
#pragma unroll
    for (int k = 0; k < K / 16; k++) {
        int m = more || k > 0;
        constexpr int B = N / 128 * 128, S = B + (N - B) / 64 * 64;
#pragma unroll
        for (int n = 0; n < B; n += 128) step128<RT>(c + n / 8, left[k], right_operand<RROWS, RT>(right, n, k), m);
        if constexpr (S > B) step64<RT>(c + B / 8, left[k], right_operand<RROWS, RT>(right, B, k), m);
        if constexpr (N - S == 32) step32<RT>(c + S / 8, left[k], right_operand<RROWS, RT>(right, S, k), m);
    }
}
#else
DEVICE void arrive() {}
DEVICE void leave() {}
template <int PENDING>
DEVICE void rejoin() {}
template <int N>
DEVICE void zero(float (*c)[4]) {
#pragma unroll
    for (int n = 0; n < N / 8; n++) c[n][0] = c[n][1] = c[n][2] = c[n][3] = 0;
}
template <int N, int RROWS, bool RT>
DEVICE void step(float (*c)[4], const u32 (&a)[4], u32 right, int k) {
    int i = lane() >> 3, r = lane() & 7;
#pragma unroll
    for (int n = 0; n < N; n += 16) {
        u32 b[4];
        if constexpr (RT) {
            matrices<true>(b, piece<RROWS>(right, k * 16 + (i & 1) * 8 + r, n / 8 + (i >> 1)));
        } else {
            matrices<false>(b, piece<RROWS>(right, (N == 8 ? 0 : n + (i >> 1) * 8) + r, k * 2 + (i & 1)));
        }
        multiply(c[n / 8], a, b[0], b[1]);
        if constexpr (N > 8) multiply(c[n / 8 + 1], a, b[2], b[3]);
    }
}
template <int N, int LROWS, bool LT, int RROWS, bool RT>
DEVICE void term(float (*c)[4], u32 left, int i, u32 right, int k, bool more) {
    int part = lane() >> 3, r = lane() & 7;
    if (!more) zero<N>(c);
    u32 a[4];
    if constexpr (LT) {
        matrices<true>(a, piece<LROWS>(left, i * 16 + (part >> 1) * 8 + r, quarter() * 2 + (part & 1)));
    } else {
        matrices<false>(a, piece<LROWS>(left, quarter() * 16 + (lane() & 15), i * 2 + (lane() >> 4)));
    }
    step<N, RROWS, RT>(c, a, right, k);
}
template <int N, int K, int RROWS, bool RT>
DEVICE void steps(float (*c)[4], const u32 (*left)[4], u32 right, bool more) {
    if (!more) zero<N>(c);
#pragma unroll
    for (int k = 0; k < K / 16; k++) step<N, RROWS, RT>(c, left[k], right, k);
}
#endif

// Products of K / 16 steps, without waiting.
template <int N, int K, int LROWS, bool LT, int RROWS, bool RT>
DEVICE void steps(float (*c)[4], u32 left, u32 right, bool more) {
#pragma unroll
    for (int k = 0; k < K / 16; k++) term<N, LROWS, LT, RROWS, RT>(c, left, k, right, k, more || k > 0);
}
DEVICE void finish() {
    leave();
    rejoin<0>();
}

// Keeps the compiler from touching accumulators before the product that writes them is done.
template <int N>
DEVICE void settle(float (*c)[4]) {
#pragma unroll
    for (int n = 0; n < N / 8; n++) {
        asm volatile("" : "+f"(c[n][0]), "+f"(c[n][1]), "+f"(c[n][2]), "+f"(c[n][3])::"memory");
    }
}

// Begins c [64, N] = or += L [64, K] R [K, N]. L is a tile of LROWS rows that holds L (LT: its transpose), R one of RROWS
// rows that holds R's transpose, as keys lie for scores (RT: R itself, as values lie).
template <int N, int K, int LROWS, bool LT, int RROWS, bool RT>
DEVICE void begin(float (*c)[4], u32 left, u32 right, bool more) {
    settle<N>(c);
    arrive();
    steps<N, K, LROWS, LT, RROWS, RT>(c, left, right, more);
    leave();
}
// The same with L in registers.
template <int N, int K, int RROWS, bool RT>
DEVICE void begin(float (*c)[4], const u32 (*left)[4], u32 right, bool more) {
    settle<N>(c);
    arrive();
    steps<N, K, RROWS, RT>(c, left, right, more);
    leave();
}
// Waits until c is there: all but the PENDING products begun last.
template <int N, int PENDING = 0>
DEVICE void end(float (*c)[4]) {
    rejoin<PENDING>();
    settle<N>(c);
}
template <int N, int K, int LROWS, bool LT, int RROWS, bool RT>
DEVICE void product(float (*c)[4], u32 left, u32 right, bool more) {
    begin<N, K, LROWS, LT, RROWS, RT>(c, left, right, more);
    end<N>(c);
}
template <int N, int K, int RROWS, bool RT>
DEVICE void product(float (*c)[4], const u32 (*left)[4], u32 right, bool more) {
    begin<N, K, RROWS, RT>(c, left, right, more);
    end<N>(c);
}
