package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.text.TokenStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A text that is given as it is or as a file, whose tokens come part by part. */
final class TextInput implements AutoCloseable {
    private final @Nullable Path file;
    private final Reader reader;
    private final long size;
    private long bytes;

    private TextInput(@Nullable Path file, String text) {
        this.file = file;
        try {
            size = file == null || TextArgument.isStandardInput(file) ? 0 : Files.size(file);
            reader = file == null ? new StringReader(text) : utf8(file);
        } catch (IOException e) {
            throw file == null ? new UncheckedIOException(e) : TextArgument.unreadable(file, e);
        }
    }

    /**
     * Opens the one option that was given.
     *
     * @param names both options, as in {@code --text and --file}
     * @throws LizardException USAGE where none or both were given, INPUT where there is no such file
     */
    static TextInput of(@Nullable String text, @Nullable Path file, String names) {
        return text == null && file != null
                ? new TextInput(file, "")
                : new TextInput(null, TextArgument.of(text, file, names));
    }

    private Reader utf8(Path file) throws IOException {
        boolean standard = TextArgument.isStandardInput(file);
        InputStream counted = new FilterInputStream(standard ? System.in : Files.newInputStream(file)) {
            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                int read = super.read(buffer, offset, length);
                bytes += Math.max(0, read);
                return read;
            }

            @Override
            public void close() throws IOException {
                if (!standard) {
                    super.close();
                }
            }
        };
        return new InputStreamReader(
                counted,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT));
    }

    /** Bytes of the file; 0 where that is not known or there is none. */
    long size() {
        return size;
    }

    /** Bytes read so far. */
    long bytes() {
        return bytes;
    }

    /** The parts of its tokens; faults of the file are told as such. */
    Iterator<int[]> tokens(Function<Reader, TokenStream> encoder) {
        TokenStream stream = encoder.apply(reader);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return stream.hasNext();
            }

            @Override
            public int[] next() {
                try {
                    return stream.next();
                } catch (UncheckedIOException e) {
                    IOException cause = e.getCause();
                    throw file == null || cause == null ? e : TextArgument.unreadable(file, cause);
                }
            }
        };
    }

    /** The whole text. */
    String whole() {
        try (StringWriter text = new StringWriter()) {
            reader.transferTo(text);
            return text.toString();
        } catch (IOException e) {
            throw file == null ? new UncheckedIOException(e) : TextArgument.unreadable(file, e);
        }
    }

    @Override
    public void close() {
        try {
            reader.close();
        } catch (IOException ignored) {
            // It was read to its end, or its fault was told.
        }
    }
}
