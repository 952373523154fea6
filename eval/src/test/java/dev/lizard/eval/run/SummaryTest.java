package dev.lizard.eval.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.lizard.eval.result.ChoiceShare;
import dev.lizard.eval.result.Comparison;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.TaskEffort;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Task;
import dev.lizard.eval.task.TaskSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SummaryTest {
    private static final Measure PERPLEXITY = new Measure("perplexity", Measure.Summary.PERPLEXITY, false);

    /** A task of these measures, without items. */
    private record Measured(String name, List<Measure> measures, Optional<String> parts) implements Task {
        Measured(String name, List<Measure> measures) {
            this(name, measures, Optional.empty());
        }

        @Override
        public String about() {
            return "";
        }

        @Override
        public List<String> groups() {
            return List.of();
        }

        @Override
        public List<Item> items(TaskSource source) {
            return List.of();
        }
    }

    private static final Task TASK = new Measured("t", List.of(Measure.ACCURACY, PERPLEXITY));

    private static ItemResult item(int id, Map<String, String> traits, Map<String, Item.Value> values) {
        return new ItemResult(Integer.toString(id), traits, 3, id == 0, values, null, null);
    }

    private static TaskOutcome outcome(String model, double... hits) {
        List<ItemResult> items = new ArrayList<>();
        for (int i = 0; i < hits.length; i++) {
            items.add(item(
                    i,
                    Map.of("length", i < 2 ? "1K" : "2K", "depth", "0." + i % 2),
                    Map.of("acc", Item.Value.of(hits[i]))));
        }
        return new TaskOutcome(model, TASK, items, 2.5, 70);
    }

    @Test
    void aMeanHasTheErrorOfItsSample() {
        List<TaskScore> scores = new Summary(0).scores(outcome("m", 1, 0, 1, 1));
        assertThat(scores).hasSize(1); // no item has a perplexity
        TaskScore score = scores.getFirst();
        assertThat(score.value()).isEqualTo(0.75);
        assertThat(score.stderr()).isCloseTo(0.25, within(1e-12)); // √(0.25 / 4), the sample variance being 0.25
        assertThat(score.n()).isEqualTo(4);
        assertThat(new Summary(0).scores(outcome("m", 1)).getFirst().stderr()).isNull();
    }

    @Test
    void partsCountAlikeInTheirMean() {
        Task subjects = new Measured("mmlu", List.of(Measure.ACCURACY), Optional.of("subject"));
        List<ItemResult> items = new ArrayList<>();
        for (double hit : new double[] {1, 1, 0, 1}) {
            items.add(item(items.size(), Map.of("subject", "law"), Map.of("acc", Item.Value.of(hit))));
        }
        for (double hit : new double[] {0, 1}) {
            items.add(item(items.size(), Map.of("subject", "music"), Map.of("acc", Item.Value.of(hit))));
        }
        List<TaskScore> scores = new Summary(0).scores(new TaskOutcome("m", subjects, items, 1, 1));
        assertThat(scores).hasSize(2);
        assertThat(scores.getFirst().value()).isCloseTo(4 / 6.0, within(1e-12));
        TaskScore macro = scores.getLast();
        assertThat(macro.metric()).isEqualTo("acc_macro");
        assertThat(macro.value()).isCloseTo((0.75 + 0.5) / 2, within(1e-12));
        assertThat(macro.stderr()).isCloseTo(Math.sqrt(0.25 / 4 + 0.5 / 2) / 2, within(1e-12));
        assertThat(macro.n()).isEqualTo(2);
        List<ItemResult> alone = items.subList(0, 4);
        assertThat(new Summary(0).scores(new TaskOutcome("m", subjects, alone, 1, 1)))
                .hasSize(1);
    }

    @Test
    void aPerplexityHasTheErrorOfBootstrapSamplesThatFollowFromTheSeed() {
        List<ItemResult> items = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            items.add(item(i, Map.of(), Map.of("perplexity", new Item.Value(-(1 + i % 3), 1))));
        }
        TaskOutcome outcome = new TaskOutcome("m", TASK, items, 0, 0);
        TaskScore score = new Summary(1).scores(outcome).getFirst();
        double mean = items.stream()
                        .mapToDouble(item -> -item.values().get("perplexity").sum())
                        .sum()
                / 200;
        assertThat(score.value()).isCloseTo(Math.exp(mean), within(1e-9));
        // The delta method: exp(mean) · s / √n with s = √(2/3).
        assertThat(score.stderr()).isCloseTo(Math.exp(mean) * Math.sqrt(2.0 / 3 / 200), within(0.03));
        assertThat(new Summary(1).scores(outcome).getFirst().stderr()).isEqualTo(score.stderr());
        assertThat(new Summary(2).scores(outcome).getFirst().stderr()).isNotEqualTo(score.stderr());
    }

    @Test
    void scoresAreAlsoToldByEachTraitAndByAllTogether() {
        Findings found = new Findings("t");
        new Summary(0).addTo(found, List.of(outcome("m", 1, 0, 1, 1)));
        assertThat(found.traits)
                .extracting(score -> score.traits() + " " + score.value() + " " + score.n())
                .containsExactlyInAnyOrder(
                        Map.of("length", "1K") + " 0.5 2",
                        Map.of("length", "2K") + " 1.0 2",
                        Map.of("depth", "0.0") + " 1.0 2",
                        Map.of("depth", "0.1") + " 0.5 2",
                        Map.of("length", "1K", "depth", "0.0") + " 1.0 1",
                        Map.of("length", "1K", "depth", "0.1") + " 0.0 1",
                        Map.of("length", "2K", "depth", "0.0") + " 1.0 1",
                        Map.of("length", "2K", "depth", "0.1") + " 1.0 1");
        assertThat(found.efforts).containsExactly(new TaskEffort("m", "t", 4, 1, 70, 2.5));
    }

    @Test
    void modelsAreComparedWithTheFirstOnTheSameItems() {
        double[] first = new double[100];
        double[] second = new double[100];
        for (int i = 0; i < 100; i++) {
            first[i] = i % 2;
            second[i] = i % 2 == 1 || i % 10 == 0 ? 1 : 0; // the same and ten more
        }
        Findings found = new Findings("t");
        new Summary(0).addTo(found, List.of(outcome("a", first), outcome("b", second)));
        assertThat(found.comparisons).hasSize(1);
        Comparison comparison = found.comparisons.getFirst();
        assertThat(comparison.model()).isEqualTo("b");
        assertThat(comparison.baseline()).isEqualTo("a");
        assertThat(comparison.difference()).isCloseTo(0.1, within(1e-12));
        assertThat(comparison.low()).isBetween(0.03, 0.06); // pairs agree but for ten: ± 1.96 · 0.03
        assertThat(comparison.high()).isBetween(0.14, 0.18);
        assertThat(comparison.higherIsBetter()).isTrue();
        assertThat(comparison.n()).isEqualTo(100);
    }

    @Test
    void lettersArePickedAsOftenAsTheItemsSay() {
        List<ItemResult> items = List.of(
                item(0, Map.of(), letters(1, 0, 0, 1)),
                item(1, Map.of(), letters(1, 0, 1, 0)),
                item(2, Map.of(), letters(0, 1, 1, 0)),
                item(3, Map.of(), letters(1, 0, 1, 0)));
        Findings found = new Findings("t");
        new Summary(0).addTo(found, List.of(new TaskOutcome("m", TASK, items, 0, 0)));
        assertThat(found.choices)
                .containsExactlyInAnyOrder(
                        new ChoiceShare("m", "t", "A", 0.75, 0.75, 4), new ChoiceShare("m", "t", "B", 0.25, 0.25, 4));
    }

    private static Map<String, Item.Value> letters(double pickedA, double pickedB, double rightA, double rightB) {
        return Map.of(
                Task.PICKED + "A", Item.Value.of(pickedA),
                Task.PICKED + "B", Item.Value.of(pickedB),
                Task.RIGHT + "A", Item.Value.of(rightA),
                Task.RIGHT + "B", Item.Value.of(rightB));
    }
}
