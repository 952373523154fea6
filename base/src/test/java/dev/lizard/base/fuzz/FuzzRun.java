package dev.lizard.base.fuzz;

import dev.lizard.base.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A run of mutated inputs under watch. It fails, naming seed and inputs and saving these under {@code target/fuzz},
 * where one throws anything but a refusal of one line, takes more than two seconds, allocates without measure or leaves
 * something alive, and where memory grows over the run.
 *
 * <p>{@code -Dlizard.fuzz.seed=S -Dlizard.fuzz.only=N} tries that input alone.
 */
final class FuzzRun {
    private static final Duration LONGEST = Duration.ofSeconds(2);
    private static final Duration LONGEST_ON_A_BUSY_MACHINE = Duration.ofSeconds(20);
    private static final long MOST_HEAP_GROWTH = 48L << 20;
    private static final long MOST_NATIVE_GROWTH = 192L << 20;
    private static final int WATCH_MILLIS = 50;

    private final FuzzTarget target;
    private final FuzzSettings settings;
    private final Path folder = Path.of("target", "fuzz");

    FuzzRun(FuzzTarget target, FuzzSettings settings) {
        this.target = target;
        this.settings = settings;
    }

    FuzzFigures run() throws IOException {
        long start = System.nanoTime();
        Journal journal = Journal.open(folder, target.name(), settings.seed());
        FuzzWorker worker = new FuzzWorker(target, settings, journal);
        worker.start();
        try {
            watch(worker);
        } finally {
            journal.end();
        }
        FuzzFigures figures = worker.figures(System.nanoTime() - start);
        System.out.println("fuzz " + Json.line(figures));
        Throwable failure = worker.failure();
        if (failure != null) {
            throw new AssertionError(
                    "fuzz %s, before or between inputs: %s".formatted(target.name(), failure), failure);
        }
        if (!worker.findings().isEmpty()) {
            throw failed(worker.findings());
        }
        if (settings.results().isPresent()) {
            figures.write(settings.results().get());
        }
        if (figures.heapGrowth() > MOST_HEAP_GROWTH || figures.nativeGrowth() > MOST_NATIVE_GROWTH) {
            throw new AssertionError("memory grows: " + Json.line(figures));
        }
        return figures;
    }

    private void watch(FuzzWorker worker) throws IOException {
        try {
            while (!worker.ends(WATCH_MILLIS)) {
                FuzzWorker.Turn turn = worker.turn();
                if (turn != null && tooLong(worker, turn) && turn == worker.turn()) {
                    Throwable late = new AssertionError("takes too long");
                    late.setStackTrace(worker.getStackTrace());
                    List<Finding> all = new ArrayList<>(worker.findings());
                    all.add(new Finding(turn.number(), turn.input(), late));
                    throw failed(all);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Waiting for a processor that others hold is not the reader's fault; waiting for something else is. */
    private static boolean tooLong(FuzzWorker worker, FuzzWorker.Turn turn) {
        long wall = System.nanoTime() - turn.since();
        return worker.cpu(turn) > LONGEST.toNanos() || wall > LONGEST_ON_A_BUSY_MACHINE.toNanos();
    }

    private AssertionError failed(List<Finding> findings) throws IOException {
        StringBuilder lines = new StringBuilder("fuzz " + target.name());
        for (Finding finding : findings) {
            lines.append("\n  ").append(finding.save(folder, target.name(), settings.seed()));
        }
        return new AssertionError(lines.toString(), findings.getFirst().cause());
    }
}
