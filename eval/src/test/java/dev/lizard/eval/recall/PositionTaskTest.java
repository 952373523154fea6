package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lizard.eval.task.Answer;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Request;
import dev.lizard.eval.task.TaskSource;
import dev.lizard.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PositionTaskTest {
    @TempDir
    private Path folder;

    /** 1 2 3 and 2 3 4 come again; 3 4 1 and 4 1 2 do not; 3 4 5 differs in its last token. */
    @Test
    void aTokenIsRepeatedWhereItsNGramWasThereBefore() {
        int[] ids = {1, 2, 3, 4, 1, 2, 3, 4, 5};
        assertThat(Repeats.of(ids, 3)).containsExactly(false, false, false, false, false, false, true, true, false);
        assertThat(Repeats.of(ids, 2)).containsExactly(false, false, false, false, false, true, true, true, false);
        assertThat(Repeats.of(ids, 1)).containsExactly(false, false, false, false, true, true, true, true, false);
        assertThat(Repeats.of(new int[] {7}, 3)).containsExactly(false);
    }

    @Test
    void rangesDoubleToTheEnd() {
        assertThat(new PositionTask(1000).ranges())
                .containsExactly(
                        new PositionTask.Range(0, 128),
                        new PositionTask.Range(128, 256),
                        new PositionTask.Range(256, 512),
                        new PositionTask.Range(512, 1000));
        assertThat(new PositionTask(64).measures())
                .extracting(Measure::name)
                .containsExactly("nll_0_64", "nll_repeated_0_64", "nll_first_seen_0_64");
    }

    @Test
    void likelihoodsAreSummedByPositionAndApart() throws IOException {
        Files.writeString(folder.resolve("own.txt"), "abcabc. ".repeat(100));
        try (Tokenizer bytes = Tokenizing.bytes()) {
            PositionTask task = new PositionTask(200);
            List<Item> items = task.items(new TaskSource(folder, bytes, 1));
            assertThat(items).hasSize(20);
            Item item = items.get(2);
            List<Integer> ids = ((Request.Tokens) item.request()).ids();
            assertThat(ids).hasSize(200).startsWith((int) 'a', (int) 'b', (int) 'c', (int) 'a');
            List<Float> nll = new ArrayList<>();
            for (int t = 1; t < 200; t++) {
                nll.add((float) t);
            }
            Map<String, Item.Value> values = item.judge().judge(new Answer.Rolling(nll));
            // "abcabc. ": the 3-grams that end at 2 to 9 are new but for abc at 5; from 10 on all are old
            assertThat(values.get("nll_0_128")).isEqualTo(new Item.Value(127 * 128 / 2.0, 127));
            assertThat(values.get("nll_first_seen_0_128")).isEqualTo(new Item.Value(9 * 10 / 2.0 - 5, 8));
            assertThat(values.get("nll_repeated_0_128")).isEqualTo(new Item.Value(127 * 128 / 2.0 - 40, 119));
            assertThat(values.get("nll_128_200")).isEqualTo(new Item.Value(199 * 200 / 2.0 - 127 * 128 / 2.0, 72));
            assertThat(values).doesNotContainKey("nll_first_seen_128_200");
        }
    }

    @Test
    void aTextOfOneTokenIsRefused() {
        assertThatThrownBy(() -> new PositionTask().at(1))
                .hasMessageContaining("expected 2 or more tokens but found 1");
    }
}
