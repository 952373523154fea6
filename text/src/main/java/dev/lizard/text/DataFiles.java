package dev.lizard.text;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lizard.base.LizardException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Finds the files that a corpus consists of and names their contents. */
final class DataFiles {
    private static final List<String> FORMATS = List.of(".txt", ".jsonl", ".txt.gz", ".jsonl.gz");
    private static final String FORMATS_TEXT = String.join(", ", FORMATS);
    /** Files that lie beside data and are none. */
    private static final List<String> NOT_DATA = List.of("license", "licence", "readme", "notice", "copying");

    private DataFiles() {}

    /**
     * The files that {@code given} names, in that order; a folder stands for all data files below it, sorted by path,
     * leaving out hidden files and those called licence, readme or the like.
     */
    static List<Path> find(List<Path> given) {
        if (given.isEmpty()) {
            throw LizardException.usage("no data given; name a file or folder of " + FORMATS_TEXT);
        }
        List<Path> files = new ArrayList<>();
        for (Path path : given) {
            if (Files.isDirectory(path)) {
                files.addAll(below(path));
            } else if (!Files.exists(path)) {
                throw LizardException.at(
                        LizardException.Kind.INPUT, "no data", path, "a file or folder", "nothing", "check the path");
            } else if (isData(path)) {
                files.add(path);
            } else {
                throw LizardException.at(
                        LizardException.Kind.INPUT,
                        "unknown data format",
                        path,
                        "a name ending in " + FORMATS_TEXT,
                        "'" + path.getFileName() + "'",
                        "convert or rename the file");
            }
        }
        return files;
    }

    static boolean isJsonLines(Path file) {
        return lowerName(file).replaceFirst("\\.gz$", "").endsWith(".jsonl");
    }

    static boolean isGzip(Path file) {
        return lowerName(file).endsWith(".gz");
    }

    private static List<Path> below(Path folder) {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            files = walk.filter(Files::isRegularFile)
                    .filter(file -> isData(file) && isWanted(folder.relativize(file)))
                    .sorted()
                    .toList();
        } catch (IOException unreadable) {
            throw cannotRead(folder, unreadable);
        }
        if (files.isEmpty()) {
            throw LizardException.at(
                    LizardException.Kind.INPUT,
                    "no data",
                    folder,
                    "files ending in " + FORMATS_TEXT,
                    "none",
                    "name a folder that holds some");
        }
        return files;
    }

    private static boolean isData(Path file) {
        String name = lowerName(file);
        return FORMATS.stream().anyMatch(name::endsWith);
    }

    private static boolean isWanted(Path relative) {
        for (Path part : relative) {
            if (part.toString().startsWith(".")) {
                return false;
            }
        }
        String name = lowerName(relative);
        return NOT_DATA.stream().noneMatch(name::contains);
    }

    private static String lowerName(Path file) {
        Path name = file.getFileName();
        return name == null ? "" : name.toString().toLowerCase(Locale.ROOT);
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
        return new LizardException(
                LizardException.Kind.INPUT,
                "cannot read %s: %s; check the path and its permissions".formatted(path, cause),
                cause);
    }
}
