package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A mapped GGUF file, or all parts of a split one, with the names and the row order it has; {@link GgufWeights} gives
 * Hugging Face's.
 */
public final class GgufFile extends TensorTable {
    private final Map<String, Object> metadata;
    private final List<Path> files;

    GgufFile(Path path, Map<String, Object> metadata, Map<String, Entry> tensors, Runnable closer, List<Path> files) {
        super(path, tensors, closer);
        this.metadata = metadata;
        this.files = List.copyOf(files);
    }

    /**
     * Maps the file, and with a part of a split model all others, and checks header, metadata and tensor table of each.
     *
     * @throws LizardException INPUT naming file, key, expected and found
     */
    public static GgufFile open(Path path) {
        GgufFile given = openOne(path);
        try {
            return GgufSplit.whole(given);
        } catch (RuntimeException e) {
            given.close();
            throw e;
        }
    }

    /** One file, part or not. */
    static GgufFile openOne(Path path) {
        return MappedFile.open(path, (bytes, closer) -> of(path, bytes, closer));
    }

    static GgufFile of(Path path, MemorySegment bytes, Runnable closer) {
        GgufHeader header = GgufHeader.read(path, bytes);
        return new GgufFile(path, header.metadata(), header.tensors(), closer, List.of(path));
    }

    /** All metadata in the order of the file: Long, Double, Boolean, String, or an unmodifiable List of these. */
    public Map<String, Object> metadata() {
        return metadata;
    }

    /** The file, or all parts in their order. */
    List<Path> files() {
        return files;
    }
}
