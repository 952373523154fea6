package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** The tensors of one mapped file: what safetensors and GGUF have in common once their headers are read. */
abstract sealed class TensorTable implements WeightSource permits GgufFile, SafetensorsFile {
    /**
     * One tensor and where its bytes lie.
     *
     * @param file the file that holds it
     * @param bytes read-only, {@code info.byteSize()} long
     */
    record Entry(TensorInfo info, Path file, MemorySegment bytes) {}

    private final Path path;
    private final Map<String, Entry> entries;
    private final Runnable closer;

    TensorTable(Path path, Map<String, Entry> entries, Runnable closer) {
        this.path = path;
        this.entries = entries;
        this.closer = closer;
    }

    public Path path() {
        return path;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(entries.keySet());
    }

    @Override
    public TensorInfo info(String name) {
        return entry(name).info();
    }

    @Override
    public MemorySegment raw(String name) {
        return entry(name).bytes();
    }

    @Override
    public void read(String name, Consumer<MemorySegment> reader) {
        MemorySegment bytes = raw(name);
        reader.accept(bytes);
        if (bytes.isMapped() && bytes.byteSize() > 0) {
            bytes.unload(); // pages that were read once would count as this process's memory
        }
    }

    @Override
    public Path file(String name) {
        return entry(name).file();
    }

    @Override
    public void close() {
        closer.run();
    }

    final Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw noTensor(path, name, entries.keySet());
        }
        return entry;
    }

    static LizardException noTensor(Path path, String name, Collection<String> names) {
        String hint = Nearest.hint(name, names);
        return BadFile.in(
                path,
                name,
                "missing tensor",
                "this key",
                names.size() + " other tensors",
                hint.isEmpty() ? "check that the file belongs to the model" : hint);
    }
}
