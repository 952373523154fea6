package dev.lizard.eval.task;

import dev.lizard.base.Hashes;
import dev.lizard.base.LizardException;
import dev.lizard.base.LizardException.Kind;
import dev.lizard.base.Nearest;
import dev.lizard.text.DataReader;
import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds and reads what tasks are made of below the folder that the user named. */
public final class DataFile {
    private static final List<String> PACKED = List.of("", ".gz", ".zst");
    private static final int LONGEST_LINE = 1 << 26;
    private static final int MOST_TEXT = 1 << 29;

    private DataFile() {}

    /**
     * The file of this name, plain or packed, at any depth.
     *
     * @throws LizardException USAGE where no folder was named, INPUT where it holds no such file, or several
     */
    public static Path find(TaskSource source, String name) {
        Path folder = source.data();
        if (folder == null) {
            throw LizardException.usage(
                    "no data for the task: expected a folder with %s but found no --data; give --data DIR"
                            .formatted(name));
        }
        if (!Files.isDirectory(folder)) {
            throw LizardException.at(
                    Kind.INPUT,
                    "no data",
                    folder,
                    "a folder with " + name,
                    Files.exists(folder) ? "a file" : "nothing",
                    "check the path of --data");
        }
        List<Path> found = new ArrayList<>();
        Set<String> others = new TreeSet<>();
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            files.filter(Files::isRegularFile).sorted().forEach(file -> {
                String its = String.valueOf(file.getFileName());
                if (PACKED.stream().anyMatch(ending -> its.equals(name + ending))) {
                    found.add(file);
                } else {
                    others.add(its);
                }
            });
        } catch (IOException unreadable) {
            throw Hashes.unreadable(folder, unreadable);
        }
        if (found.size() == 1) {
            return found.getFirst();
        }
        throw LizardException.at(
                Kind.INPUT,
                found.isEmpty() ? "no data" : "unclear data",
                folder,
                "one file %s (or %s.gz) at any depth".formatted(name, name),
                found.isEmpty() ? "none" : "'%s' and '%s'".formatted(found.get(0), found.get(1)),
                found.isEmpty() ? Nearest.hintOr(name, others, "check --data") : "leave one, or name a folder below");
    }

    /**
     * The items of a file of JSON lines; blank lines are passed over.
     *
     * @throws LizardException INPUT, naming file and line, for what is malformed, and for a file without items
     */
    static List<DataItem> items(Path file) {
        List<DataItem> items = new ArrayList<>();
        try (DataReader reader = DataReader.open(file)) {
            for (String line = reader.nextLine(LONGEST_LINE); line != null; line = reader.nextLine(LONGEST_LINE)) {
                if (!line.isBlank()) {
                    items.add(DataItem.parse(line.strip(), reader.where()));
                }
            }
        }
        if (items.isEmpty()) {
            throw LizardException.at(Kind.INPUT, "no items", file, "a line of JSON each", "none", "check the file");
        }
        return items;
    }

    /** A whole text. */
    static String text(Path file) {
        StringBuilder text = new StringBuilder();
        try (DataReader reader = DataReader.open(file)) {
            for (int c = reader.next(); c >= 0; c = reader.next()) {
                text.append((char) c);
                if (text.length() > MOST_TEXT) {
                    throw LizardException.at(
                            Kind.INPUT, "text too long", file, "at most 512M characters", "more", "cut the file");
                }
            }
        }
        return text.toString();
    }
}
