package dev.lizard.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The rules of the house that a compiler does not keep. */
class ArchitectureTest {
    /** Each room may use those before it. */
    private static final List<String> ROOMS = List.of(
            "base", "tensor", "checkpoint", "text", "mixer", "model", "distill", "generate", "eval", "serve", "cli");

    private static final int LONGEST_FILE = 400;

    private static final Set<String> SOURCES = Set.of("java", "cu", "cuh", "py");

    private static final Path ROOT = Path.of(Objects.requireNonNull(System.getProperty("lizard.root")));

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.lizard");
    }

    static Stream<String> rooms() {
        return ROOMS.stream();
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void arrowsPointUpwards(String room) {
        int place = ROOMS.indexOf(room);
        String[] below = ROOMS.subList(place + 1, ROOMS.size()).stream()
                .map(r -> "dev.lizard." + r + "..")
                .toArray(String[]::new);
        assertThat(classes).as("the classes were found").isNotEmpty();
        if (below.length > 0) {
            noClasses()
                    .that()
                    .resideInAPackage("dev.lizard." + room + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(below)
                    .check(classes);
        }
    }

    @Test
    void everyPackageIsInARoom() {
        assertThat(classes).allMatch(c -> ROOMS.contains(c.getPackageName().split("\\.")[2]));
    }

    @Test
    void onlyTensorSeesTheEngine() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.lizard.tensor..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(classes);
    }

    @Test
    void mixersAndModelsKnowOperationsAndNotHowKernelsRun() {
        noClasses()
                .that()
                .resideInAnyPackage("dev.lizard.mixer..", "dev.lizard.model..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.lizard.tensor.cuda..")
                .check(classes);
        noClasses() // and so the machinery stands below the operations
                .that()
                .resideInAPackage("dev.lizard.tensor.cuda..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.lizard.tensor.kernel..")
                .check(classes);
    }

    @Test
    void theServerNeverSeesATensor() {
        noClasses()
                .that()
                .resideInAPackage("dev.lizard.serve..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.lizard.tensor..", "dev.lizard.mixer..")
                .check(classes);
    }

    @Test
    void onlyMainEndsTheProcess() {
        noClasses()
                .that()
                .doNotBelongToAnyOf(Main.class)
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(classes);
    }

    @Test
    void noSourceFileIsTooLong() throws IOException {
        List<String> tooLong = new ArrayList<>();
        int seen = 0;
        for (String folder : Stream.concat(
                        ROOMS.stream().map(room -> room + "/src"), Stream.of("langchain4j/src", "conformance"))
                .toList()) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(folder))) {
                for (Path file : files.filter(ArchitectureTest::isSource).toList()) {
                    seen++;
                    long lines = Files.readString(file).lines().count();
                    if (lines > LONGEST_FILE) {
                        tooLong.add(ROOT.relativize(file) + ": " + lines + " lines");
                    }
                }
            }
        }
        assertThat(seen).isGreaterThan(ROOMS.size());
        assertThat(tooLong).isEmpty();
    }

    private static boolean isSource(Path file) {
        String name = file.getFileName().toString();
        return Files.isRegularFile(file) && SOURCES.contains(name.substring(name.lastIndexOf('.') + 1));
    }
}
