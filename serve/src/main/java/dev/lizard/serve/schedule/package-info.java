/** What runs on the one thread that owns the engine: requests, their prompts, the states kept of them. */
@NullMarked
package dev.lizard.serve.schedule;

import org.jspecify.annotations.NullMarked;
