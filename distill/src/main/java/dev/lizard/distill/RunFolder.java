package dev.lizard.distill;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.FolderLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The output folder of a training run: its configuration, log and checkpoints.
 *
 * @param path the folder
 * @param checkpoints below it
 * @param last the newest whole checkpoint, if the run is resumed and has one
 * @param log cut back to that checkpoint, or empty
 */
record RunFolder(Path path, Checkpoints checkpoints, Optional<Checkpoints.Saved> last, RunLog log)
        implements AutoCloseable {
    /**
     * Begins a run in a new folder, or goes on in the one it left.
     *
     * @param config name of the configuration file
     * @param resolved its content; on resume it must be the same
     * @param today reads the stored one in today's spelling
     * @throws LizardException USAGE where the folder has something in it and {@code resume} is not set, or has the run
     *     of another configuration
     */
    static RunFolder open(
            Path path,
            boolean resume,
            String config,
            ObjectNode resolved,
            UnaryOperator<JsonNode> today,
            TrainListener listener) {
        check(path, resume);
        try {
            Files.createDirectories(path);
        } catch (IOException e) {
            throw AtomicFiles.failure(path, e);
        }
        Resolved.writeOrCompare(path.resolve(config), resolved, today);
        Checkpoints checkpoints = new Checkpoints(path);
        Optional<Checkpoints.Saved> last = checkpoints.last(listener::note);
        long bytes = last.map(saved -> saved.state().logBytes()).orElse(0L);
        return new RunFolder(path, checkpoints, last, new RunLog(path, bytes, listener::note));
    }

    /**
     * Locks the folder for a run, having looked whether one may begin there.
     *
     * @throws LizardException ENVIRONMENT where another process holds it, USAGE where the folder has something in it and
     *     {@code resume} is not set
     */
    static FolderLock lock(Path path, boolean resume) {
        FolderLock.refuseHeld(path);
        check(path, resume);
        return FolderLock.take(path);
    }

    /**
     * Says early whether a run may begin there.
     *
     * @throws LizardException USAGE where the folder has something in it and {@code resume} is not set
     */
    static void check(Path path, boolean resume) {
        if (resume || !Files.exists(path)) {
            return;
        }
        List<Path> files = List.of();
        if (Files.isDirectory(path)) {
            try (Stream<Path> list = Files.list(path)) {
                files = list.filter(file -> !FolderLock.is(file))
                        .sorted()
                        .limit(1)
                        .toList();
            } catch (IOException e) {
                throw AtomicFiles.failure(path, e);
            }
            if (files.isEmpty()) {
                return;
            }
        }
        throw LizardException.at(
                LizardException.Kind.USAGE,
                "output folder exists",
                path,
                "a new or empty folder",
                files.isEmpty() ? "a file" : files.getFirst().getFileName() + " in it",
                "choose another --out, or pass --resume to go on");
    }

    /** Deletes the checkpoints of a run that is done; what cannot be deleted is only noted. */
    static void discardCheckpoints(Path path, TrainListener listener) {
        Path checkpoints = path.resolve(Checkpoints.FOLDER);
        try {
            AtomicFiles.deleteTree(checkpoints);
        } catch (IOException e) {
            listener.note("cannot delete %s: %s".formatted(checkpoints, e.getMessage()));
        }
    }

    @Override
    public void close() {
        log.close();
    }
}
