package dev.lizard.serve.schedule;

import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import dev.lizard.checkpoint.FolderLock;
import dev.lizard.generate.Snapshot;
import dev.lizard.generate.StoredSession;
import dev.lizard.model.Decoder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * States of beginnings that memory has no room for: a file each, named by the hash of the tokens read before and by the
 * model, so that the next process finds them. A thread of its own writes them, each whole or not at all; what was not
 * used longest is deleted to stay within a number of bytes. Looked up and read from one thread.
 */
public final class SpillFolder implements AutoCloseable {
    /** States that wait to be written take memory too; what comes beyond this is dropped. */
    private static final long MOST_WAITING = 1L << 28;

    private record Writing(String name, StoredSession state, Arena memory) {
        static Writing of(String name, Snapshot snapshot, String model) {
            Arena memory = Arena.ofShared();
            return new Writing(name, snapshot.stored(memory, model, Map.of()), memory);
        }
    }

    private final Path folder;
    private final long budget;
    private final String model;
    private final Consumer<String> tell;
    private final FolderLock lock;
    private final SpillIndex index;
    private final BlockingQueue<Optional<Writing>> waiting = new LinkedBlockingQueue<>();
    private final AtomicLong waitingBytes = new AtomicLong();
    private final Thread writer;
    private volatile boolean refused;

    private SpillFolder(Path folder, long budget, String model, Consumer<String> tell) {
        this.folder = folder;
        this.budget = budget;
        this.model = model;
        this.tell = tell;
        index = new SpillIndex(model);
        lock = FolderLock.take(folder);
        boolean whole = false;
        try {
            find();
            whole = true;
        } finally {
            if (!whole) {
                lock.close();
            }
        }
        writer = Thread.ofPlatform().name("spill").daemon().start(this::work);
    }

    /**
     * Takes a folder over, which is made where it is not there.
     *
     * @param budget most bytes of files
     * @param model {@link dev.lizard.generate.ModelFingerprint} of the decoder whose states these are
     * @param tell hears a line of each thing that is amiss
     * @throws LizardException ENVIRONMENT where another process has it, or it cannot be written
     */
    public static SpillFolder open(Path folder, long budget, String model, Consumer<String> tell) {
        return new SpillFolder(folder, budget, model, tell);
    }

    /** {@link dev.lizard.generate.ModelFingerprint} of the decoder whose states these are. */
    String model() {
        return model;
    }

    /** Bytes of files. */
    public long bytes() {
        return index.bytes();
    }

    /** Files. */
    public int states() {
        return index.count();
    }

    private void find() {
        List<Path> mine = new ArrayList<>();
        int others = 0;
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                boolean plain = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
                if (plain && index.isMine(name)) {
                    mine.add(file);
                } else if (plain && SpillIndex.isUnfinished(name)) {
                    Files.delete(file); // of a process that was killed; nobody else writes here
                } else if (!FolderLock.is(file)) {
                    others++;
                }
            }
            mine.sort(Comparator.comparing(SpillFolder::lastUse));
            for (Path file : mine) {
                index.add(file.getFileName().toString(), Files.size(file));
            }
        } catch (IOException e) {
            throw AtomicFiles.failure(folder, e);
        }
        if (others > 0) {
            tell.accept("spill folder %s: %d files that are no states of this model are left alone"
                    .formatted(folder, others));
        }
        trim();
    }

    private static FileTime lastUse(Path file) {
        try {
            return Files.getLastModifiedTime(file);
        } catch (IOException e) {
            return FileTime.fromMillis(0);
        }
    }

    private void trim() {
        for (String oldest = index.beyond(budget); oldest != null; oldest = index.beyond(budget)) {
            delete(oldest);
        }
    }

    private void delete(String name) {
        index.remove(name);
        try {
            Files.deleteIfExists(folder.resolve(name));
        } catch (IOException e) {
            tell.accept("cannot delete spilled state %s: %s".formatted(folder.resolve(name), e));
        }
    }

    // ---- reading ---------------------------------------------------------------------------------------------------

    /** The longest beginning of {@code ids} beyond {@code above} tokens that has a file, or null. */
    SpillIndex.@Nullable Entry longest(int[] ids, int above) {
        return index.longest(ids, above);
    }

    /** The state in a file, which the caller closes; null where the file is damaged, which is then told and deleted. */
    @Nullable
    Snapshot load(Decoder decoder, SpillIndex.Entry entry, int[] ids) {
        Path file = folder.resolve(entry.name());
        try {
            Snapshot snapshot = Snapshot.load(decoder, model, file);
            if (snapshot.hasRead(Arrays.copyOf(ids, entry.depth()))) {
                touch(entry.name());
                return snapshot;
            }
            snapshot.close();
            tell.accept("spilled state deleted: %s is of other tokens than its name says".formatted(file));
        } catch (LizardException e) {
            tell.accept("spilled state deleted: " + e.getMessage());
        }
        delete(entry.name());
        return null;
    }

    private void touch(String name) {
        index.use(name);
        try {
            Files.setLastModifiedTime(folder.resolve(name), FileTime.from(Instant.now()));
        } catch (IOException e) {
            return; // its age is a hint
        }
    }

    // ---- writing ---------------------------------------------------------------------------------------------------

    /** Has a state written soon, of which a copy is taken now; not where there is no room, or it is there already. */
    void put(int[] ids, Snapshot snapshot) {
        String name = index.name(ids);
        if (index.use(name)) {
            touch(name);
            return;
        }
        if (refused || snapshot.bytes() > budget || waitingBytes.get() + snapshot.bytes() > MOST_WAITING) {
            return;
        }
        Writing next = Writing.of(name, snapshot, model);
        waitingBytes.addAndGet(next.state.bytes());
        waiting.add(Optional.of(next));
    }

    private void work() {
        try {
            for (Optional<Writing> next = waiting.take(); next.isPresent(); next = waiting.take()) {
                long bytes = next.get().state.bytes();
                write(next.get());
                waitingBytes.addAndGet(-bytes);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void write(Writing next) {
        Path file = folder.resolve(next.name);
        try (Arena _ = next.memory) {
            if (!refused) {
                next.state.write(file);
                index.add(next.name, Files.size(file));
                trim();
            }
        } catch (LizardException | IOException e) {
            refused = true;
            tell.accept("no more states are spilled: " + e.getMessage());
        }
    }

    /** Writes a state at once. */
    void flush(int[] ids, Snapshot snapshot) {
        if (snapshot.bytes() <= budget && !index.use(index.name(ids))) {
            write(Writing.of(index.name(ids), snapshot, model));
        }
    }

    /** Waits until all is written. */
    @Override
    public void close() {
        waiting.add(Optional.empty());
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        lock.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
