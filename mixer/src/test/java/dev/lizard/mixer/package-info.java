@NullMarked
package dev.lizard.mixer;

import org.jspecify.annotations.NullMarked;
