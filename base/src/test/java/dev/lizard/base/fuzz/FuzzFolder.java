package dev.lizard.base.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;

/** A folder that holds one input after another; what is there already is not written again. */
public final class FuzzFolder {
    private final Path path;
    private final Map<String, byte[]> held = new HashMap<>();

    public FuzzFolder(Path path) {
        this.path = path;
    }

    /** The folder, with exactly these files in it. */
    public Path with(Map<String, byte[]> files) throws IOException {
        for (String name : new HashSet<>(held.keySet())) {
            if (!files.containsKey(name)) {
                Files.delete(path.resolve(name));
                held.remove(name);
            }
        }
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            if (held.put(file.getKey(), file.getValue()) != file.getValue()) {
                Files.write(path.resolve(file.getKey()), file.getValue());
            }
        }
        return path;
    }

    /** The files of a folder by name, those of its folders left out. */
    public static Map<String, byte[]> read(Path folder) throws IOException {
        Map<String, byte[]> files = new HashMap<>();
        try (var entries = Files.newDirectoryStream(folder, Files::isRegularFile)) {
            for (Path file : entries) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return Map.copyOf(files);
    }
}
