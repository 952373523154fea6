package dev.lizard.distill;

import dev.lizard.base.Json;
import dev.lizard.checkpoint.AtomicFiles;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;

/** {@code log.jsonl}: one record a line, appended; cut back to a checkpoint on resume. */
public final class RunLog implements AutoCloseable {
    public static final String FILE = "log.jsonl";

    private final Path file;
    private final FileChannel channel;

    /** As {@link #RunLog(Path, long, Consumer)}, for a log that is known to be whole. */
    public RunLog(Path folder, long bytes) {
        this(folder, bytes, note -> {});
    }

    /**
     * Opens the log of a run, cut back to its first {@code bytes} bytes, or to the whole lines before that where it was
     * shortened or torn: what it lacks is history, which the run does not need.
     *
     * @param notes receives a line for what was cut or is missing
     * @throws LizardException ENVIRONMENT where it cannot be written
     */
    public RunLog(Path folder, long bytes, Consumer<String> notes) {
        file = folder.resolve(FILE);
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            long found = channel.size();
            long whole = bytes == 0 ? 0 : wholeLines(file, bytes);
            if (whole < bytes) {
                notes.accept(
                        "%s is not as its checkpoint left it: cut back from %,d to %,d of %,d bytes, training goes on"
                                .formatted(file, found, whole, bytes));
            } else if (found > bytes) {
                notes.accept("%s cut back to its checkpoint: %,d of %,d bytes".formatted(file, bytes, found));
            }
            channel.truncate(whole);
            channel.position(whole);
        } catch (IOException e) {
            throw AtomicFiles.failure(file, e);
        }
    }

    /** Length of the longest beginning, of at most {@code bytes} bytes, that consists of whole JSON lines. */
    private static long wholeLines(Path file, long bytes) throws IOException {
        long whole = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (long at = 1; at <= bytes; at++) {
                int next = in.read();
                if (next < 0) {
                    return whole;
                }
                if (next != '\n') {
                    line.write(next);
                } else if (isRecord(line.toString(StandardCharsets.UTF_8))) {
                    whole = at;
                    line.reset();
                } else {
                    return whole;
                }
            }
        }
        return whole;
    }

    private static boolean isRecord(String line) {
        try {
            return Json.MAPPER.readTree(line).isObject();
        } catch (JacksonException e) {
            return false;
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
