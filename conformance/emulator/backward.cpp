// lizard_backward.cu on the CPU, by its products for cards before Hopper: `backward.h` is made from it by
// emulate_backward.py.
#include "tiles.h"

#include "backward.h"

PROBLEM_KERNELS
#define KERNEL(name) [] { blockIdx = block, lizard_backward_##name(*problem); }

/** All kernels. */
extern "C" void run(const Problem* p, int size, unsigned seed) {
    take(p, size, seed);
    unsigned heads = p->heads, batch = p->batch;
    unsigned stretches = p->stretches;
    if (stretches > 1) {
        launch({2 * (stretches - 1), heads, batch}, KERNEL(stretches));
    }
    launch({2 * stretches, heads, batch}, KERNEL(states));
    launch({(unsigned)p->chunks, heads, batch}, KERNEL(queries));
    launch({(batch * heads * FEATURES + THREADS - 1) / THREADS, 1, 1}, KERNEL(settle));
    launch({(unsigned)p->keyChunks, heads, batch}, KERNEL(keys));
    launch({(unsigned)p->parts, heads, 2}, KERNEL(maps));
    launch({3, p->heads > p->keyHeads ? 2u : 1u, 1}, KERNEL(sums));
}
