package dev.lizard.eval.run;

import dev.lizard.eval.recall.RecallFindings;
import dev.lizard.eval.result.ChoiceShare;
import dev.lizard.eval.result.Comparison;
import dev.lizard.eval.result.Findings;
import dev.lizard.eval.result.TaskEffort;
import dev.lizard.eval.result.TaskScore;
import dev.lizard.eval.result.TraitScore;
import dev.lizard.eval.task.Item;
import dev.lizard.eval.task.Measure;
import dev.lizard.eval.task.Task;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Values of items as numbers of results: of all items, of those with a trait in common, of two models on the same items.
 * A mean of items that count alike has the standard error s / √n with the sample deviation s; whatever else has that of
 * bootstrap samples.
 */
public final class Summary {
    /** Ends the name of a mean over parts. */
    private static final String MACRO = "_macro";

    private final long seed;

    /** @param seed of bootstrap samples */
    public Summary(long seed) {
        this.seed = seed;
    }

    /** The scores of an outcome, in the order of the task's measures. Measures without any value are left out. */
    public List<TaskScore> scores(TaskOutcome outcome) {
        List<TaskScore> scores = new ArrayList<>();
        for (Measure measure : outcome.task().measures()) {
            List<Item.Value> values = values(outcome.items(), measure.name());
            if (!values.isEmpty()) {
                scores.add(new TaskScore(
                        outcome.model(),
                        outcome.task().name(),
                        measure.name(),
                        measure.of(values),
                        error(measure, values),
                        values.size()));
                outcome.task().parts().ifPresent(trait -> scores.addAll(macro(outcome, measure, trait)));
            }
        }
        return scores;
    }

    /** The mean of the means of parts, as of MMLU's subjects, where there are several. */
    private List<TaskScore> macro(TaskOutcome outcome, Measure measure, String trait) {
        Map<String, List<ItemResult>> parts = new LinkedHashMap<>();
        for (ItemResult item : outcome.items()) {
            String part = item.traits().get(trait);
            if (part != null) {
                parts.computeIfAbsent(part, each -> new ArrayList<>()).add(item);
            }
        }
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (List<ItemResult> items : parts.values()) {
            List<Item.Value> values = values(items, measure.name());
            if (!values.isEmpty()) {
                Double error = error(measure, values);
                sum += measure.of(values);
                squares += error == null ? Double.NaN : error * error;
                count++;
            }
        }
        Double error = Double.isNaN(squares) ? null : Math.sqrt(squares) / count;
        return count < 2
                ? List.of()
                : List.of(new TaskScore(
                        outcome.model(), outcome.task().name(), measure.name() + MACRO, sum / count, error, count));
    }

    /** Adds all that outcomes say; models are compared with the first. */
    public void addTo(Findings found, List<TaskOutcome> outcomes) {
        for (TaskOutcome outcome : outcomes) {
            found.tasks.addAll(scores(outcome));
            found.traits.addAll(traits(outcome));
            found.choices.addAll(choices(outcome));
            RecallFindings.add(found, outcome);
            if (outcome.read() > 0) { // what an earlier run took stays where this one only looked it up
                found.efforts.add(new TaskEffort(
                        outcome.model(),
                        outcome.task().name(),
                        outcome.items().size(),
                        outcome.beyond(),
                        outcome.read(),
                        outcome.seconds()));
            }
            for (TaskOutcome first : outcomes) {
                if (first.model().equals(outcomes.getFirst().model())
                        && !first.model().equals(outcome.model())
                        && first.task().name().equals(outcome.task().name())) {
                    found.comparisons.addAll(comparisons(outcome, first));
                }
            }
        }
    }

    private static List<Item.Value> values(List<ItemResult> items, String name) {
        List<Item.Value> values = new ArrayList<>();
        for (ItemResult item : items) {
            Item.Value value = item.values().get(name);
            if (value != null) {
                values.add(value);
            }
        }
        return values;
    }

    private @Nullable Double error(Measure measure, List<Item.Value> values) {
        int count = values.size();
        if (count < 2) {
            return null;
        }
        boolean alike = values.stream().allMatch(value -> value.weight() == 1);
        if (measure.summary() != Measure.Summary.MEAN || !alike) {
            return Bootstrap.deviation(measure, values, seed);
        }
        double mean = measure.of(values);
        double squares = values.stream()
                .mapToDouble(value -> (value.sum() - mean) * (value.sum() - mean))
                .sum();
        return Math.sqrt(squares / (count - 1) / count);
    }

    /** By each trait, and by all of them where there are several. */
    private List<TraitScore> traits(TaskOutcome outcome) {
        Map<Map<String, String>, List<ItemResult>> groups = new LinkedHashMap<>();
        for (ItemResult item : outcome.items()) {
            Set<Map<String, String>> parts = new LinkedHashSet<>();
            item.traits().forEach((name, value) -> parts.add(Map.of(name, value)));
            if (!item.traits().isEmpty()) {
                parts.add(item.traits());
            }
            parts.forEach(part ->
                    groups.computeIfAbsent(part, each -> new ArrayList<>()).add(item));
        }
        List<TraitScore> scores = new ArrayList<>();
        groups.forEach((part, items) -> {
            for (Measure measure : outcome.task().measures()) {
                List<Item.Value> values = values(items, measure.name());
                if (!values.isEmpty()) {
                    scores.add(new TraitScore(
                            outcome.model(),
                            outcome.task().name(),
                            measure.name(),
                            part,
                            measure.of(values),
                            error(measure, values),
                            values.size()));
                }
            }
        });
        return scores;
    }

    private static List<ChoiceShare> choices(TaskOutcome outcome) {
        Set<String> names = new LinkedHashSet<>();
        outcome.items()
                .forEach(item -> item.values().keySet().stream()
                        .filter(name -> name.startsWith(Task.PICKED))
                        .forEach(name -> names.add(name.substring(Task.PICKED.length()))));
        List<ChoiceShare> shares = new ArrayList<>();
        for (String name : names) {
            List<Item.Value> picked = values(outcome.items(), Task.PICKED + name);
            List<Item.Value> right = values(outcome.items(), Task.RIGHT + name);
            shares.add(new ChoiceShare(
                    outcome.model(), outcome.task().name(), name, mean(picked), mean(right), picked.size()));
        }
        return shares;
    }

    private static double mean(List<Item.Value> values) {
        return values.stream().mapToDouble(Item.Value::sum).average().orElse(0);
    }

    private List<Comparison> comparisons(TaskOutcome mine, TaskOutcome baseline) {
        Map<String, ItemResult> others = new HashMap<>();
        baseline.items().forEach(item -> others.put(item.id(), item));
        List<Comparison> comparisons = new ArrayList<>();
        for (Measure measure : mine.task().measures()) {
            List<Item.Value> a = new ArrayList<>();
            List<Item.Value> b = new ArrayList<>();
            for (ItemResult item : mine.items()) {
                ItemResult other = others.get(item.id());
                Item.Value value = item.values().get(measure.name());
                Item.Value its = other == null ? null : other.values().get(measure.name());
                if (value != null && its != null) {
                    a.add(value);
                    b.add(its);
                }
            }
            if (!a.isEmpty()) {
                Bootstrap.Spread spread = Bootstrap.difference(measure, a, b, seed);
                comparisons.add(new Comparison(
                        mine.task().name(),
                        measure.name(),
                        mine.model(),
                        baseline.model(),
                        measure.of(a) - measure.of(b),
                        spread.low(),
                        spread.high(),
                        measure.higherIsBetter(),
                        a.size()));
            }
        }
        return comparisons;
    }
}
