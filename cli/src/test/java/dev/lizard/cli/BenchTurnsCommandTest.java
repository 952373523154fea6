package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class BenchTurnsCommandTest {
    @TempDir
    private Path folder = Path.of(".");

    private int run(Terminal terminal, String... more) {
        String[] args = new String[more.length + 6];
        System.arraycopy(
                new String[] {"bench", "turns", "--device=cpu", "--threads=1", "--quiet", "--json"}, 0, args, 0, 6);
        System.arraycopy(more, 0, args, 6, more.length);
        return terminal.run(args);
    }

    @Test
    void aTurnReadsWhatIsNewAndWithoutStatesEverything() throws IOException {
        String model = TinyModel.converted(folder.resolve("model")).toString();
        Path history = folder.resolve("history.jsonl");
        Terminal terminal = new Terminal();
        int code = run(
                terminal,
                "--model=" + model,
                "--turns=10",
                "--turn-tokens=60",
                "--new-tokens=5",
                "--runs=2",
                "--history=" + history);
        assertThat(code).as(terminal.err()).isZero();
        JsonNode result = Json.MAPPER.readTree(Files.readString(history));
        assertThat(terminal.out().strip()).isEqualTo(Files.readString(history).strip());
        assertThat(result.get("case").asString()).isEqualTo("turns");
        assertThat(result.get("kept").size()).isEqualTo(10);
        for (int turn = 0; turn < 10; turn++) {
            JsonNode kept = result.get("kept").get(turn);
            JsonNode again = result.get("again").get(turn);
            assertThat(kept.get("tokens").asInt()).isEqualTo(60 * (turn + 1));
            assertThat(kept.get("read").asInt()).isEqualTo(55);
            assertThat(again.get("read").asInt()).isEqualTo(60 * turn + 55);
            assertThat(kept.get("first_token_s").asDouble()).isPositive();
            assertThat(kept.get("ms_per_token").asDouble()).isPositive();
        }
        Terminal people = new Terminal();
        assertThat(people.run(
                        "bench",
                        "turns",
                        "--model=" + model,
                        "--turns=50",
                        "--turn-tokens=12",
                        "--new-tokens=5",
                        "--runs=1",
                        "--kept-only",
                        "--device=cpu",
                        "--threads=1",
                        "--quiet"))
                .isZero();
        assertThat(people.out())
                .contains("turn  50,       600 tokens: read 7, ", "last turn against turn 2: x ", "memory x ")
                .doesNotContain("without states");
    }

    @Test
    void sizesThatMeanNothingAreRefusedBeforeTheModelIsLoaded() {
        Terminal terminal = new Terminal();
        assertThat(run(terminal, "--model=no/such", "--turns=0")).isEqualTo(2);
        assertThat(terminal.err()).contains("lizard: --turns out of range: expected 1 or more but found 0");
        assertThat(run(terminal, "--model=no/such", "--turn-tokens=8", "--new-tokens=8"))
                .isEqualTo(2);
        assertThat(terminal.err())
                .contains("lizard: --turn-tokens out of range: expected more than --new-tokens, 8, but found 8");
    }
}
