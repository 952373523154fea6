// Enough of CUDA to run our kernels on the CPU, one block after the other: each thread is a fiber, operations of a warp
// and barriers wait for all who take part, and what the headers write in inline assembly is written out here. It finds
// wrong indices, bad or misaligned shared addresses, missing barriers that change a result, reads of what nothing wrote
// (shared memory starts as NaN). It says nothing about time, and not all about races.
#pragma once
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#define __device__
#define __host__
#define __global__
#define __shared__
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
#define __grid_constant__
#define __constant__
#define __align__(n)
#define __CUDA_ARCH__ 900
using std::max;
using std::min;

struct int2 { int x, y; };
struct uint2 { unsigned x, y; };
struct uint4 { unsigned x, y, z, w; };
struct float2 { float x, y; };
struct float4 { float x, y, z, w; };
struct Index { unsigned x, y, z; };

inline uint2 make_uint2(unsigned a, unsigned b) { return {a, b}; }
inline uint4 make_uint4(unsigned a, unsigned b, unsigned c, unsigned d) { return {a, b, c, d}; }
inline float2 make_float2(float a, float b) { return {a, b}; }
inline float4 make_float4(float a, float b, float c, float d) { return {a, b, c, d}; }

template <class To, class From>
To bits(From x) {
    To y;
    static_assert(sizeof x == sizeof y, "size");
    memcpy(&y, &x, sizeof x);
    return y;
}
inline float __uint_as_float(unsigned x) { return bits<float>(x); }
inline int __float_as_int(float x) { return bits<int>(x); }
inline float __int_as_float(int x) { return bits<float>(x); }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }

static Index threadIdx, blockIdx, gridDim;

namespace emulator {

constexpr unsigned SHARED = 232448;
static char* memory;

struct Fiber {
    ucontext_t context;
    bool done;
    Index index;
    std::vector<char> stack;
};
struct Meeting { // of a warp's lanes
    void* operands[32];
    int count, turn;
};

static int threads, current;
static unsigned seed = 1;
static Fiber* fibers;
static Meeting meetings[32];
static int waiting[16], turns[16];
static ucontext_t home;
static void (*body)();

static void enter(int next) {
    current = next;
    threadIdx = fibers[next].index;
}

/** Lets another lane of the warp run; now and then another warp, by lot, so that warps run far ahead of one another. */
static void yield() {
    static int stay;
    int me = current, next = me / 32 * 32 + (me + 1) % 32;
    if (++stay > 100) {
        stay = 0;
        seed = seed * 1664525u + 1013904223u;
        next = (seed >> 8) % threads;
    }
    while (fibers[next].done && next != me) {
        next = (next + 1) % threads;
    }
    if (next != me) {
        enter(next);
        swapcontext(&fibers[me].context, &fibers[next].context);
        threadIdx = fibers[me].index;
    }
}

static void start() {
    body();
    fibers[current].done = true;
    for (int n = 1; n < threads; n++) {
        int next = (current + n) % threads;
        if (!fibers[next].done) {
            enter(next);
            setcontext(&fibers[next].context);
        }
    }
    setcontext(&home);
}

static void launch(int blocks, int count, void (*kernel)()) {
    memory = (char*)aligned_alloc(1024, SHARED / 1024 * 1024 + 1024);
    threads = count, body = kernel;
    for (int b = 0; b < blocks; b++) {
        blockIdx = {(unsigned)b, 0, 0};
        memset(memory, 0xff, SHARED);
        memset(meetings, 0, sizeof meetings), memset(waiting, 0, sizeof waiting), memset(turns, 0, sizeof turns);
        fibers = new Fiber[count];
        for (int i = 0; i < count; i++) {
            Fiber& f = fibers[i];
            f.done = false, f.index = {(unsigned)i, 0, 0};
            f.stack.resize(256 * 1024);
            getcontext(&f.context);
            f.context.uc_stack.ss_sp = f.stack.data(), f.context.uc_stack.ss_size = f.stack.size();
            f.context.uc_link = nullptr;
            makecontext(&f.context, start, 0);
        }
        volatile bool begun = false;
        getcontext(&home);
        if (!begun) {
            begun = true;
            enter(0);
            setcontext(&fibers[0].context);
        }
        delete[] fibers;
    }
    free(memory);
}

/** Runs `work` once on the operands of all 32 lanes when the last of them arrives. */
template <class Operands, class Work>
void together(Operands& mine, Work work) {
    Meeting& m = meetings[threadIdx.x / 32];
    m.operands[threadIdx.x % 32] = &mine;
    int turn = m.turn;
    if (++m.count == 32) {
        Operands* all[32];
        for (int i = 0; i < 32; i++) {
            all[i] = (Operands*)m.operands[i];
        }
        m.count = 0, m.turn++;
        work(all);
    } else {
        while (m.turn == turn) {
            yield();
        }
    }
}

static void meet(int id, int count) {
    int turn = turns[id];
    if (++waiting[id] == count) {
        waiting[id] = 0, turns[id]++;
    } else {
        while (turns[id] == turn) {
            yield();
        }
    }
}

static char* shared(unsigned address, unsigned size) {
    if (address + size > SHARED || address % size != 0) {
        fprintf(stderr, "bad shared address %u for %u bytes\n", address, size);
        abort();
    }
    return memory + address;
}

template <class T>
struct Shuffle { T value, result; int lane; };

} // namespace emulator

inline void __syncthreads() { emulator::meet(0, emulator::threads); }
inline void __syncwarp() {
    int none = 0;
    emulator::together(none, [](int**) {});
}
#define SHUFFLE(name, from)                                                              \
    template <class T>                                                                   \
    T name(unsigned, T value, int n) {                                                   \
        emulator::Shuffle<T> own{value, value, n};                                       \
        emulator::together(own, [](emulator::Shuffle<T>** all) {                         \
            for (int i = 0; i < 32; i++) {                                               \
                int n = all[i]->lane;                                                    \
                all[i]->result = all[from]->value;                                       \
            }                                                                            \
        });                                                                              \
        return own.result;                                                               \
    }
SHUFFLE(__shfl_xor_sync, i ^ n)
SHUFFLE(__shfl_up_sync, i < n ? i : i - n)
SHUFFLE(__shfl_down_sync, i + n > 31 ? i : i + n)
SHUFFLE(__shfl_sync, n)

namespace lz {

inline unsigned sharedAddress(const void* p) { return (unsigned)((const char*)p - emulator::memory); }
inline float exp2Fast(float x) { return exp2f(x); }
inline float reciprocal(float x) { return 1 / x; }

inline unsigned half(float x) { // round to nearest even
    unsigned u = bits<unsigned>(x);
    return (u & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}
inline float whole(unsigned x) { return bits<float>(x << 16); }
inline unsigned pack(float low, float high) { return half(low) | half(high) << 16; }

struct Matrices { unsigned* r; unsigned address; bool transposed, store; };
inline void moveMatrices(Matrices** all) {
    for (int m = 0; m < 4; m++) {
        for (int i = 0; i < 32; i++) {
            for (int e = 0; e < 2; e++) {
                int row = i >> 2, column = 2 * (i & 3) + e;
                if (all[i]->transposed) {
                    std::swap(row, column);
                }
                char* at = emulator::shared(all[8 * m + row]->address, 16) + 2 * column;
                char* own = (char*)&all[i]->r[m] + 2 * e;
                memcpy(all[i]->store ? at : own, all[i]->store ? own : at, 2);
            }
        }
    }
}
inline void load4(unsigned (&r)[4], unsigned address) {
    Matrices x{r, address, false, false};
    emulator::together(x, moveMatrices);
}
inline void load4t(unsigned (&r)[4], unsigned address) {
    Matrices x{r, address, true, false};
    emulator::together(x, moveMatrices);
}
inline void storeMatrices(unsigned address, unsigned a, unsigned b, unsigned c, unsigned d) {
    unsigned r[4] = {a, b, c, d};
    Matrices x{r, address, false, true};
    emulator::together(x, moveMatrices);
}

inline unsigned transpose(unsigned x) {
    emulator::Shuffle<unsigned> own{x, x, 0};
    emulator::together(own, [](emulator::Shuffle<unsigned>** all) {
        auto at = [all](int row, int column) { return all[4 * row + column / 2]->value >> (16 * (column & 1)) & 0xffff; };
        for (int i = 0; i < 32; i++) {
            all[i]->result = at(2 * (i & 3), i >> 2) | at(2 * (i & 3) + 1, i >> 2) << 16;
        }
    });
    return own.result;
}

struct Product { float* c; unsigned a[4], b[2]; };
inline void mma(float (&c)[4], unsigned a0, unsigned a1, unsigned a2, unsigned a3, unsigned b0, unsigned b1) {
    Product own{c, {a0, a1, a2, a3}, {b0, b1}};
    emulator::together(own, [](Product** all) {
        static float a[16][16], b[16][8];
        for (int l = 0; l < 32; l++) {
            int r = l >> 2, q = 2 * (l & 3);
            for (int e = 0; e < 2; e++) {
                for (int n = 0; n < 4; n++) {
                    a[r + 8 * (n & 1)][q + e + 8 * (n >> 1)] = whole(all[l]->a[n] >> (16 * e) & 0xffff);
                }
                for (int n = 0; n < 2; n++) {
                    b[q + e + 8 * n][r] = whole(all[l]->b[n] >> (16 * e) & 0xffff);
                }
            }
        }
        for (int l = 0; l < 32; l++) {
            for (int i = 0; i < 4; i++) {
                for (int k = 0; k < 16; k++) {
                    all[l]->c[i] += a[(l >> 2) + 8 * (i >> 1)][k] * b[k][2 * (l & 3) + (i & 1)];
                }
            }
        }
    });
}

inline void store4(unsigned address, unsigned x) { memcpy(emulator::shared(address, 4), &x, 4); }
inline void store16(unsigned address, uint4 x) { memcpy(emulator::shared(address, 16), &x, 16); }
inline unsigned fetch4(unsigned address) {
    unsigned x;
    memcpy(&x, emulator::shared(address, 4), 4);
    return x;
}
inline uint4 fetch16(unsigned address) {
    uint4 x;
    memcpy(&x, emulator::shared(address, 16), 16);
    return x;
}
inline void barrier(int id, int count) { emulator::meet(id, count); }
inline void copy16(unsigned to, const void* from, bool valid) {
    char* at = emulator::shared(to, 16);
    valid ? (void)memcpy(at, from, 16) : (void)memset(at, 0, 16);
}
inline void copyCommit() {}
template <int pending>
void copyWait() {}

} // namespace lz
