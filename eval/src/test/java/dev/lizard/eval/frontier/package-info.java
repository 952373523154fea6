@NullMarked
package dev.lizard.eval.frontier;

import org.jspecify.annotations.NullMarked;
