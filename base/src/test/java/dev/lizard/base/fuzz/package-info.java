/** Mutated inputs for every reader of the program: the harness that the fuzzers of all modules share. */
@NullMarked
package dev.lizard.base.fuzz;

import org.jspecify.annotations.NullMarked;
