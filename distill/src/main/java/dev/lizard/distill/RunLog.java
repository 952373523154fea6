package dev.lizard.distill;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import dev.lizard.checkpoint.AtomicFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** {@code log.jsonl}: one record a line, appended; cut back to a checkpoint's length on resume. */
public final class RunLog implements AutoCloseable {
    public static final String FILE = "log.jsonl";

    private final Path file;
    private final FileChannel channel;

    /**
     * Opens the log of a run, cut back to its first {@code bytes} bytes.
     *
     * @throws LizardException INPUT where it is shorter than that, ENVIRONMENT where it cannot be written
     */
    public RunLog(Path folder, long bytes) {
        file = folder.resolve(FILE);
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.size() < bytes) {
                long found = channel.size();
                channel.close();
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "log shorter than its checkpoint",
                        file,
                        "at least " + bytes + " bytes",
                        found,
                        "restore the file, or start again in another folder");
            }
            channel.truncate(bytes);
            channel.position(bytes);
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }

    /** Appends a record as one line. */
    public void append(Object entry) {
        ByteBuffer line = ByteBuffer.wrap((Json.line(entry) + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            while (line.hasRemaining()) {
                channel.write(line);
            }
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }

    /** Forces what was appended to the disk and returns the file's length. */
    public long sync() {
        try {
            channel.force(true);
            return channel.position();
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }
}
