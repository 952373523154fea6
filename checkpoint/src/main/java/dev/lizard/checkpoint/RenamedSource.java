package dev.lizard.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A source under other names.
 *
 * @param source the files
 * @param stored each name to that in the files
 */
record RenamedSource(WeightSource source, Map<String, String> stored) implements WeightSource {
    RenamedSource {
        stored = Collections.unmodifiableMap(stored);
    }

    @Override
    public Set<String> names() {
        return stored.keySet();
    }

    @Override
    public TensorInfo info(String name) {
        return source.info(find(name)).renamed(name);
    }

    @Override
    public MemorySegment raw(String name) {
        return source.raw(find(name));
    }

    @Override
    public void read(String name, Consumer<MemorySegment> reader) {
        source.read(find(name), reader);
    }

    @Override
    public Path file(String name) {
        return source.file(find(name));
    }

    @Override
    public String storedName(String name) {
        return find(name);
    }

    @Override
    public void close() {
        source.close();
    }

    /** An unknown name stays as it is, so that the source reports that it has none. */
    private String find(String name) {
        return stored.getOrDefault(name, name);
    }
}
