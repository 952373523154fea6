package dev.lizard.checkpoint;

import dev.lizard.base.Hashes;
import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code manifest.json}: what a folder held when it was whole.
 *
 * @param files path under the folder, with slashes, to size and checksum
 */
public record Manifest(NavigableMap<String, Entry> files) {
    public static final String FILE = "manifest.json";

    public Manifest {
        files = Collections.unmodifiableNavigableMap(new TreeMap<>(files));
    }

    /**
     * One file.
     *
     * @param size in bytes
     * @param sha256 in hexadecimal
     */
    public record Entry(long size, String sha256) {}

    /**
     * A file that is not as it was.
     *
     * @param file path under the folder
     * @param expected what the manifest says
     * @param found what is there
     */
    public record Torn(String file, String expected, String found) {
        @Override
        public String toString() {
            return "%s: expected %s but found %s".formatted(file, expected, found);
        }
    }

    /** Hashes all files of a folder and writes the manifest there, atomically; a manifest that is there is replaced. */
    public static Manifest write(Path folder) {
        NavigableMap<String, Entry> files = new TreeMap<>();
        for (Path file : regularFiles(folder)) {
            String name = folder.relativize(file).toString().replace('\\', '/');
            if (!name.equals(FILE)) {
                files.put(name, new Entry(sizeOf(file), Hashes.sha256(file)));
            }
        }
        Manifest manifest = new Manifest(files);
        manifest.save(folder);
        return manifest;
    }

    /** Writes this manifest into {@code folder}, atomically. */
    void save(Path folder) {
        ObjectNode json = Json.object();
        ObjectNode node = json.putObject("files");
        files.forEach(
                (name, entry) -> node.putObject(name).put("size", entry.size()).put("sha256", entry.sha256()));
        AtomicFiles.write(folder.resolve(FILE), (Json.pretty(json) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Reads the manifest of a folder.
     *
     * @throws LizardException INPUT when it is missing or broken
     */
    public static Manifest read(Path folder) {
        Path path = folder.resolve(FILE);
        ObjectNode json = JsonFiles.readObject(path);
        JsonNode node = json.path("files");
        if (!node.isObject()) {
            throw BadFile.in(path, "files", "bad manifest", "an object", Json.kindOf(node), "write it again");
        }
        NavigableMap<String, Entry> files = new TreeMap<>();
        for (Map.Entry<String, JsonNode> property : node.properties()) {
            JsonNode size = property.getValue().path("size");
            JsonNode sha256 = property.getValue().path("sha256");
            if (!size.canConvertToLong() || !sha256.isString()) {
                throw BadFile.in(
                        path,
                        property.getKey(),
                        "bad manifest",
                        "size and sha256",
                        property.getValue(),
                        "write it again");
            }
            files.put(property.getKey(), new Entry(size.longValue(), sha256.stringValue()));
        }
        return new Manifest(files);
    }

    /** Compares a folder with its manifest: the first file that differs in size or content, if any. */
    public static Optional<Torn> verify(Path folder) {
        Path path = folder.resolve(FILE);
        if (!Files.isRegularFile(path)) {
            return Optional.of(new Torn(FILE, "a manifest", "no such file"));
        }
        Manifest manifest;
        try {
            manifest = read(folder);
        } catch (LizardException e) {
            return Optional.of(new Torn(FILE, "a readable manifest", String.valueOf(e.getMessage())));
        }
        Optional<Torn> bySize = manifest.checkSizes(folder);
        return bySize.isPresent() ? bySize : manifest.checkHashes(folder);
    }

    /** The quick part of {@link #verify}: presence and size. */
    Optional<Torn> checkSizes(Path folder) {
        for (Map.Entry<String, Entry> file : files.entrySet()) {
            Path path = folder.resolve(file.getKey());
            if (!Files.isRegularFile(path)) {
                return Optional.of(new Torn(file.getKey(), file.getValue().size() + " bytes", "no such file"));
            }
            long size = sizeOf(path);
            if (size != file.getValue().size()) {
                return Optional.of(new Torn(file.getKey(), file.getValue().size() + " bytes", size + " bytes"));
            }
        }
        return Optional.empty();
    }

    private Optional<Torn> checkHashes(Path folder) {
        for (Map.Entry<String, Entry> file : files.entrySet()) {
            String sha256 = Hashes.sha256(folder.resolve(file.getKey()));
            if (!sha256.equals(file.getValue().sha256())) {
                return Optional.of(
                        new Torn(file.getKey(), "sha256 " + file.getValue().sha256(), sha256));
            }
        }
        return Optional.empty();
    }

    private static List<Path> regularFiles(Path folder) {
        try (Stream<Path> walk = Files.walk(folder)) {
            return new ArrayList<>(walk.filter(Files::isRegularFile)
                    .filter(file -> !FolderLock.is(file))
                    .sorted()
                    .toList());
        } catch (IOException e) {
            throw JsonFiles.unreadable(folder, e);
        }
    }

    private static long sizeOf(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw JsonFiles.unreadable(file, e);
        }
    }
}
