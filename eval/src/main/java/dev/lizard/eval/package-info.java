@NullMarked
package dev.lizard.eval;

import org.jspecify.annotations.NullMarked;
