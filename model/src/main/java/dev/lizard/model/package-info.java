@NullMarked
package dev.lizard.model;

import org.jspecify.annotations.NullMarked;
