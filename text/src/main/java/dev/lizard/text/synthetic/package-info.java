/**
 * Seeded text made by rule: small stories whose facts stay true to their end, and recall tasks hidden in them. ASCII
 * only, so that a length is the same in characters, bytes and tokens of a byte tokenizer. All of it is a function of a
 * {@link dev.lizard.tensor.RandomStream}, whose whole state is one long.
 */
@NullMarked
package dev.lizard.text.synthetic;

import org.jspecify.annotations.NullMarked;
