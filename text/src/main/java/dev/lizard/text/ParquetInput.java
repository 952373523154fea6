package dev.lizard.text;

import dev.hardwood.InputFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A file that is read rather than mapped, since a mapped one that is cut while it is read takes the process with it;
 * and that refuses what no whole file asks for: the library reads on for ever where a page claims to be longer than its
 * column, asking for nothing again and again.
 */
final class ParquetInput implements InputFile {
    private final Path path;
    private @Nullable FileChannel channel;
    private long length;

    ParquetInput(Path path) {
        this.path = path;
    }

    @Override
    public void open() throws IOException {
        if (channel == null) {
            channel = FileChannel.open(path);
            length = channel.size();
        }
    }

    @Override
    public ByteBuffer readRange(long offset, int size) throws IOException {
        FileChannel open = channel;
        if (open == null || size <= 0 || offset < 0 || offset > length - size) {
            throw new IOException("a page reaches beyond its column");
        }
        ByteBuffer bytes = ByteBuffer.allocateDirect(size); // decoders want native memory
        while (bytes.hasRemaining()) {
            if (open.read(bytes, offset + bytes.position()) < 0) {
                throw new EOFException("the file became shorter");
            }
        }
        return bytes.flip();
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public String name() {
        return path.toString();
    }

    @Override
    public void close() throws IOException {
        if (channel != null) {
            channel.close();
        }
    }
}
