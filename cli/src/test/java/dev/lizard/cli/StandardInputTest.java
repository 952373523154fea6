package dev.lizard.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.base.Json;
import dev.lizard.base.LizardException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code -} in a file's place, and {@code generate --chat}. */
class StandardInputTest {
    @TempDir
    static Path temp;

    private static String model;

    private final InputStream before = System.in;
    private final Terminal terminal = new Terminal();

    @BeforeAll
    static void models() throws IOException {
        model = TinyModel.converted(temp.resolve("model")).toString();
    }

    @AfterEach
    void restoreInput() {
        System.setIn(before);
    }

    private int run(byte[] input, String... args) {
        System.setIn(new ByteArrayInputStream(input));
        String[] common = {"--model=" + model, "--device=cpu", "--dtype=float32", "--threads=1", "--json"};
        return terminal.run(Stream.concat(Stream.of(args), Stream.of(common)).toArray(String[]::new));
    }

    private JsonNode answer(String input, String... args) {
        assertThat(run(input.getBytes(StandardCharsets.UTF_8), args))
                .as(terminal.err())
                .isZero();
        return Json.parse(terminal.out(), "standard output", LizardException.Kind.INPUT);
    }

    @Test
    void aDashReadsStandardInputWhereverATextIsAskedFor() throws IOException {
        Path file = Files.writeString(temp.resolve("text.txt"), "Hé\n");
        Path ids = Files.writeString(temp.resolve("ids.jsonl"), "{\"ids\":[1,2,3]}\n");
        assertThat(answer("Hé\n", "tokenize", "--file", "-").at("/ids"))
                .isEqualTo(answer("", "tokenize", "--file=" + file).at("/ids"));
        assertThat(answer("Hé\n", "generate", "--max-tokens=3", "--prompt-file", "-")
                        .at("/ids"))
                .isEqualTo(answer("", "generate", "--max-tokens=3", "--prompt-file=" + file)
                        .at("/ids"));
        assertThat(answer("Hé\n", "score", "--text-file=-")).isEqualTo(answer("", "score", "--text-file=" + file));
        assertThat(answer("{\"ids\":[1,2,3]}\n", "score", "--ids-file", "-"))
                .isEqualTo(answer("", "score", "--ids-file=" + ids));
    }

    @Test
    void itsFaultsNameStandardInput() {
        assertThat(run(new byte[] {(byte) 0xff}, "tokenize", "--file=-")).isEqualTo(3);
        assertThat(terminal.err())
                .isEqualToIgnoringNewLines("lizard: unreadable text in standard input: expected UTF-8 but found other"
                        + " bytes; convert the file");
        assertThat(run("{\"ids\":[1,\"x\"]}".getBytes(StandardCharsets.UTF_8), "score", "--ids-file=-"))
                .isEqualTo(3);
        assertThat(terminal.err()).startsWith("lizard: bad ids in standard input line 1: ");
    }

    @Test
    void generateChatIsTheFirstTurnOfAChat() {
        JsonNode made = answer("hello", "generate", "--chat", "--system=be brief", "--prompt-file=-", "--max-tokens=4");
        JsonNode said = answer("hello\n", "chat", "--system=be brief", "--max-tokens=4");
        assertThat(made.at("/ids")).isEqualTo(said.at("/ids"));
        assertThat(made.at("/prompt_tokens").asInt()).isEqualTo("be brief".length() + "hello".length() + 5);
        assertThat(answer("", "generate", "--prompt=hello", "--max-tokens=4")
                        .at("/prompt_tokens")
                        .asInt())
                .isEqualTo(5);
    }

    @Test
    void itsStateIsOneThatAChatCanLoad() {
        Path file = temp.resolve("turn.safetensors");
        answer("one", "generate", "--chat", "--prompt-file=-", "--max-tokens=4", "--save-state=" + file);
        JsonNode rest = answer("/load " + file + "\n/stats\n", "chat");
        assertThat(rest.at("/messages").asInt()).isEqualTo(2);
    }

    @Test
    void itsOptionsMustFit() {
        assertThat(run(new byte[0], "generate", "--prompt=a", "--system=b")).isEqualTo(2);
        assertThat(terminal.err()).startsWith("lizard: --system is a message of a chat: expected --chat beside it");
        assertThat(run(new byte[0], "generate", "--prompt=a", "--chat", "--load-state=f"))
                .isEqualTo(2);
        assertThat(terminal.err()).startsWith("lizard: --chat begins a conversation: expected no --load-state");
        terminal.with("LIZARD_SYSTEM", "for chats");
        assertThat(run(new byte[0], "generate", "--prompt=a", "--max-tokens=2")).isZero();
        String[] demo = {"generate", "--model=demo", "--prompt=a", "--chat", "--cache=" + temp.resolve("cache")};
        assertThat(terminal.run(demo)).isEqualTo(3);
        assertThat(terminal.err()).contains("lizard: no chat template in demo: expected one for --chat; leave --chat");
    }
}
