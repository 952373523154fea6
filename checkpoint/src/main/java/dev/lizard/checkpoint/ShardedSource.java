package dev.lizard.checkpoint;

import dev.lizard.base.LizardException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Several safetensors files as one source. A tensor that lies in two of them must be the same in both. */
final class ShardedSource implements WeightSource {
    private final Path named;
    private final Map<String, List<SafetensorsFile>> owners;
    private final List<SafetensorsFile> shards;

    private ShardedSource(Path named, List<SafetensorsFile> shards) {
        this.named = named;
        this.shards = List.copyOf(shards);
        this.owners = new LinkedHashMap<>();
        for (SafetensorsFile shard : shards) {
            shard.names()
                    .forEach(name -> owners.computeIfAbsent(name, n -> new ArrayList<>(1))
                            .add(shard));
        }
    }

    /** @param named the index or folder that named the shards, for messages */
    static ShardedSource open(Path named, List<Path> files) {
        List<SafetensorsFile> shards = new ArrayList<>();
        try {
            files.forEach(file -> shards.add(SafetensorsFile.open(file)));
        } catch (RuntimeException e) {
            shards.forEach(SafetensorsFile::close);
            throw e;
        }
        return new ShardedSource(named, shards);
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(owners.keySet());
    }

    @Override
    public TensorInfo info(String name) {
        return owner(name).info(name);
    }

    @Override
    public MemorySegment raw(String name) {
        return only(name).raw(name);
    }

    @Override
    public void read(String name, Consumer<MemorySegment> reader) {
        only(name).read(name, reader);
    }

    @Override
    public Path file(String name) {
        return owner(name).path();
    }

    @Override
    public void close() {
        shards.forEach(SafetensorsFile::close);
    }

    private List<SafetensorsFile> owners(String name) {
        List<SafetensorsFile> found = owners.get(name);
        if (found == null) {
            throw TensorTable.noTensor(named, name, owners.keySet());
        }
        return found;
    }

    private SafetensorsFile owner(String name) {
        return owners(name).getFirst();
    }

    /** The owner, once its numbers are those of every other shard that has the tensor. */
    private SafetensorsFile only(String name) {
        List<SafetensorsFile> found = owners(name);
        SafetensorsFile first = found.getFirst();
        for (SafetensorsFile other : found.subList(1, found.size())) {
            if (!other.info(name).equals(first.info(name)) || other.raw(name).mismatch(first.raw(name)) >= 0) {
                throw twice(name, first, other);
            }
        }
        return first;
    }

    private static LizardException twice(String name, SafetensorsFile first, SafetensorsFile other) {
        return BadFile.in(
                first.path(),
                name,
                "tensor in two shards",
                "the same numbers in each",
                "others in " + other.path().getFileName(),
                "take away the shard that does not belong to the model");
    }
}
