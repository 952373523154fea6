package dev.lizard.cli;

import dev.lizard.base.Hashes;
import dev.lizard.checkpoint.AtomicFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;

/** The small teacher that is built in. */
final class DemoTeacher {
    static final String NAME = "demo";

    private static final String RESOURCES = "/demo/teacher/";
    private static final String[] FILES = {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"
    };
    private static final int MARK = 12;

    private DemoTeacher() {}

    /**
     * Its folder under {@code cache}, named by its content, so that another version of the program does not take it for
     * its own.
     *
     * @throws dev.lizard.base.LizardException ENVIRONMENT where it cannot be written
     */
    static Path unpacked(Path cache) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        MessageDigest digest = Hashes.sha256();
        try {
            for (String name : FILES) {
                byte[] content = content(name);
                files.put(name, content);
                digest.update(content);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String mark = Hashes.hex(digest).substring(0, MARK);
        Path folder = cache.resolve(NAME).resolve("teacher-" + mark);
        if (!Files.isDirectory(folder)) {
            AtomicFiles.replaceFolder(folder, fresh -> {
                for (Map.Entry<String, byte[]> file : files.entrySet()) {
                    Files.write(fresh.resolve(file.getKey()), file.getValue());
                }
            });
        }
        return folder;
    }

    private static byte[] content(String name) throws IOException {
        try (InputStream in = DemoTeacher.class.getResourceAsStream(RESOURCES + name)) {
            if (in == null) {
                throw new FileNotFoundException("class path:" + RESOURCES + name);
            }
            return in.readAllBytes();
        }
    }
}
