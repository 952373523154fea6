/** The whole story on a small teacher: make a corpus, linearize, examine each step of the way, write the report. */
@NullMarked
package dev.lizard.eval.demo;

import org.jspecify.annotations.NullMarked;
