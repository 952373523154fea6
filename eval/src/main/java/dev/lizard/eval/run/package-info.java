/** Runs tasks: what is read once, what is batched, the log of each item, and the numbers made of them. */
@NullMarked
package dev.lizard.eval.run;

import org.jspecify.annotations.NullMarked;
