// memory.cu on the CPU, by its products for cards before Hopper: `memory.h` is made from it by emulate_memory.py.
#include "tiles.h"

#include "memory.h"

PROBLEM_KERNELS
#define KERNEL(name) [] { blockIdx = block, memory_##name(*problem); }

extern "C" void forward(const Problem* p, int size, unsigned seed) {
    take(p, size, seed);
    unsigned heads = p->heads, batch = p->batch;
    launch({(unsigned)PARTS, heads, batch}, KERNEL(states));
    launch({(unsigned)p->chunks, heads, batch}, KERNEL(outputs));
}

extern "C" void backward(const Problem* p, int size, unsigned seed) {
    take(p, size, seed);
    unsigned heads = p->heads, batch = p->batch;
    launch({2 * (unsigned)PARTS, heads, batch}, KERNEL(states));
    launch({(unsigned)p->chunks, heads, batch}, KERNEL(gradients));
    if (p->valueHeads < p->heads) {
        launch({3, 1, 1}, KERNEL(groups));
    }
}
