@NullMarked
package dev.lizard.generate;

import org.jspecify.annotations.NullMarked;
