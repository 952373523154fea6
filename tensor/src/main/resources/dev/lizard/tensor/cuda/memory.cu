#include "memory_states.cuh"
#include "memory_outputs.cuh"
#include "memory_gradients.cuh"

// Dynamic shared memory of the kernels, and the size of a problem, read by the host.
extern "C" __constant__ int memory_sizes[4] = {S_END, O_END, G_END, (int)sizeof(Problem)};
