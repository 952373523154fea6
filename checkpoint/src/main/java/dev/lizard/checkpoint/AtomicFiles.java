package dev.lizard.checkpoint;

import dev.lizard.base.Activity;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Writes that are whole or not there: to a temporary neighbour, forced to the disk, renamed, the folder forced too.
 * What a killed process leaves behind has {@code .tmp-<process>} in its name.
 */
public final class AtomicFiles {
    private static final AtomicLong COUNTER = new AtomicLong();
    private static final String OLD = ".old-";
    private static final String FRESH = ".tmp-";

    private AtomicFiles() {}

    /** Fills an open file. */
    @FunctionalInterface
    public interface FileBody {
        void writeTo(FileChannel channel) throws IOException;
    }

    /** Fills a new, empty folder. */
    @FunctionalInterface
    public interface FolderBody {
        void fill(Path folder) throws IOException;
    }

    /**
     * Creates or replaces one file.
     *
     * @throws LizardException ENVIRONMENT when the disk is full or refuses, naming the path
     */
    public static void write(Path target, FileBody body) {
        Path fresh = neighbour(target, ".tmp-" + mark());
        try {
            Files.createDirectories(parent(target));
            try (FileChannel channel =
                    FileChannel.open(fresh, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                body.writeTo(channel);
                channel.force(true);
            }
            rename(fresh, target);
            syncFolder(parent(target));
        } catch (IOException e) {
            throw failure(target, e);
        } finally {
            deleteQuietly(fresh);
        }
    }

    /** As {@link #write(Path, FileBody)}, for bytes at hand. */
    public static void write(Path target, byte[] bytes) {
        write(target, channel -> Bytes.writeAll(channel, bytes));
    }

    /**
     * Creates or replaces a whole folder. Where the folder was there, it is moved aside for the moment between two
     * renames, while the new one still has the same mark in its temporary name; {@link #recoverFolder} undoes a crash at
     * that moment.
     */
    public static void replaceFolder(Path target, FolderBody body) {
        recoverFolder(target);
        String mark = mark();
        Path fresh = neighbour(target, FRESH + mark);
        Path old = neighbour(target, OLD + mark);
        try (Activity _ = Activity.begin("writing " + target)) {
            Files.createDirectories(fresh);
            body.fill(fresh);
            syncTree(fresh);
            boolean replaces = Files.exists(target);
            if (replaces) {
                rename(target, old);
            }
            try {
                rename(fresh, target);
            } catch (IOException e) {
                if (replaces) {
                    rename(old, target);
                }
                throw e;
            }
            syncFolder(parent(target));
            recoverFolder(target); // what is aside now is done with
        } catch (IOException e) {
            throw failure(target, e);
        } finally {
            deleteQuietly(fresh);
        }
    }

    /**
     * Puts a folder back that {@link #replaceFolder} had moved aside when its process died, once: a folder aside whose
     * replacement was in place already has had its day. It goes where the target is there, and is never put back.
     */
    public static void recoverFolder(Path target) {
        if (!Files.isDirectory(parent(target))) {
            return;
        }
        String prefix = target.getFileName() + OLD;
        try {
            for (Path old : named(parent(target), prefix)) {
                String mark = old.getFileName().toString().substring(prefix.length());
                Path fresh = neighbour(target, FRESH + mark);
                if (Files.exists(target)) {
                    discard(old);
                } else if (Files.exists(fresh)) {
                    rename(old, target);
                    deleteTree(fresh);
                }
            }
        } catch (IOException e) {
            throw failure(target, e);
        }
    }

    /** {@link #recoverFolder} for every folder that was ever moved aside in {@code parent}. */
    static void recoverAll(Path parent) {
        try {
            for (Path old : named(parent, "")) {
                String name = old.getFileName().toString();
                int end = name.lastIndexOf(OLD);
                if (end > 0) {
                    recoverFolder(parent.resolve(name.substring(0, end)));
                }
            }
        } catch (IOException e) {
            throw failure(parent, e);
        }
    }

    private static List<Path> named(Path parent, String prefix) throws IOException {
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(f -> f.getFileName().toString().startsWith(prefix))
                    .sorted()
                    .toList();
        }
    }

    /** Deletes under a name that nothing recovers, so that a crash half way leaves no half folder to come back. */
    private static void discard(Path old) throws IOException {
        if (Files.exists(old)) {
            Path doomed = old.resolveSibling(old.getFileName().toString().replace(OLD, FRESH) + "-old");
            rename(old, doomed);
            deleteTree(doomed);
        }
    }

    /** Deletes a file or a folder with all in it; nothing there is fine. */
    public static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(root)) {
            paths = walk.toList();
        }
        for (Path path : paths.reversed()) {
            Files.delete(path);
        }
    }

    /** The error that a user can act on for a failed write to {@code path}. */
    public static LizardException failure(Path path, IOException e) {
        boolean full = String.valueOf(e.getMessage()).contains("No space left on device");
        String message = full
                ? "cannot write %s: no space left on the device; free space or choose another folder".formatted(path)
                : "cannot write %s: %s; check the folder and its permissions"
                        .formatted(path, BadFile.brief(e.toString()));
        return new LizardException(LizardException.Kind.ENVIRONMENT, message, e);
    }

    private static void syncTree(Path root) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(root)) {
            paths = walk.toList();
        }
        for (Path path : paths.reversed()) {
            if (Files.isDirectory(path)) {
                syncFolder(path);
            } else if (Files.isRegularFile(path)) {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
            }
        }
    }

    /** Forces the names in a folder to the disk; systems that cannot open a folder (Windows) do not need it. */
    private static void syncFolder(Path folder) throws IOException {
        if (System.getProperty("os.name", "").startsWith("Windows")) {
            return;
        }
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void deleteQuietly(Path fresh) {
        try {
            deleteTree(fresh);
        } catch (IOException e) {
            // The write itself succeeded or has its own error; a leftover is found by its name.
            return;
        }
    }

    private static String mark() {
        return ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
    }

    private static Path neighbour(Path target, String suffix) {
        return parent(target).resolve(target.getFileName() + suffix);
    }

    private static Path parent(Path target) {
        Path parent = target.toAbsolutePath().getParent();
        if (parent == null) {
            throw LizardException.usage("cannot write %s: it is no file or folder name".formatted(target));
        }
        return parent;
    }
}
