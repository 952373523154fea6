@NullMarked
package dev.lizard.tensor;

import org.jspecify.annotations.NullMarked;
