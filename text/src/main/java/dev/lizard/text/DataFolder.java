package dev.lizard.text;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Walks a folder for data. Links are followed; one that leads back to a folder above it is passed over. What is left
 * out is remembered with the reason.
 */
final class DataFolder extends SimpleFileVisitor<Path> {
    /** Stems, up to the first dot, of files that lie beside data and are none. */
    private static final Set<String> NOT_DATA = Set.of("license", "licence", "readme", "notice", "copying");

    private final Path folder;
    private final LeftOut left;
    private final List<Path> files = new ArrayList<>();

    private DataFolder(Path folder, LeftOut left) {
        this.folder = folder;
        this.left = left;
    }

    /**
     * The data files below {@code folder}, sorted by path; the others are added to {@code left}, named from the folder.
     *
     * @throws dev.lizard.base.LizardException INPUT where a folder cannot be read
     */
    static List<Path> files(Path folder, LeftOut left) {
        DataFolder visitor = new DataFolder(folder, left);
        try {
            Files.walkFileTree(folder, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, visitor);
        } catch (IOException unreadable) {
            throw Hashes.unreadable(folder, unreadable);
        }
        Collections.sort(visitor.files);
        return visitor.files;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
        if (!directory.equals(folder) && isHidden(directory)) {
            left.add(LeftOut.Reason.HIDDEN, folder.relativize(directory));
            return FileVisitResult.SKIP_SUBTREE;
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
        Optional<DataFormat> format = DataFormat.of(file);
        if (isHidden(file)) {
            leave(LeftOut.Reason.HIDDEN, file);
        } else if (isNamedOtherwise(file)) {
            leave(LeftOut.Reason.NAME, file);
        } else if (format.isEmpty()) {
            leave(LeftOut.Reason.FORMAT, file);
        } else if (attributes.isSymbolicLink()) { // the walk follows those that lead somewhere
            leave(LeftOut.Reason.BROKEN, file);
        } else if (!attributes.isRegularFile()) {
            leave(LeftOut.Reason.NO_FILE, file);
        } else if (attributes.size() == 0) {
            leave(LeftOut.Reason.EMPTY, file);
        } else if (format.get().content() == DataFormat.Content.JSON && !hasRecords(file)) {
            leave(LeftOut.Reason.NO_RECORDS, file);
        } else {
            files.add(file);
        }
        return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
        if (failure instanceof FileSystemLoopException) {
            leave(LeftOut.Reason.LOOP, file);
            return FileVisitResult.CONTINUE;
        }
        throw Hashes.unreadable(file, failure);
    }

    private void leave(LeftOut.Reason reason, Path file) {
        left.add(reason, folder.relativize(file));
    }

    private static boolean isHidden(Path file) {
        return DataFormat.lowerName(file).startsWith(".");
    }

    private static boolean isNamedOtherwise(Path file) {
        String name = DataFormat.lowerName(file);
        int dot = name.indexOf('.');
        return NOT_DATA.contains(dot < 0 ? name : name.substring(0, dot));
    }

    /** Whether a {@code .json} file begins with a record; a broken one is for its reader to refuse. */
    private static boolean hasRecords(Path file) {
        try (Pieces pieces = Pieces.of(file)) {
            return pieces.next() instanceof Pieces.Line(String json, String where)
                    && json.startsWith("{")
                    && RecordKind.isKnown(RecordFields.parse(json, where));
        } catch (LizardException broken) {
            return true;
        }
    }
}
