/** What models are asked: tasks, their items, and how an answer is judged. */
@NullMarked
package dev.lizard.eval.task;

import org.jspecify.annotations.NullMarked;
