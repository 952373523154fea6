/** The HTTP server: what programs made for OpenAI's interface ask, answered by one model. Never sees a tensor. */
@NullMarked
package dev.lizard.serve;

import org.jspecify.annotations.NullMarked;
