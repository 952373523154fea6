package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class DoctorTest {
    /** Else it would be loaded from a cache folder of one test, which the next does not find. */
    @BeforeAll
    static void loadTheEngine() {
        assertThat(Engine.threads()).isPositive();
    }

    @Test
    void everyFindingIsALineAndNothingFailsHere(@TempDir Path cache) {
        Terminal terminal =
                new Terminal().with("LIZARD_CACHE", cache.resolve("new").toString());
        assertThat(terminal.run("doctor", "--json", "--device", "cpu")).isZero();
        List<JsonNode> findings =
                terminal.outLines().stream().map(Json.MAPPER::readTree).toList();
        assertThat(findings)
                .extracting(f -> f.get("check").asString())
                .containsExactly(
                        "java", "native-access", "memory", "disk", "cache", "variables", "engine", "cuda", "kernels");
        assertThat(findings)
                .allSatisfy(f -> assertThat(f.get("status").asString()).isIn("ok", "warn"))
                .allSatisfy(f -> assertThat(f.get("fix").asString().isEmpty())
                        .isEqualTo(f.get("status").asString().equals("ok")));
    }

    @Test
    void anUnwritableCacheFailsWithOurFlag(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "not a folder");
        Terminal terminal = new Terminal();
        assertThat(terminal.run("doctor", "--cache", file.resolve("cache").toString()))
                .isEqualTo(4);
        assertThat(terminal.out()).contains("fail  cache: ").contains("--cache DIR or LIZARD_CACHE");
    }

    @Test
    void aVariableThatNothingReadsIsPointedOut() {
        Terminal terminal = new Terminal().with("LIZARD_SEDE", "3");
        int code = terminal.run("doctor");
        assertThat(code).as(terminal.out()).isZero();
        assertThat(terminal.out())
                .contains("warn  variables: nothing reads LIZARD_SEDE")
                .contains("'LIZARD_SEED'");
    }
}
