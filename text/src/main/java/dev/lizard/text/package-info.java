@NullMarked
package dev.lizard.text;

import org.jspecify.annotations.NullMarked;
