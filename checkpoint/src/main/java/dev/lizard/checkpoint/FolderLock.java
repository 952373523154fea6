package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One process at a time writes into a folder. The lock is the system's, on {@code .lock} in the folder, which also holds
 * the process's number; so it goes with its process, however that ends, and a file left behind stops nobody. Where a
 * file system knows no locks, the number alone decides.
 *
 * <p>Nothing else may open the file while the lock is held: POSIX systems drop a process's lock with any descriptor of
 * the file that it closes.
 */
public final class FolderLock implements AutoCloseable {
    public static final String FILE = ".lock";

    private static final int ATTEMPTS = 100;

    private final Path folder;
    private final boolean made;
    private final FileChannel channel;

    private FolderLock(Path folder, boolean made, FileChannel channel) {
        this.folder = folder;
        this.made = made;
        this.channel = channel;
    }

    /** How a channel is locked; tests put a file system without locks in its place. */
    @FunctionalInterface
    interface Locks {
        @Nullable
        FileLock tryLock(FileChannel channel) throws IOException;
    }

    /**
     * Locks a folder, which is made where it is not there, until {@link #close}.
     *
     * @throws LizardException ENVIRONMENT where another process holds it, naming that process, or it cannot be written
     */
    public static FolderLock take(Path folder) {
        return take(folder, FileChannel::tryLock);
    }

    static FolderLock take(Path folder, Locks system) {
        boolean made = !Files.exists(folder);
        Path file = folder.resolve(FILE);
        try {
            Files.createDirectories(folder);
            for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                if (lock(folder, channel, system)) {
                    write(channel);
                    return new FolderLock(folder, made, channel);
                }
                channel.close(); // its holder deleted it meanwhile
            }
            throw inUse(folder, "another process");
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }

    /**
     * Says early, without writing anything, that another process holds the folder.
     *
     * @throws LizardException ENVIRONMENT where one does
     */
    public static void refuseHeld(Path folder) {
        if (Files.isRegularFile(folder.resolve(FILE)) && Files.isWritable(folder.resolve(FILE))) {
            take(folder).close();
        }
    }

    /** Whether a name in a folder is of no account because it is only the lock's. */
    public static boolean is(Path file) {
        return FILE.equals(String.valueOf(file.getFileName()));
    }

    /** False where the file that was opened is no longer the one that has the name. */
    private static boolean lock(Path folder, FileChannel channel, Locks system) throws IOException {
        Object before = key(folder);
        FileLock lock;
        try {
            lock = system.tryLock(channel);
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw inUse(folder, "process " + ProcessHandle.current().pid());
        } catch (IOException e) { // no locks here
            Optional<ProcessHandle> holder = holder(folder);
            if (holder.isPresent()) {
                channel.close();
                throw inUse(folder, "process " + holder.get().pid());
            }
            return true;
        }
        if (lock == null) {
            String held = content(folder);
            channel.close();
            throw inUse(folder, held.matches("\\d+") ? "process " + held : "another process");
        }
        return before != null && Objects.equals(before, key(folder));
    }

    private static @Nullable Object key(Path folder) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(folder.resolve(FILE), BasicFileAttributes.class);
            Object key = attributes.fileKey();
            return key == null ? "file" : key;
        } catch (IOException e) {
            return null;
        }
    }

    /** The living process that the file names, unless it is this one. */
    private static Optional<ProcessHandle> holder(Path folder) {
        String held = content(folder);
        return held.matches("\\d{1,18}")
                ? ProcessHandle.of(Long.parseLong(held))
                        .filter(process -> process.isAlive() && !process.equals(ProcessHandle.current()))
                : Optional.empty();
    }

    private static String content(Path folder) {
        try {
            return Files.readString(folder.resolve(FILE)).strip();
        } catch (IOException e) {
            return "";
        }
    }

    private static void write(FileChannel channel) throws IOException {
        channel.truncate(0);
        byte[] number = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII);
        Bytes.writeAll(channel, number);
    }

    private static LizardException inUse(Path folder, String who) {
        return LizardException.environment("%s is in use by %s (lock file %s); wait for it, or choose another folder"
                .formatted(folder, who, folder.resolve(FILE)));
    }

    /** Lets the next one in. The file goes, and so does a folder that was made for it and has nothing else in it. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(folder.resolve(FILE));
            channel.close();
            if (made && isEmpty()) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            // A file that stays stops nobody; the lock itself is the channel's and gone with it.
            return;
        }
    }

    private boolean isEmpty() throws IOException {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        }
    }
}
