package dev.lizard.eval.task;

import dev.lizard.base.Hashes;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Long texts below the folder that the user named, for tasks that read on and on or hide something in them. */
public final class LongTexts {
    private static final String BOOKS = "books_heldout\\.jsonl(\\.gz|\\.zst)?";
    private static final String TEXTS = ".+\\.(txt|md)(\\.gz|\\.zst)?";

    private LongTexts() {}

    /**
     * The books of {@code books_heldout.jsonl}, their field {@code text}; without it all files of plain text, by path;
     * empty where there are none, or no folder was named.
     *
     * @throws dev.lizard.base.LizardException INPUT for a file that is malformed
     */
    public static List<String> of(TaskSource source) {
        Path folder = source.data();
        if (folder == null) {
            return List.of();
        }
        List<Path> books = files(folder, BOOKS);
        return books.isEmpty()
                ? files(folder, TEXTS).stream().map(DataFile::text).toList()
                : DataFile.items(books.getFirst()).stream()
                        .map(book -> book.text("text", "the haystack"))
                        .toList();
    }

    private static List<Path> files(Path folder, String name) {
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> String.valueOf(file.getFileName()).matches(name))
                    .sorted()
                    .toList();
        } catch (IOException unreadable) {
            throw Hashes.unreadable(folder, unreadable);
        }
    }
}
