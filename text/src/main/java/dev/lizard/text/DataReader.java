package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * Reads a text file, gzipped or not, line by line in bounded memory, and refuses what is no text: bytes that are not
 * UTF-8, NUL characters, a broken archive. Errors name the file and the line.
 */
final class DataReader implements Closeable {
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    private final Path file;
    private final Reader reader;
    private final char[] buffer = new char[1 << 16];
    private int position;
    private int limit;
    private long line;
    private boolean inLine;

    DataReader(Path file) {
        this.file = file;
        try {
            InputStream in = Files.newInputStream(file);
            try {
                in = DataFiles.isGzip(file) ? new GZIPInputStream(in, 1 << 16) : in;
            } catch (IOException | RuntimeException broken) {
                in.close();
                throw broken;
            }
            reader = new InputStreamReader(
                    in,
                    UTF_8.newDecoder()
                            .onMalformedInput(CodingErrorAction.REPORT)
                            .onUnmappableCharacter(CodingErrorAction.REPORT));
        } catch (IOException unreadable) {
            throw bad(unreadable);
        }
    }

    /** The number of the line last returned, from 1. */
    long line() {
        return line;
    }

    /** {@code file:line} of the line last returned. */
    String where() {
        return file + ":" + line;
    }

    /**
     * The next line with its line feed (which only the last may lack), or null at the end. A line longer than
     * {@code longest} characters comes in parts, the last of which ends in the line feed.
     */
    @Nullable
    String nextLine(int longest) {
        StringBuilder text = new StringBuilder();
        while (text.length() < longest) {
            if (position == limit && !fill()) {
                break;
            }
            if (!inLine) {
                line++;
                inLine = true;
            }
            char c = buffer[position++];
            if (c == 0) {
                throw binary("a NUL character");
            }
            text.append(c);
            if (c == '\n') {
                inLine = false;
                break;
            }
            if (text.length() == longest && Character.isHighSurrogate(c)) {
                // A pair stays together: its second half opens no part.
                longest++;
            }
        }
        return text.isEmpty() ? null : text.toString();
    }

    private boolean fill() {
        boolean first = line == 0;
        try {
            int n = reader.read(buffer);
            position = 0;
            limit = Math.max(n, 0);
        } catch (IOException unreadable) {
            throw bad(unreadable);
        }
        if (first && limit > 0 && buffer[0] == BYTE_ORDER_MARK) {
            position = 1;
        }
        return position < limit;
    }

    private LizardException bad(IOException cause) {
        return switch (cause) {
            case CharacterCodingException notText -> binary("bytes that are not UTF-8");
            case ZipException notGzip -> broken(cause);
            case EOFException cutShort -> broken(cause);
            default -> DataFiles.cannotRead(file, cause);
        };
    }

    private LizardException broken(IOException cause) {
        return new LizardException(
                LizardException.Kind.INPUT,
                "broken archive in %s: expected a whole gzip file but found: %s; download or compress it again"
                        .formatted(file, cause.getMessage()),
                cause);
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

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException unreadable) {
            throw DataFiles.cannotRead(file, unreadable);
        }
    }
}
