package dev.lizard.base.fuzz;

import dev.lizard.base.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a run found.
 *
 * @param version of the program
 * @param accepted inputs that were read
 * @param refused inputs that a one-line error refused
 * @param slowestMillis the longest that one input took
 * @param slowest its number
 * @param mostAllocated the most bytes that the Java heap gave to one input
 * @param heapGrowth bytes of heap in use at the end beyond those after a quarter of the run
 * @param nativeGrowth the same for resident memory outside the Java heap
 */
record FuzzFigures(
        String name,
        String version,
        String java,
        long seed,
        long inputs,
        long accepted,
        long refused,
        double seconds,
        double slowestMillis,
        long slowest,
        long mostAllocated,
        long heapGrowth,
        long nativeGrowth) {
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(name + ".json"), Json.pretty(this) + "\n");
    }
}
