/** What an evaluation found, as plain records: {@code results.json} is these, and the report draws nothing else. */
@NullMarked
package dev.lizard.eval.result;

import org.jspecify.annotations.NullMarked;
