// lizard_forward.cu on the CPU: `forward.h` is made from it by emulate.py.
#include "emulator.h"

template <bool T>
void matrices(unsigned (&r)[4], unsigned at) { T ? lz::load4t(r, at) : lz::load4(r, at); }
inline void multiply(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1) {
    lz::mma(c, a[0], a[1], a[2], a[3], b0, b1);
}
template <int N>
void settle(float (*)[4]) {}

#include "forward.h"

static const void* const* p;
static const int* i;

static void states() {
    lizard_states((const Io*)p[1], (const Io*)p[2], (const float*)p[6], (const Map*)p[10], (const float*)p[11], (float*)p[17],
                  (const int*)p[16], i[0], i[1], i[2], i[3], i[4], i[5], i[10], i[11], i[12], i[13], i[14], i[15]);
}

static void forward() {
    lizard_forward((const Io*)p[0], (const Io*)p[1], (const Io*)p[2], (Io*)p[3], (const float*)p[4], (const float*)p[5],
                   (const float*)p[6], (const float*)p[7], (const float*)p[8], (const Map*)p[9], (const Map*)p[10],
                   (const float*)p[11], (float*)p[12], (float*)p[13], (float*)p[14], (int*)p[15], (const int*)p[16],
                   (const float*)p[17], i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7], i[8], i[9], i[10], i[11], i[12], i[13],
                   i[14], i[15], i[16], i[17], i[18]);
}

extern "C" int carryFloats() { return CARRY; }

/** Pointers and ints in the order of the kernel's parameters; blocks = B H. */
extern "C" void run(const void** pointers, const int* ints, int blocks, unsigned seed) {
    p = pointers, i = ints, emulator::seed = seed;
    if (i[4] > 1) {
        emulator::launch(blocks * (i[4] - 1), THREADS, states);
    }
    emulator::launch(blocks * i[4], THREADS, forward);
}
