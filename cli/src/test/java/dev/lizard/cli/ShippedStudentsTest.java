package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The students that are in the box. */
class ShippedStudentsTest {
    private static final long MOST = 20_000_000;

    private static List<Path> folders() throws IOException {
        try (Stream<Path> all = Files.list(StudentPlace.shipped().orElseThrow())) {
            return all.filter(Files::isDirectory).toList();
        }
    }

    @Test
    void eachIsSmallAndSaysWhatItWasMadeOf() throws IOException {
        for (Path folder : folders()) {
            assertThat(StudentCard.bytes(folder)).as(folder.toString()).isLessThanOrEqualTo(MOST);
            assertThat(StudentPlace.find(folder.getFileName().toString())).isEqualTo(folder);
            JsonNode base = Json.read(folder.resolve("student.json"), LizardException.Kind.INPUT)
                    .path("base");
            JsonNode made = Json.read(folder.resolve("provenance.json"), LizardException.Kind.INPUT);
            assertThat(made.path("teacher").path("sha256")).isEqualTo(base.path("sha256"));
            assertThat(made.path("stages").isEmpty()).isFalse();
            assertThat(folder.resolve("README.md")).isRegularFile();
        }
    }
}
