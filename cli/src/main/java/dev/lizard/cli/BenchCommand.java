package dev.lizard.cli;

import picocli.CommandLine.Command;

/** {@code lizard bench}: the group of measurements. */
@Command(
        name = "bench",
        description = "Measures speed and memory on this machine.",
        subcommands = {
            BenchKernelsCommand.class,
            BenchGenerateCommand.class,
            BenchContextCommand.class,
            BenchServeCommand.class,
            BenchTrainCommand.class,
            BenchTurnsCommand.class
        })
final class BenchCommand {}
