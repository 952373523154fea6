package dev.lizard.text;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.lizard.base.LizardException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** Compressed files as streams of what is in them, all members or frames one after another. */
final class Packed {
    private static final int BUFFER = 1 << 16;

    private Packed() {}

    static InputStream open(InputStream in, DataFormat.Packing packing, Path file) throws IOException {
        return switch (packing) {
            case NONE -> in;
            // The JDK's own reader takes a broken second member for the end of the file.
            case GZIP -> new GzipCompressorInputStream(new BufferedInputStream(in, BUFFER), true);
            case ZSTD -> zstd(in, file);
        };
    }

    private static InputStream zstd(InputStream in, Path file) throws IOException {
        try {
            return new ZstdInputStreamNoFinalizer(new BufferedInputStream(in, BUFFER));
        } catch (LinkageError noLibrary) {
            throw new LizardException(
                    LizardException.Kind.ENVIRONMENT,
                    "cannot unpack %s: the zstd library does not load here: %s; unpack it or compress it as .gz"
                            .formatted(file, noLibrary.getMessage()),
                    noLibrary);
        }
    }

    static LizardException broken(Path file, DataFormat.Packing packing, IOException cause) {
        String kind = packing == DataFormat.Packing.GZIP ? "gzip" : "zstd";
        String found = cause instanceof EOFException ? "an early end" : String.valueOf(cause.getMessage());
        return LizardException.at(
                LizardException.Kind.INPUT,
                "broken archive",
                file,
                "a whole " + kind + " file",
                "'" + found + "'",
                "download or compress it again",
                cause);
    }
}
