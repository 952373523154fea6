package dev.lizard.cli;

import java.io.PrintStream;

/**
 * The two streams of a run.
 *
 * @param live whether {@code err} is a terminal on which a line can be redrawn
 */
record Streams(PrintStream out, PrintStream err, boolean live) {}
