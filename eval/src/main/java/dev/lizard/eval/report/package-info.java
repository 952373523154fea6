/** One self-contained HTML page from results: our own small SVG plots, no script, nothing fetched from elsewhere. */
@NullMarked
package dev.lizard.eval.report;

import org.jspecify.annotations.NullMarked;
