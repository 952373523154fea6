package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/** One mapped safetensors file. */
public final class SafetensorsFile implements WeightSource {
    private final Path path;
    private final TensorTable table;
    private final Map<String, String> metadata;

    private SafetensorsFile(Path path, TensorTable table, Map<String, String> metadata) {
        this.path = path;
        this.table = table;
        this.metadata = metadata;
    }

    /**
     * Maps the file and checks its whole header.
     *
     * @throws LizardException INPUT naming file, key, expected and found
     */
    public static SafetensorsFile open(Path path) {
        MappedFile mapped = MappedFile.open(path);
        try {
            return of(path, mapped.bytes(), mapped::close);
        } catch (RuntimeException e) {
            mapped.close();
            throw e;
        }
    }

    static SafetensorsFile of(Path path, MemorySegment bytes, Runnable closer) {
        SafetensorsHeader header = SafetensorsHeader.read(path, bytes);
        TensorTable table = new TensorTable(path, header.tensors(), closer);
        return new SafetensorsFile(path, table, Collections.unmodifiableMap(header.metadata()));
    }

    public Path path() {
        return path;
    }

    /** The texts under {@code __metadata__}. */
    public Map<String, String> metadata() {
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
