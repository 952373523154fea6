package dev.lizard.eval.recall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lizard.eval.result.Bucket;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.PositionCurve;
import dev.lizard.eval.result.RecallCell;
import dev.lizard.eval.run.ItemResult;
import dev.lizard.eval.run.TaskOutcome;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Task;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RecallFindingsTest {
    private static ItemResult item(String id, Map<String, String> traits, Map<String, Item.Value> values) {
        return new ItemResult(id, traits, 0, false, values, null, null);
    }

    private static Findings found(Task task, List<ItemResult> items) {
        Findings found = new Findings("t");
        RecallFindings.add(found, new TaskOutcome("m", task, items, 0, 0));
        return found;
    }

    @Test
    void itemsOfOnePlaceBecomeACell() {
        Map<String, Item.Value> right = Map.of("exact", Item.Value.of(1), "digits", new Item.Value(6, 6));
        Map<String, Item.Value> half = Map.of("exact", Item.Value.of(0), "digits", new Item.Value(3, 6));
        List<ItemResult> items = List.of(
                item("a", Map.of("length", "512", "depth", "0.50", "haystack", "book"), right),
                item("b", Map.of("length", "512", "depth", "0.50", "haystack", "filler"), half),
                item("c", Map.of("length", "512", "depth", "0.00"), half));
        Task task = new NeedleTask(NeedleTask.Kind.PASSKEY, Answering.FED, 512);
        assertThat(found(task, items).recallGrids)
                .containsExactly(
                        new RecallCell("m", "passkey", 512, "tokens", 0.0, "exact", 0, 1),
                        new RecallCell("m", "passkey", 512, "tokens", 0.5, "exact", 0.5, 2),
                        new RecallCell("m", "passkey", 512, "tokens", 0.0, "digits", 0.5, 1),
                        new RecallCell("m", "passkey", 512, "tokens", 0.5, "digits", 0.75, 2));
    }

    @Test
    void likelihoodsByPositionBecomeCurves() {
        Map<String, Item.Value> first = Map.of(
                "nll_0_128", new Item.Value(254, 127),
                "nll_128_200", new Item.Value(72, 72),
                "nll_repeated_128_200", new Item.Value(10, 20));
        Findings found = found(
                new PositionTask(200),
                List.of(item("0", Map.of(), first), item("1", Map.of(), Map.of("nll_0_128", new Item.Value(0, 127)))));
        assertThat(found.positions)
                .containsExactly(
                        new PositionCurve("m", "nll", List.of(new Bucket(0, 128, 1, 254), new Bucket(128, 200, 1, 72))),
                        new PositionCurve("m", "nll_repeated", List.of(new Bucket(128, 200, 0.5, 20))));
        assertThat(found.recallGrids).isEmpty();
    }
}
