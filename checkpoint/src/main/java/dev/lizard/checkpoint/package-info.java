@NullMarked
package dev.lizard.checkpoint;

import org.jspecify.annotations.NullMarked;
