package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;

/** One mapped GGUF file with the names and the row order it has; {@link GgufWeights} gives Hugging Face's. */
public final class GgufFile extends TensorTable {
    private final Map<String, Object> metadata;

    private GgufFile(Path path, GgufHeader header, Runnable closer) {
        super(path, header.tensors(), closer);
        metadata = header.metadata();
    }

    /**
     * Maps the file and checks its header, metadata and tensor table.
     *
     * @throws LizardException INPUT naming file, key, expected and found
     */
    public static GgufFile open(Path path) {
        return MappedFile.open(path, (bytes, closer) -> of(path, bytes, closer));
    }

    static GgufFile of(Path path, MemorySegment bytes, Runnable closer) {
        return new GgufFile(path, GgufHeader.read(path, bytes), closer);
    }

    /** All metadata in the order of the file: Long, Double, Boolean, String, or an unmodifiable List of these. */
    public Map<String, Object> metadata() {
        return metadata;
    }
}
