// sample.cu on the CPU: `sample.h` is made from it by emulate_sample.py. Shared memory is static, as blocks run one by one.
#include "emulator.h"

typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64;
#undef __shared__
#define __shared__ static
namespace lz {
inline float low(u32 x) { return whole(x & 0xffff); }
} // namespace lz
inline unsigned __float_as_uint(float x) { return bits<unsigned>(x); }
inline u64 __float2ull_rn(float x) { return (u64)llrintf(x); }
inline u64 __umul64hi(u64 a, u64 b) { return (u64)((unsigned __int128)a * b >> 64); }
inline int __clzll(u64 x) { return x ? __builtin_clzll(x) : 64; }
inline void __threadfence() {}
template <class T>
T __ldcg(const T* p) { return *p; }
template <class T>
T atomicAdd(T* to, T x) {
    T before = *to;
    *to += x;
    return before;
}

#include "sample.h"

static struct {
    const Number* x;
    int* histories;
    Row* rows;
    u64* words;
    int vocabulary, slice;
    long long *next, *told;
} own;
static Index block;

extern "C" void sample(const void* x, int* histories, void* rows, u64* words, int vocabulary, int slices, int slice,
                       int batch, long long* next, long long* told, unsigned seed) {
    own = {(const Number*)x, histories, (Row*)rows, words, vocabulary, slice, next, told};
    emulator::seed = seed;
    gridDim = {(unsigned)slices, (unsigned)batch, 1};
    for (int kernel = 0; kernel < 2; kernel++) {
        for (unsigned y = 0; y < (unsigned)batch; y++) {
            for (unsigned i = 0; i < (unsigned)slices; i++) {
                block = {i, y, 0};
                emulator::launch(1, THREADS, kernel == 0 ? (void (*)())[] {
                    blockIdx = block;
                    tops(own.x, own.histories, own.rows, own.words, own.vocabulary, own.slice);
                } : (void (*)())[] {
                    blockIdx = block;
                    draw(own.x, own.histories, own.rows, own.words, own.vocabulary, own.slice, own.next, own.told);
                });
            }
        }
    }
}
