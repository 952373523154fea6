package dev.lizard.cli;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Standard output in UTF-8; unlike a plain stream for printing it knows why it could not be written. */
final class ResultStream extends PrintStream {
    private final Remembering target;

    ResultStream(OutputStream out) {
        this(new Remembering(out));
    }

    private ResultStream(Remembering target) {
        super(new BufferedOutputStream(target), false, StandardCharsets.UTF_8);
        this.target = target;
    }

    /**
     * Writes what is still held back.
     *
     * @throws LostOutput where this or anything before could not be written
     */
    void check() {
        if (checkError()) {
            throw new LostOutput(target.fault);
        }
    }

    /** Keeps the first failure, which {@link PrintStream} forgets. */
    private static final class Remembering extends FilterOutputStream {
        private @Nullable IOException fault;

        Remembering(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                fault = fault == null ? e : fault;
                throw e;
            }
        }

        @Override
        public void flush() throws IOException {
            try {
                out.flush();
            } catch (IOException e) {
                fault = fault == null ? e : fault;
                throw e;
            }
        }
    }
}
