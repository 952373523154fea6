/** How a model writes: as its teacher does or not, again and again the same or not. */
@NullMarked
package dev.lizard.eval.generation;

import org.jspecify.annotations.NullMarked;
