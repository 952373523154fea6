// What tiles.cuh and products.cuh have of inline assembly, for the CPU.
#pragma once
#include "emulator.h"

typedef unsigned int u32;
inline float __frcp_rn(float x) { return 1 / x; }
inline float inverse_fast(float x) { return 1 / x; }
inline u32 shared_address(const void* p) { return lz::sharedAddress(p); }
inline u32 pack(float a, float b) { return lz::pack(a, b); }
inline float exp2_fast(float x) { return exp2f(x); }
inline void store(u32 at, u32 x) { lz::store4(at, x); }
inline void store(u32 at, uint4 x) { lz::store16(at, x); }
inline void store_half(u32 at, u32 x) { memcpy(emulator::shared(at, 2), &x, 2); }
inline u32 load(u32 at) { return lz::fetch4(at); }
inline uint4 load4(u32 at) { return lz::fetch16(at); }

// Asynchronous copies arrive as late as they may; until then their place holds NaN.
struct Copy {
    u32 to;
    const void* from;
    bool valid;
    int bytes;
};
static std::vector<std::vector<Copy>> copies[1024]; // of each thread, a group each; the last is not yet committed
static std::vector<std::vector<Copy>>& own_copies() {
    auto& own = copies[threadIdx.x];
    if (own.empty()) {
        own.emplace_back();
    }
    return own;
}
inline void copy(u32 to, const void* from, bool valid, int bytes) {
    memset(emulator::shared(to, bytes), 0xff, bytes);
    own_copies().back().push_back({to, from, valid, bytes});
}
inline void copy16(u32 to, const void* from, bool valid) { copy(to, from, valid, 16); }
inline void copy4(u32 to, const void* from, bool valid) { copy(to, from, valid, 4); }
inline void commit() { own_copies().emplace_back(); }
template <int PENDING>
void wait() {
    auto& own = own_copies();
    while (own.size() - 1 > PENDING) {
        for (const Copy& copy : own[0]) {
            char* at = emulator::shared(copy.to, copy.bytes);
            copy.valid ? (void)memcpy(at, copy.from, copy.bytes) : (void)memset(at, 0, copy.bytes);
        }
        own.erase(own.begin());
    }
}

template <bool T>
void matrices(u32 (&r)[4], u32 at) { T ? lz::load4t(r, at) : lz::load4(r, at); }
inline void multiply(float (&c)[4], const u32 (&a)[4], u32 b0, u32 b1) { lz::mma(c, a[0], a[1], a[2], a[3], b0, b1); }
template <int N>
void settle(float (*)[4]) {}

// Kernels that take one problem, block by block.
#define PROBLEM_KERNELS                                              \
    static const Problem* problem;                                   \
    static Index block;                                              \
                                                                     \
    static void launch(Index grid, void (*kernel)()) {               \
        gridDim = grid;                                              \
        for (block.z = 0; block.z < grid.z; block.z++) {             \
            for (block.y = 0; block.y < grid.y; block.y++) {         \
                for (block.x = 0; block.x < grid.x; block.x++) {     \
                    for (auto& own : copies) own.clear();            \
                    emulator::launch(1, THREADS, kernel);            \
                }                                                    \
            }                                                        \
        }                                                            \
    }                                                                \
                                                                     \
    static void take(const Problem* p, int size, unsigned seed) {    \
        if (size != (int)sizeof(Problem)) {                          \
            fprintf(stderr, "a problem has %d bytes, not %d\n", (int)sizeof(Problem), size); \
            abort();                                                 \
        }                                                            \
        problem = p, emulator::seed = seed;                          \
    }
