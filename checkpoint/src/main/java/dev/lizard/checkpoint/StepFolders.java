package dev.lizard.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The folders {@code step-000123} that training leaves, each with a {@link Manifest}. */
public final class StepFolders {
    private static final Pattern NAME = Pattern.compile("step-(\\d{1,12})");

    private StepFolders() {}

    /** The folder for a step: {@code step-000123}. */
    public static Path of(Path parent, long step) {
        return parent.resolve("step-%06d".formatted(step));
    }

    /** The step in a folder's name. */
    public static long stepOf(Path folder) {
        return Long.parseLong(folder.getFileName().toString().substring("step-".length()));
    }

    /** All step folders, oldest first, whole or not; none where the parent is not there. */
    public static List<Path> list(Path parent) {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(parent)) {
            return files.filter(f -> NAME.matcher(f.getFileName().toString()).matches() && Files.isDirectory(f))
                    .sorted(Comparator.comparingLong(StepFolders::stepOf))
                    .toList();
        } catch (IOException e) {
            throw JsonFiles.unreadable(parent, e);
        }
    }

    /**
     * The newest folder that is as its manifest says.
     *
     * @param notes receives a line for each torn folder that is passed over
     */
    public static Optional<Path> lastWhole(Path parent, Consumer<String> notes) {
        if (Files.isDirectory(parent)) {
            AtomicFiles.recoverAll(parent);
        }
        for (Path folder : list(parent).reversed()) {
            Optional<Manifest.Torn> torn = Manifest.verify(folder);
            if (torn.isEmpty()) {
                return Optional.of(folder);
            }
            notes.accept("skipping torn checkpoint %s: %s".formatted(folder, torn.get()));
        }
        return Optional.empty();
    }
}
