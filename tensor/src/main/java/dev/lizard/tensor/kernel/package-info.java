/**
 * Operations that have kernels of their own on a card, each beside a way to ask whether it serves a type and sizes there.
 * They work on tensors and know no models; how kernels are compiled and launched is the matter of {@code tensor.cuda}.
 */
@NullMarked
package dev.lizard.tensor.kernel;

import org.jspecify.annotations.NullMarked;
