// slot_decode.cu on the CPU: `slot_decode.h` is made from it by emulate_slot_decode.py. Shared memory is static, as blocks run one
// by one.
#include "emulator.h"

#undef __shared__
#define __shared__ static
struct char4 { signed char x, y, z, w; };
inline unsigned __float_as_uint(float x) { return bits<unsigned>(x); }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __expf(float x) { return expf(x); }
inline void __sincosf(float x, float* s, float* c) { *s = sinf(x), *c = cosf(x); }
inline void __threadfence() {}
inline int atomicAdd(int* to, int x) {
    int before = *to;
    *to += x;
    return before;
}
inline void admit() {}
inline void await() {}
inline float current(const float* from) { return *from; }

#include "slot_decode.h"

struct Call {
    const io *q, *k, *v;
    const float *score, *sink;
    float *ringKeys, *ringValues, *ringScores;
    held* pairs;
    float* marks;
    int* positions;
    const long long* read;
    const unsigned long long* turns;
    float* parts;
    int* arrived;
    io* y;
    int batch, groups, window, first, slots, limit, each, share;
    float factor;
    unsigned seed;
};
static Call own;
static Index block;

extern "C" void slots(const Call* call) {
    own = *call;
    emulator::seed = own.seed;
    gridDim = {(unsigned)(own.groups * own.share), (unsigned)own.batch, 1};
    for (unsigned y = 0; y < gridDim.y; y++) {
        for (unsigned i = 0; i < gridDim.x; i++) {
            block = {i, y, 0};
            emulator::launch(1, THREADS, (void (*)())[] {
                blockIdx = block;
                slot_step(own.q, own.k, own.v, own.score, own.groups * R * D, own.groups * D, own.groups * D, own.sink,
                          own.ringKeys, own.ringValues, own.ringScores, own.pairs, own.marks, own.positions, own.read,
                          own.turns, own.parts, own.arrived, own.y, own.groups, own.window, own.first, own.slots,
                          own.limit, own.each, own.factor);
            });
        }
    }
}

struct Judged {
    const io *x, *k, *v;
    const float *w1, *b1, *w2, *b2;
    const long long* read;
    float* parts;
    int* arrived;
    float* score;
    int width, both, units, groups, batch, rows;
    float rate;
    unsigned seed;
};
static Judged judged;

extern "C" void scores(const Judged* call) {
    judged = *call;
    emulator::seed = judged.seed;
    gridDim = {(unsigned)((judged.units + WARPS - 1) / WARPS), (unsigned)((judged.batch + judged.rows - 1) / judged.rows), 1};
    for (unsigned y = 0; y < gridDim.y; y++) {
        for (unsigned i = 0; i < gridDim.x; i++) {
            block = {i, y, 0};
            emulator::launch(1, THREADS, (void (*)())[] {
                blockIdx = block;
                slot_score(judged.x, judged.k, judged.v, judged.width, judged.both, judged.both, judged.width, judged.both,
                           judged.w1, judged.b1, judged.w2, judged.b2, judged.units, judged.groups, judged.read,
                           judged.rate, judged.batch, judged.rows, judged.parts, judged.arrived, judged.score);
            });
        }
    }
}
