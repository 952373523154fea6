package dev.lizard.text;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Reads a text file, compressed or not, in bounded memory, and refuses what is no text: bytes that are not UTF-8 (or
 * UTF-16, where a mark says so), NUL characters, a broken archive. Errors name the file and the line.
 */
public final class DataReader implements Closeable {
    private final Path file;
    private final DataFormat.Packing packing;
    private final Reader reader;
    private final char[] buffer = new char[1 << 16];
    private int position;
    private int limit;
    private long line;
    private boolean inLine;

    DataReader(Path file, DataFormat.Packing packing) {
        this.file = file;
        this.packing = packing;
        InputStream in = null;
        try {
            in = Files.newInputStream(file);
        } catch (IOException unreadable) {
            throw Hashes.unreadable(file, unreadable);
        }
        try {
            reader = Unicode.reader(Packed.open(in, packing, file));
        } catch (IOException unreadable) {
            close(in);
            throw bad(unreadable);
        } catch (RuntimeException unreadable) {
            close(in);
            throw unreadable;
        }
    }

    /**
     * Opens a file of text or of lines of JSON, told by its name.
     *
     * @throws LizardException INPUT where it cannot be read or is of another format
     */
    public static DataReader open(Path file) {
        DataFormat format = DataFormat.of(file)
                .filter(known -> known.content() != DataFormat.Content.PARQUET)
                .orElseThrow(() -> LizardException.at(
                        LizardException.Kind.INPUT,
                        "unknown data format",
                        file,
                        "lines of text or JSON, plain, .gz or .zst",
                        "'" + file.getFileName() + "'",
                        DataFormat.advice(file)));
        return new DataReader(file, format.packing());
    }

    /** {@code file:line} of the character last returned. */
    public String where() {
        return file + ":" + line;
    }

    /** The next character, or -1 at the end. */
    public int next() {
        if (position == limit && !fill()) {
            return -1;
        }
        if (!inLine) {
            line++;
            inLine = true;
        }
        char c = buffer[position++];
        if (c == 0) {
            throw binary("a NUL character");
        }
        inLine = c != '\n';
        return c;
    }

    /**
     * The next line with its line feed (which only the last may lack), or null at the end. A line longer than
     * {@code longest} characters comes in parts, the last of which ends in the line feed.
     */
    public @Nullable String nextLine(int longest) {
        StringBuilder text = new StringBuilder();
        while (text.length() < longest) {
            int c = next();
            if (c < 0) {
                break;
            }
            text.append((char) c);
            if (c == '\n') {
                break;
            }
            if (text.length() == longest && Character.isHighSurrogate((char) c)) {
                // A pair stays together: its second half opens no part.
                longest++;
            }
        }
        return text.isEmpty() ? null : text.toString();
    }

    private boolean fill() {
        try {
            int n = reader.read(buffer);
            position = 0;
            limit = Math.max(n, 0);
        } catch (IOException unreadable) {
            throw bad(unreadable);
        }
        return position < limit;
    }

    private LizardException bad(IOException cause) {
        if (cause instanceof CharacterCodingException) {
            return binary("bytes that are not UTF-8");
        }
        return packing == DataFormat.Packing.NONE
                ? Hashes.unreadable(file, cause)
                : Packed.broken(file, packing, cause);
    }

    private LizardException binary(String found) {
        return LizardException.at(
                LizardException.Kind.INPUT,
                "binary data",
                line == 0 ? file : file + " near line " + line,
                "UTF-8 text",
                found,
                "convert the file to UTF-8 or leave it out");
    }

    private static void close(InputStream in) {
        try {
            in.close();
        } catch (IOException ignored) {
            // What could not be read is being told.
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException unreadable) {
            throw Hashes.unreadable(file, unreadable);
        }
    }
}
