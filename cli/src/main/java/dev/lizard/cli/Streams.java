package dev.lizard.cli;

import java.io.PrintStream;

/**
 * The two streams of a run.
 *
 * @param seen whether {@code out} is a terminal, so that somebody reads along
 * @param live whether {@code err} is a terminal on which a line can be redrawn
 */
record Streams(ResultStream out, PrintStream err, boolean seen, boolean live) {}
