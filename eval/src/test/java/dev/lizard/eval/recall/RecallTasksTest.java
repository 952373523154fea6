package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.eval.task.Tasks;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecallTasksTest {
    private static final Tokenizer BYTES = Tokenizing.bytes();

    @TempDir
    private Path folder;

    @AfterAll
    static void close() {
        BYTES.close();
    }

    private static List<String> names(String... asked) {
        return Tasks.builtIn().find(List.of(asked)).stream().map(Task::name).toList();
    }

    @Test
    void aSizeStandsBehindTheName() {
        assertThat(names("passkey@1000", "passkey", "s_niah_1@4K"))
                .containsExactly("passkey@1000", "passkey", "s_niah_1@4096");
        assertThat(names("needles@512")).contains("passkey@512", "multi_key_niah@512");
    }

    @Test
    void whatIsNoSizeIsRefusedInOneLine() {
        assertThatThrownBy(() -> names("passkey@0"))
                .hasMessage("bad size in --tasks: expected NAME@SIZE such as passkey@4096 but found 'passkey@0'; mend"
                        + " the size");
        assertThatThrownBy(() -> names("piqa@512"))
                .hasMessage(
                        "bad size in --tasks: expected a name without @, for piqa has one size but found 'piqa@512';"
                                + " leave the size out");
        assertThatThrownBy(() -> names("pasckey@512")).hasMessageContaining("the nearest names are passkey");
    }

    private Item only(String task, String file, String line) throws IOException {
        Files.writeString(folder.resolve(file), line + "\n");
        return Tasks.builtIn()
                .find(List.of(task))
                .getFirst()
                .items(new TaskSource(folder, BYTES, 1))
                .getFirst();
    }

    private static Request.Candidate asked(Item item) {
        return ((Request.Likelihoods) item.request()).candidates().getFirst();
    }

    @Test
    void filesOfTheFieldBecomeItems() throws IOException {
        Item babi = only("babi", "babi_qa1-3_test.jsonl", """
            {"task": "qa1", "story": ["Ada went home.", "Bo left."], "question": "Where is Ada?", "answer": "home"}\
            """);
        assertThat(asked(babi))
                .isEqualTo(new Request.Candidate("Ada went home. Bo left.\nQuestion: Where is Ada?\nAnswer:", " home"));
        assertThat(babi.traits()).isEqualTo(Map.of("subject", "qa1"));

        Item uuid = only("kv_uuid_75", "kv-retrieval-75_keys.jsonl", """
            {"ordered_kv_records": [["a", "1"], ["b", "2"], ["c", "3"]], "key": "b", "value": "2"}\
            """);
        assertThat(asked(uuid))
                .isEqualTo(new Request.Candidate(
                        "JSON object with keys and values:\n{\n  \"a\": \"1\",\n  \"b\": \"2\",\n  \"c\": \"3\"\n}\n\n"
                                + "Key: \"b\"\nCorresponding value:",
                        " \"2\""));
        assertThat(uuid.traits()).isEqualTo(Map.of("pairs", "3", "depth", "0.50"));

        Item line = only("longeval_lines_300", "longeval_lines_300.jsonl", """
            {"random_idx": ["shy-hat", 2], "expected_number": 77, "num_lines": 3, "prompt": "Lines. I need it. "}\
            """);
        assertThat(asked(line))
                .isEqualTo(
                        new Request.Candidate("Lines. I need it.\nThe <REGISTER_CONTENT> in line shy-hat is <", "77>"));
        assertThat(line.traits()).isEqualTo(Map.of("lines", "3", "depth", "1.00"));
    }

    @Test
    void needlesAreHiddenInTheUsersTextsWhereThereAreSome() throws IOException {
        Files.writeString(folder.resolve("own.md"), "Zebras gallop over the plain. They rest at noon. ".repeat(80));
        Item item = Tasks.builtIn()
                .find(List.of("s_niah_2@900"))
                .getFirst()
                .items(new TaskSource(folder, BYTES, 1))
                .getFirst();
        assertThat(asked(item).prompt()).contains("Zebras gallop over the plain. They rest at noon.");
        assertThat(item.traits()).containsEntry("haystack", "book");
    }
}
