// A kernel that starts while the one before it ends, and what makes that safe.
#pragma once

/**
 * Waits until the kernel before has ended and its results can be seen, then lets the one after start. So when a kernel
 * starts, all but the one right before it have ended: what that one does not write may be read before this call.
 * Without the launch attribute (Kernel.overlapping) and on cards before compute capability 9.0 there is nothing to wait for.
 */
__device__ __forceinline__ void await() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}
