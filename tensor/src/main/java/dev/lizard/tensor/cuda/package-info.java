/**
 * How our own CUDA kernels run: compiled from source at run time, kept on disk, launched on tensors, and recorded. Nothing
 * here loads a library before it is asked to, so the package is harmless on machines without CUDA. Mixers and models use
 * the operations of {@code tensor.kernel} instead.
 */
@NullMarked
package dev.lizard.tensor.cuda;

import org.jspecify.annotations.NullMarked;
