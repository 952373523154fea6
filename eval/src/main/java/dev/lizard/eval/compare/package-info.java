/** Several recipes on one teacher, one text and one budget: runs, resumed where they stopped, and one table of them. */
@NullMarked
package dev.lizard.eval.compare;

import org.jspecify.annotations.NullMarked;
