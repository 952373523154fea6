/**
 * What can be told of a regular expression without running it: whether a backtracking matcher may run away on it, and
 * which neighbours in a text it never joins. Expressions are those of Oniguruma, which the tokenizer library uses.
 */
@NullMarked
package dev.lizard.text.pattern;

import org.jspecify.annotations.NullMarked;
