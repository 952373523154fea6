@NullMarked
package dev.lizard.base;

import org.jspecify.annotations.NullMarked;
