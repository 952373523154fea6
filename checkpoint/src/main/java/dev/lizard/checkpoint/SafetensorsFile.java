package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;

/** One mapped safetensors file. */
public final class SafetensorsFile extends TensorTable {
    private final Map<String, String> metadata;

    private SafetensorsFile(Path path, SafetensorsHeader header, Runnable closer) {
        super(path, header.tensors(), closer);
        metadata = Collections.unmodifiableMap(header.metadata());
    }

    /**
     * Maps the file and checks its whole header.
     *
     * @throws LizardException INPUT naming file, key, expected and found
     */
    public static SafetensorsFile open(Path path) {
        return MappedFile.open(path, (bytes, closer) -> of(path, bytes, closer));
    }

    static SafetensorsFile of(Path path, MemorySegment bytes, Runnable closer) {
        return new SafetensorsFile(path, SafetensorsHeader.read(path, bytes), closer);
    }

    /** The texts under {@code __metadata__}. */
    public Map<String, String> metadata() {
        return metadata;
    }
}
