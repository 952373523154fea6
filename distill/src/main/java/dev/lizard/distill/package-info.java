@NullMarked
package dev.lizard.distill;

import org.jspecify.annotations.NullMarked;
