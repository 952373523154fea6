/** What a memory is asked: tasks of recall made by rule, long texts by position, and probes of the rules alone. */
@NullMarked
package dev.lizard.eval.recall;

import org.jspecify.annotations.NullMarked;
