package dev.lizard.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TasksTest {
    private static final Tasks TASKS = Tasks.builtIn();

    private static List<String> names(String... asked) {
        return TASKS.find(List.of(asked)).stream().map(Task::name).toList();
    }

    @Test
    void groupsStandForTheirTasksAndNothingIsAskedTwice() {
        assertThat(names("arc_easy", "zero-shot"))
                .startsWith("arc_easy", "piqa", "arc_challenge", "hellaswag", "winogrande")
                .doesNotHaveDuplicates();
        assertThat(names("perplexity")).contains("wikitext2_2048", "books_heldout_8192");
    }

    @Test
    void anUnknownNameIsRefusedWithTheNearest() {
        assertThatThrownBy(() -> names("hellaswg"))
                .hasMessageStartingWith(
                        "unknown task in --tasks: expected a task, a group of them or a .yaml file but found"
                                + " 'hellaswg'; the nearest names are hellaswag, ");
        assertThatThrownBy(() -> names("zeroshot")).hasMessageContaining("the nearest names are zero-shot, ");
        assertThatThrownBy(() -> names("missing.yaml")).hasMessageContaining("no such file: missing.yaml");
    }

    @Test
    void twoOfOneNameAreRefused(@TempDir Path folder) throws IOException {
        Path mine = Files.writeString(folder.resolve("piqa.yaml"), "like: piqa\nabout: mine\n");
        assertThatThrownBy(() -> names("piqa", mine.toString()))
                .hasMessage(
                        "two tasks of one name in --tasks: expected each once but found 'piqa' twice; rename the file");
    }

    /** A file that is in no list would never be found. */
    @Test
    void everyTaskFileIsListed() throws Exception {
        Path folder =
                Path.of(Objects.requireNonNull(Task.class.getResource("tasks")).toURI());
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString().replace(".yaml", "")))
                    .containsExactlyInAnyOrderElementsOf(TaskFiles.names());
        }
    }
}
