/** Measures of a model: loss, distance to the teacher, recall, cost, layer errors, gates. */
@NullMarked
package dev.lizard.eval.metric;

import org.jspecify.annotations.NullMarked;
