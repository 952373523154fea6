package dev.lizard.checkpoint;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A {@code model.safetensors.index.json}. It says which files are shards; what is in them, they say themselves.
 *
 * @param shards the files that it names, in the order in which it names them
 */
record ShardIndex(Path file, List<Path> shards) {
    private static final String MAP = "weight_map";

    /**
     * Reads the names of the shards.
     *
     * @throws LizardException INPUT for a map that is none, a name that is no file's in the same folder, or no such file
     */
    static ShardIndex read(Path file) {
        JsonNode map = JsonFiles.readObject(file).path(MAP);
        if (!map.isObject() || map.isEmpty()) {
            throw BadFile.in(
                    file,
                    MAP,
                    "bad shard index",
                    "an object of tensor names and files",
                    map.isObject() ? "an empty one" : Json.kindOf(map),
                    BadFile.AGAIN);
        }
        Map<String, Path> shards = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> property : map.properties()) {
            JsonNode value = property.getValue();
            if (!value.isString()) {
                throw badName(file, property.getKey(), Json.kindOf(value));
            }
            shards.computeIfAbsent(value.stringValue(), name -> shard(file, property.getKey(), name));
        }
        return new ShardIndex(file, new ArrayList<>(shards.values()));
    }

    private static Path shard(Path index, String tensor, String name) {
        boolean plain = name.endsWith(FolderWeights.ENDING) && name.matches("[^/\\\\\\p{Cntrl}]+");
        Path shard;
        try {
            shard = plain ? index.resolveSibling(name) : null;
        } catch (InvalidPathException e) {
            shard = null; // such as half a surrogate pair
        }
        if (shard == null || Files.isDirectory(shard)) {
            throw badName(index, tensor, "'" + name + "'");
        }
        if (!Files.exists(shard)) {
            throw BadFile.in(
                    index,
                    MAP + "/" + tensor,
                    "missing shard",
                    shard.getFileName() + "",
                    "no such file",
                    "download it");
        }
        return shard;
    }

    private static LizardException badName(Path index, String tensor, String found) {
        return BadFile.in(
                index,
                MAP + "/" + tensor,
                "bad file name",
                "the name of a " + FolderWeights.ENDING + " file in the same folder",
                found,
                BadFile.AGAIN);
    }
}
