/** Recipes, training and the two stages of distillation: from a teacher to a linearized folder. */
@NullMarked
package dev.lizard.distill;

import org.jspecify.annotations.NullMarked;
