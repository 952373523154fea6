package dev.lizard.cli;

import picocli.CommandLine.Command;

/** {@code lizard config}: the group of commands about configuration. */
@Command(name = "config", description = "Shows the configuration.", subcommands = ConfigShowCommand.class)
final class ConfigCommand {}
