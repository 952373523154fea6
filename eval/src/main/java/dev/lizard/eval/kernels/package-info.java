/** The times of our CUDA kernels, beside what a card could do and what libtorch's softmax attention takes. */
@NullMarked
package dev.lizard.eval.kernels;

import org.jspecify.annotations.NullMarked;
