@NullMarked
package dev.lizard.cli;

import org.jspecify.annotations.NullMarked;
