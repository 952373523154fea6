package dev.lizard.cli;

import dev.lizard.checkpoint.AtomicFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The small teacher that is built in. */
final class DemoTeacher {
    static final String NAME = "demo";

    static final List<String> FILES = List.of(
            "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json");

    /** The first digits of the SHA-256 of these files in this order, which every start would else work out anew. */
    static final String MARK = "b0b13e16dcdc";

    private static final String RESOURCES = "/demo/teacher/";

    private DemoTeacher() {}

    /**
     * Its folder under {@code cache}, named by its content, so that another version of the program does not take it for
     * its own.
     *
     * @throws dev.lizard.base.LizardException ENVIRONMENT where it cannot be written
     */
    static Path unpacked(Path cache) {
        Path folder = cache.resolve(NAME).resolve("teacher-" + MARK);
        if (!Files.isDirectory(folder)) {
            AtomicFiles.replaceFolder(folder, fresh -> {
                for (String name : FILES) {
                    Files.write(fresh.resolve(name), content(name));
                }
            });
        }
        return folder;
    }

    static byte[] content(String name) throws IOException {
        try (InputStream in = DemoTeacher.class.getResourceAsStream(RESOURCES + name)) {
            if (in == null) {
                throw new FileNotFoundException("class path:" + RESOURCES + name);
            }
            return in.readAllBytes();
        }
    }
}
