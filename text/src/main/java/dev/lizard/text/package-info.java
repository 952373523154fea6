/**
 * From text to packed token batches and back: tokenizers behind one port, chat templates, corpora, packing, streamed
 * decoding and stop strings. Nothing here knows of tensors; everything yields plain arrays and records.
 */
@NullMarked
package dev.lizard.text;

import org.jspecify.annotations.NullMarked;
