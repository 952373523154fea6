package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Set;
import java.util.function.Consumer;

/** Named tensors that lie in mapped files: nothing is read before it is asked for. Safe for use by many threads. */
public interface WeightSource extends AutoCloseable {
    /** The keys, in the order of the file. */
    Set<String> names();

    /**
     * What the file says of {@code name}.
     *
     * @throws LizardException INPUT when there is no such tensor, with the nearest key
     */
    TensorInfo info(String name);

    /** The stored bytes, read-only; valid until {@link #close}. */
    MemorySegment raw(String name);

    /** The file that holds {@code name}, for messages. */
    Path file(String name);

    /** The key that {@code name} has in its file, for messages. */
    default String storedName(String name) {
        return name;
    }

    /** Whether {@code name} is there. */
    default boolean contains(String name) {
        return names().contains(name);
    }

    /**
     * Hands the stored bytes of {@code name} to {@code reader}, for the time of the call; the memory that they took on
     * the way is given back.
     */
    default void read(String name, Consumer<MemorySegment> reader) {
        reader.accept(raw(name));
    }

    /**
     * What the file says of a tensor whose numbers can be converted.
     *
     * @throws LizardException INPUT for another type
     */
    default TensorInfo readable(String name) {
        TensorInfo info = info(name);
        if (!info.type().isReadable()) {
            throw BadFile.in(
                    file(name),
                    storedName(name),
                    "unsupported dtype",
                    "one of " + StoredType.safetensorsNames(),
                    info.type(),
                    "convert the checkpoint to one of these");
        }
        return info;
    }

    /**
     * Converts or dequantises {@code name} to float32 in the machine's byte order, row-major.
     *
     * @param dst at least {@code 4 * info(name).elements()} bytes
     * @throws LizardException INPUT for a type that is not read
     */
    default void readFloat32(String name, MemorySegment dst) {
        TensorInfo info = readable(name);
        read(name, stored -> Dequantize.toFloat32(info, stored, dst));
    }

    /** As {@link #readFloat32(String, MemorySegment)}, into a new array; for small tensors (less than 2^31 numbers). */
    default float[] readFloat32(String name) {
        float[] values = new float[Math.toIntExact(info(name).elements())];
        readFloat32(name, MemorySegment.ofArray(values));
        return values;
    }

    /** Unmaps the files; segments given out become invalid. */
    @Override
    void close();
}
