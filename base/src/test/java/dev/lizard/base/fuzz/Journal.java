package dev.lizard.base.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Which input is being tried, in a file that survives the process: foreign code that aborts it leaves no other trace.
 * The file is {@code target/fuzz/<name>.running}, two big-endian numbers: seed and input.
 */
final class Journal {
    private static final int SIZE = 2 * Long.BYTES;

    private final Path file;
    private final MappedByteBuffer buffer;

    private Journal(Path file, MappedByteBuffer buffer) {
        this.file = file;
        this.buffer = buffer;
    }

    static Journal open(Path folder, String name, long seed) throws IOException {
        Files.createDirectories(folder);
        Path file = folder.resolve(name + ".running");
        if (Files.exists(file) && Files.size(file) == SIZE) {
            byte[] left = Files.readAllBytes(file);
            System.out.printf(
                    "fuzz %s: an earlier process ended within seed %d input %d%n",
                    name, number(left, 0), number(left, Long.BYTES));
        }
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            MappedByteBuffer buffer = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE);
            buffer.putLong(0, seed);
            return new Journal(file, buffer);
        }
    }

    private static long number(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).getLong(at);
    }

    void begin(long number) {
        buffer.putLong(Long.BYTES, number);
    }

    void end() throws IOException {
        Files.deleteIfExists(file);
    }
}
