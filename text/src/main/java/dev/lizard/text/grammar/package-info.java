/** What a text may be, byte by byte: grammars of JSON, and which tokens they allow next. */
@NullMarked
package dev.lizard.text.grammar;

import org.jspecify.annotations.NullMarked;
