package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.tensor.Device;
import dev.lizard.tensor.Engine;
import dev.lizard.tensor.cuda.Card;
import dev.lizard.tensor.cuda.CudaReport;
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
    void eachPartOfTheWorkHasItsLineOnACardWithKernels() {
        Card card = new Card("RTX 4090", 89, 99 * 1024, 128, List.of(80, 86, 89, 90));
        assertThat(EngineChecks.paths(card))
                .hasSize(11)
                .allSatisfy(finding -> assertThat(finding.status()).isEqualTo(Finding.Status.OK))
                .contains(
                        Finding.ok(
                                "kernels/lizard-forward",
                                "lizard over sequences: d 64, f 128, w 128: composed operations, as a kernel needs"
                                    + " 109,840 bytes of shared memory a block, the card has 101,376; d 128, f 128, w"
                                    + " 128: composed operations, as a kernel needs 216,336 bytes of shared memory a"
                                    + " block, the card has 101,376"),
                        Finding.ok("kernels/training", "norms, gates, rotations and losses: any: kernels"));
    }

    @Test
    void aCardThatRunsNoneOfOurKernelsIsToldInOneFindingThatAgreesWithWhatRuns() {
        Card card = new Card("Tesla T4", 75, 64 * 1024, 40, List.of(75, 80));
        assertThat(EngineChecks.paths(card)).isEmpty();
        Finding finding = EngineChecks.refused(
                Device.cuda(1), card, CudaReport.refusal(card).orElseThrow());
        assertThat(finding.status()).isEqualTo(Finding.Status.WARN);
        assertThat(finding.detail())
                .isEqualTo("cuda:1 (Tesla T4): composed operations in place of our kernels; kernels need compute"
                        + " capability 8.0, the card has 7.5");
        assertThat(finding.fix()).contains("compute capability 8.0 or newer");
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
