package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** One mapped GGUF file with the names and the row order it has; {@link GgufWeights} gives Hugging Face's. */
public final class GgufFile implements WeightSource {
    private final Path path;
    private final Map<String, Object> metadata;
    private final TensorTable table;

    private GgufFile(Path path, Map<String, Object> metadata, TensorTable table) {
        this.path = path;
        this.metadata = metadata;
        this.table = table;
    }

    /**
     * Maps the file and checks its header, metadata and tensor table.
     *
     * @throws LizardException INPUT naming file, key, expected and found
     */
    public static GgufFile open(Path path) {
        MappedFile mapped = MappedFile.open(path);
        try {
            return of(path, mapped.bytes(), mapped::close);
        } catch (RuntimeException e) {
            mapped.close();
            throw e;
        }
    }

    static GgufFile of(Path path, MemorySegment bytes, Runnable closer) {
        GgufHeader header = GgufHeader.read(path, bytes);
        return new GgufFile(path, header.metadata(), new TensorTable(path, header.tensors(), closer));
    }

    public Path path() {
        return path;
    }

    /** All metadata in the order of the file: Long, Double, Boolean, String, or an unmodifiable List of these. */
    public Map<String, Object> metadata() {
        return metadata;
    }

    @Override
    public Set<String> names() {
        return table.names();
    }

    @Override
    public TensorInfo info(String name) {
        return table.info(name);
    }

    @Override
    public MemorySegment raw(String name) {
        return table.raw(name);
    }

    @Override
    public Path file(String name) {
        return path;
    }

    @Override
    public void close() {
        table.close();
    }
}
