/**
 * The Jinja template language as chat templates meet it: Jinja 3.1, sandboxed, with transformers' settings and
 * functions. A lexer, a parser to sealed records, an evaluator within a {@code Budget}. Arguments that are not
 * understood are errors that name them; so is what is left out: other templates ({@code include}, {@code extends},
 * {@code import}, {@code block}), a few filters ({@code Filters.REFUSED}), bytes, and what would print an address.
 *
 * <p>A rendering knows which of its characters came from the conversation ({@code Text}): whatever a template does to a
 * message, cutting, joining, changing its case, those stay told from what the template says itself.
 */
@NullMarked
package dev.lizard.text.jinja;

import org.jspecify.annotations.NullMarked;
