// Kernels that start before the ones before them have ended, and what makes that safe.
//
// A kernel launched so (Kernel.overlapping) starts when all blocks of the one before have let it: with EAGER as their
// first act, else after their own wait. It then waits for that one to end. As all kernels launched so wait, all before
// have ended too when the wait is over: what follows it needs no more care than an ordinary kernel. What stands before
// it must write nothing, and may read only
//
//   EAGER 1   what was written before the last ordinary launch: the chain of kernels since then may be under way as a
//             whole. For a token's step that is the tick of decode.cu at the latest, so weights, states and the clock's
//             tables may be read. In return a kernel's weights are there when its turn comes, however short the one
//             before: its launch and the way to memory are hidden behind several kernels.
//   EAGER 0   what the kernel right before does not write.
//
// A kernel's blocks are all in place before the next one's are, so that none waits for room that a later one takes.
// Without the launch attribute and on cards before compute capability 9.0 there is nothing to wait for.
#pragma once

#define EAGER 1

/** Lets the kernel after start; the first thing a kernel does. */
__device__ __forceinline__ void admit() {
#if __CUDA_ARCH__ >= 900 && EAGER
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

/** Waits until the kernels before have ended and their results can be seen. */
__device__ __forceinline__ void await() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#if !EAGER
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
#endif
}

/**
 * Reads what another kernel has written, in the order of the source: from L2, as the first-level cache might still hold
 * what was there before.
 */
__device__ __forceinline__ float current(const float* from) {
    float x;
    asm volatile("ld.global.cg.f32 %0, [%1];" : "=f"(x) : "l"(from) : "memory");
    return x;
}

__device__ __forceinline__ int current(const int* from) {
    int x;
    asm volatile("ld.global.cg.s32 %0, [%1];" : "=r"(x) : "l"(from) : "memory");
    return x;
}

__device__ __forceinline__ unsigned short current(const unsigned short* from) {
    unsigned short x;
    asm volatile("ld.global.cg.u16 %0, [%1];" : "=h"(x) : "l"(from) : "memory");
    return x;
}

__device__ __forceinline__ float4 current(const float4* from) {
    float4 x;
    asm volatile("ld.global.cg.v4.f32 {%0,%1,%2,%3}, [%4];"
                 : "=f"(x.x), "=f"(x.y), "=f"(x.z), "=f"(x.w)
                 : "l"(from)
                 : "memory");
    return x;
}

__device__ __forceinline__ uint4 current(const uint4* from) {
    uint4 x;
    asm volatile("ld.global.cg.v4.u32 {%0,%1,%2,%3}, [%4];"
                 : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w)
                 : "l"(from)
                 : "memory");
    return x;
}
