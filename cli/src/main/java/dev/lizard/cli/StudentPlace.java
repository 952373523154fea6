package dev.lizard.cli;

import dev.lizard.base.LizardException;
import dev.lizard.base.Nearest;
import dev.lizard.checkpoint.Student;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where students without weights of their own are: in any folder, or by name below that of the program. */
final class StudentPlace {
    private static final String FOLDER = "students";

    private StudentPlace() {}

    /**
     * A student's folder.
     *
     * @throws LizardException INPUT where there is none, with the nearest name
     */
    static Path find(String student) {
        if (!student.isEmpty() && Files.exists(Path.of(student))) {
            return Path.of(student);
        }
        Optional<Path> shipped = shipped();
        List<String> names = shipped.map(StudentPlace::names).orElse(List.of());
        if (shipped.isPresent() && names.contains(student)) {
            return shipped.get().resolve(student);
        }
        throw LizardException.at(
                LizardException.Kind.INPUT,
                "no student",
                "'" + student + "'",
                "a folder that 'lizard pack' wrote, or one of the names " + names,
                "nothing there",
                Nearest.hintOr(student, names, "check the path or its spelling"));
    }

    /** The folder in the checkout or the release that the program's classes are from. */
    static Optional<Path> shipped() {
        try {
            CodeSource source = StudentPlace.class.getProtectionDomain().getCodeSource();
            Path at = source == null ? null : Path.of(source.getLocation().toURI());
            for (int up = 0; up < 4 && at != null; up++, at = at.getParent()) {
                if (Files.isDirectory(at.resolve(FOLDER))) {
                    return Optional.of(at.resolve(FOLDER));
                }
            }
            return Optional.empty();
        } catch (URISyntaxException e) {
            return Optional.empty();
        }
    }

    private static List<String> names(Path shipped) {
        try (Stream<Path> folders = Files.list(shipped)) {
            return folders.filter(folder -> Files.isRegularFile(folder.resolve(Student.FILE)))
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
