package dev.lizard.checkpoint;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The shards of a {@code model.safetensors.index.json} as one source. */
final class ShardedSource implements WeightSource {
    private final Path index;
    private final Map<String, SafetensorsFile> owners;
    private final List<SafetensorsFile> shards;

    private ShardedSource(Path index, Map<String, SafetensorsFile> owners, List<SafetensorsFile> shards) {
        this.index = index;
        this.owners = owners;
        this.shards = shards;
    }

    static ShardedSource open(Path index) {
        ObjectNode json = JsonFiles.readObject(index);
        JsonNode map = json.path("weight_map");
        if (!map.isObject() || map.isEmpty()) {
            throw BadFile.in(
                    index,
                    "weight_map",
                    "bad shard index",
                    "an object of tensor names and files",
                    JsonFiles.kindOf(map),
                    BadFile.AGAIN);
        }
        Map<String, SafetensorsFile> owners = new LinkedHashMap<>();
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        try {
            for (Map.Entry<String, JsonNode> property : map.properties()) {
                String name = property.getKey();
                String shardName = property.getValue().isString()
                        ? property.getValue().stringValue()
                        : property.getValue().toString();
                SafetensorsFile shard = shards.get(shardName);
                if (shard == null) {
                    shard = openShard(index, name, shardName);
                    shards.put(shardName, shard);
                }
                if (!shard.contains(name)) {
                    throw BadFile.in(
                            shard.path(),
                            name,
                            "missing tensor",
                            "this key, as " + index.getFileName() + " says",
                            shard.names().size() + " other tensors",
                            "download the shard and the index again");
                }
                owners.put(name, shard);
            }
        } catch (RuntimeException e) {
            shards.values().forEach(SafetensorsFile::close);
            throw e;
        }
        return new ShardedSource(index, owners, new ArrayList<>(shards.values()));
    }

    private static SafetensorsFile openShard(Path index, String name, String shardName) {
        boolean plain = !shardName.isEmpty() && shardName.matches("[^/\\\\\\p{Cntrl}]+") && !shardName.startsWith("..");
        Path shard = plain ? sibling(index, shardName) : null;
        if (shard == null) {
            throw BadFile.in(index, name, "bad shard name", "a file name in the same folder", shardName, BadFile.AGAIN);
        }
        if (!Files.exists(shard)) {
            throw BadFile.in(index, name, "missing shard", shardName, "no such file", "download the shard");
        }
        return SafetensorsFile.open(shard);
    }

    /** Null for a name that this file system cannot have. */
    private static @Nullable Path sibling(Path index, String name) {
        try {
            return index.resolveSibling(name);
        } catch (InvalidPathException e) {
            return null;
        }
    }

    /** The shard files, in the order in which the index names them. */
    List<Path> files() {
        return shards.stream().map(SafetensorsFile::path).toList();
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
        return owner(name).raw(name);
    }

    @Override
    public Path file(String name) {
        return owner(name).path();
    }

    @Override
    public void close() {
        shards.forEach(SafetensorsFile::close);
    }

    private SafetensorsFile owner(String name) {
        SafetensorsFile shard = owners.get(name);
        if (shard == null) {
            throw TensorTable.noTensor(index, name, owners.keySet());
        }
        return shard;
    }
}
