/**
 * Our own CUDA kernels: compiled from source at run time, kept on disk, launched on tensors. Nothing here loads a
 * library before it is asked to, so the package is harmless on machines without CUDA.
 */
@NullMarked
package dev.lizard.tensor.cuda;

import org.jspecify.annotations.NullMarked;
