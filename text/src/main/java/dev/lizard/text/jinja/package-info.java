/**
 * The part of the Jinja template language that chat templates use: a lexer, a parser to sealed records, an evaluator.
 * What is outside that part is refused by name and line.
 *
 * <p>Known difference: there are lists only, so where Python would print a tuple, a range or a dictionary's view as
 * such, a list is printed, and a tuple equals a list of the same items. No template seen so far prints one.
 */
@NullMarked
package dev.lizard.text.jinja;

import org.jspecify.annotations.NullMarked;
