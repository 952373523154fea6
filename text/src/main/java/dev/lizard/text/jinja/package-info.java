/**
 * The part of the Jinja template language that chat templates use: a lexer, a parser to sealed records, an evaluator.
 * What is outside that part is refused by name and line.
 */
@NullMarked
package dev.lizard.text.jinja;

import org.jspecify.annotations.NullMarked;
