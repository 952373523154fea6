/** Small models trained from scratch to recall: accuracy against bytes of state, mixer by mixer. */
@NullMarked
package dev.lizard.eval.frontier;

import org.jspecify.annotations.NullMarked;
