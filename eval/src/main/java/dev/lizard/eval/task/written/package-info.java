/** How what a model wrote is compared with the right answers, as the field's harness and official scripts do it. */
@NullMarked
package dev.lizard.eval.task.written;

import org.jspecify.annotations.NullMarked;
