package dev.lizard.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.BiFunction;

/**
 * A whole file mapped read-only.
 *
 * @param arena owns the mapping; shared, so that many threads may read
 */
record MappedFile(Path path, Arena arena, MemorySegment bytes) implements AutoCloseable {
    /** Maps {@code path} for what {@code reader} makes of its bytes; that closes it by the runnable. */
    static <T> T open(Path path, BiFunction<MemorySegment, Runnable, T> reader) {
        MappedFile mapped = open(path);
        try {
            return reader.apply(mapped.bytes, mapped::close);
        } catch (RuntimeException e) {
            mapped.close();
            throw e;
        }
    }

    private static MappedFile open(Path path) {
        if (!Files.isRegularFile(path)) {
            throw BadFile.in(
                    path,
                    "cannot open weights",
                    "a file",
                    Files.exists(path) ? "something else" : "nothing",
                    "check the path");
        }
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            return new MappedFile(path, arena, bytes.asReadOnly());
        } catch (IOException e) {
            arena.close();
            throw JsonFiles.unreadable(path, e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
