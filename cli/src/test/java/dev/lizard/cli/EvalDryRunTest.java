package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code eval --dry-run}: what would be asked. */
class EvalDryRunTest {
    @TempDir
    private Path temp;

    private final Terminal terminal = new Terminal();

    private String run(String... more) throws IOException {
        Files.writeString(
                temp.resolve("nq_open_1000.jsonl"),
                "{\"question\": \"who\", \"answers\": [\"she\"]}\n{\"question\": \"what\", \"answers\": [\"it\"]}");
        Files.writeString(
                temp.resolve("arc_easy_test.jsonl"), "{\"query\": \"Q?\", \"choices\": [\"a\", \"b\"], \"gold\": 1}");
        String[] all = {
            "eval", "--model=demo", "--dry-run", "--tasks=nq_open,arc_easy", "--data=" + temp, "--device=cpu"
        };
        String[] arguments = Stream.of(all, more).flatMap(Arrays::stream).toArray(String[]::new);
        assertThat(terminal.run(arguments)).as(terminal.err()).isZero();
        return terminal.out();
    }

    @Test
    void promptsAndContinuationsAreShown() throws IOException {
        assertThat(run("--limit=1")).isEqualTo("""
            nq_open 0
            Answer these questions:

            Q: who?
            A:|

            arc_easy 0
            Q?| a
            Q?| b

            """);
    }

    @Test
    void scriptsGetALineAnItem() throws IOException {
        assertThat(run("--json").lines())
                .containsExactly(
                        "{\"task\":\"nq_open\",\"id\":\"0\",\"prompt\":\"Answer these questions:\\n\\nQ: who?\\nA:\","
                                + "\"stops\":[\"\\n\",\".\",\",\"],\"tokens\":256}",
                        "{\"task\":\"nq_open\",\"id\":\"1\",\"prompt\":\"Answer these questions:\\n\\nQ: what?\\nA:\","
                                + "\"stops\":[\"\\n\",\".\",\",\"],\"tokens\":256}",
                        "{\"task\":\"arc_easy\",\"id\":\"0\",\"candidates\":[{\"prompt\":\"Q?\",\"continuation\":\""
                                + " a\"},{\"prompt\":\"Q?\",\"continuation\":\" b\"}]}");
    }
}
