package dev.lizard.text;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files that a corpus consists of.
 *
 * @param files to be read, in order, each once
 * @param notes lines about what lies beside them and is not read
 */
record DataFiles(List<Path> files, List<String> notes) {
    /**
     * The files that {@code given} names, in that order; a folder stands for all data files below it, sorted by path.
     * Left out there, and told in the notes: hidden and empty files, those of other formats, and those whose stem is
     * licence, readme, notice or copying. A file that is reached twice, by a link or because it was given twice, is
     * read once.
     *
     * @throws LizardException USAGE where nothing is given, INPUT where there is nothing to read
     */
    static DataFiles find(List<Path> given) {
        if (given.isEmpty()) {
            throw LizardException.usage("no data given; name a file or folder of " + DataFormat.NAMES);
        }
        Map<Object, Path> files = new LinkedHashMap<>();
        List<String> notes = new ArrayList<>();
        for (Path path : given) {
            LeftOut left = new LeftOut();
            if (Files.isDirectory(path)) {
                for (Path file : below(path, left)) {
                    if (files.putIfAbsent(identity(file), file) != null) {
                        left.add(LeftOut.Reason.AGAIN, path.relativize(file));
                    }
                }
            } else {
                check(path);
                if (files.putIfAbsent(identity(path), path) != null) {
                    left.add(LeftOut.Reason.AGAIN, path);
                }
            }
            if (!left.isEmpty()) {
                notes.add("left out of the data in %s: %s".formatted(path, left));
            }
        }
        return new DataFiles(List.copyOf(files.values()), notes);
    }

    private static void check(Path path) {
        if (!Files.exists(path)) {
            throw LizardException.at(
                    LizardException.Kind.INPUT, "no data", path, "a file or folder", "nothing", "check the path");
        }
        if (DataFormat.of(path).isEmpty()) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "unknown data format",
                    path,
                    "a name ending in " + DataFormat.NAMES,
                    "'" + path.getFileName() + "'",
                    DataFormat.advice(path));
        }
    }

    private static List<Path> below(Path folder, LeftOut left) {
        List<Path> files = DataFolder.files(folder, left);
        if (files.isEmpty()) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "no data",
                    folder,
                    "files ending in " + DataFormat.NAMES,
                    left.isEmpty() ? "none" : "only " + left,
                    "name a folder that holds some, or a file by itself");
        }
        return files;
    }

    /** The same for all names of a file. */
    static Object identity(Path file) {
        try {
            Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
            return key == null ? file.toRealPath() : key;
        } catch (IOException unreadable) {
            throw Hashes.unreadable(file, unreadable);
        }
    }
}
