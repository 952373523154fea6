package dev.lizard.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs the program as a user would, with its streams caught and only the given environment. */
final class Terminal {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();

    Terminal with(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    /** Runs one command line and gives its exit code. */
    int run(String... args) {
        out.reset();
        err.reset();
        return new App(streams(false), environment, SilenceWatch.Starter.NONE).run(args);
    }

    Streams streams(boolean live) {
        return new Streams(new ResultStream(out), new PrintStream(err, true, StandardCharsets.UTF_8), false, live);
    }

    String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    List<String> outLines() {
        return out().lines().toList();
    }
}
