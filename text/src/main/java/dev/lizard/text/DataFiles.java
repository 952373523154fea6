package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
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
            throw cannotRead(file, unreadable);
        }
    }

    /**
     * SHA-256 of what {@code files} hold: of one file its own, of several that of the lines {@code sha256sum} would
     * print for their names without folders.
     */
    static String sha256(List<Path> files) {
        if (files.size() == 1) {
            return sha256(files.getFirst());
        }
        StringBuilder sums = new StringBuilder();
        for (Path file : files) {
            sums.append(sha256(file)).append("  ").append(file.getFileName()).append('\n');
        }
        return Sha256.of(sums.toString().getBytes(UTF_8));
    }

    private static String sha256(Path file) {
        MessageDigest digest = Sha256.digest();
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                digest.update(buffer, 0, n);
            }
        } catch (IOException unreadable) {
            throw cannotRead(file, unreadable);
        }
        return Sha256.hex(digest);
    }

    static LizardException cannotRead(Path path, IOException cause) {
        String why = cause instanceof AccessDeniedException ? "no permission" : String.valueOf(cause.getMessage());
        return new LizardException(
                LizardException.Kind.INPUT,
                "cannot read %s: %s; check the path and its permissions".formatted(path, why),
                cause);
    }
}
